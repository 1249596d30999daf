"""The messenger as the one-machine stack runs it: mail and pushes are shown in pages, public objects have addresses.

    python -m cyphr.embedded.server --port 8080      settings from the environment (CYPHR_…)
    … --api http://…                                 only what stands before the functions that answer there

Exit code 0 after SIGTERM, 1 when it could not start; why is in its log, on stderr.
"""

import argparse
import gc
import sys

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from cyphr.embedded.front import create_front
from cyphr.embedded.gateway import Gateway
from cyphr.embedded.mailbox import AllMail, Letters, Mailbox, SentMail, mailbox_router
from cyphr.embedded.pushes import PushInbox
from cyphr.foundation.errors import CyphrError
from cyphr.foundation.secrets import with_secrets
from cyphr.foundation.settings import MessengerSettings
from cyphr.foundation.telemetry import configure_logging
from cyphr.messenger.core import sns_channel
from cyphr.messenger.http import SERVER_OPTIONS, create_app

_OBJECTS_BETWEEN_COLLECTIONS = 20_000


def build(settings: MessengerSettings) -> FastAPI:
    """The messenger with the stack's own routes."""
    mailbox, pushes = Mailbox(), PushInbox(sns_channel(settings))
    shown: Letters = mailbox
    if settings.cognito is not None and settings.aws.endpoint_url is not None:
        shown = AllMail(mailbox, SentMail(settings.aws.endpoint_url))
    extra = [mailbox_router(shown), pushes.router()]
    if settings.files_aws_bucket is not None:
        extra.append(Gateway(settings.aws, files_bucket=settings.files_aws_bucket).router())
    return create_app(settings, mail=mailbox, channel=pushes, extra=extra)


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True, help="TCP port of 127.0.0.1 to listen on")
    parser.add_argument("--api", help="base URL of the HTTP API of the messenger's functions")
    given = parser.parse_args()
    port: int = given.port
    configure_logging()
    try:
        settings = with_secrets(MessengerSettings())
        app = build(settings) if given.api is None else create_front(settings, given.api)
    except (ValidationError, CyphrError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - stderr is this process's log
        return 1
    # What is there now stays: the collector need not look at it again, nor look for garbage after every few messages.
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    uvicorn.run(app, host="127.0.0.1", port=port, **SERVER_OPTIONS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
