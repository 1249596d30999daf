"""What conversations need in a function's container, for the handlers that need no more of the messenger."""

from functools import cache

from cyphr.foundation.aws import mail_client
from cyphr.foundation.errors import InvalidInput
from cyphr.messenger.accounts.mail import SesMail
from cyphr.messenger.core import Core, build_core
from cyphr.messenger.lambdas.container import metrics, run, settings


@cache
def mail() -> SesMail:
    """Mail through SES. Raises InvalidInput without an address to send from."""
    sender = settings().mail_from
    if sender is None:
        raise InvalidInput("CYPHR_MAIL_FROM is not set: name an address that SES may send from")
    return SesMail(mail_client(settings().aws), sender)


@cache
def core() -> Core:
    """Built once, with its databases open; what a process does beside requests has functions of its own."""
    built = build_core(settings(), mail(), metrics=metrics())
    run(built.switchboard.open())
    return built
