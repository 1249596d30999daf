"""The whole messenger in a function's container, for the handlers that need all of it."""

from functools import cache

from cyphr.messenger.app import Messenger, build_messenger
from cyphr.messenger.lambdas.container import metrics, run, settings
from cyphr.messenger.lambdas.graph import mail


@cache
def messenger() -> Messenger:
    """Built once, with its databases open; what a process does beside requests has functions of its own."""
    built = build_messenger(settings(), mail(), metrics=metrics())
    run(built.switchboard.open())
    return built
