"""Sockets that another process of ours holds: events go to it over HTTP, signed with a key that all of them share."""

import asyncio
import hmac
import logging
from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from functools import partial

import urllib3
from pydantic import BaseModel, ValidationError

from cyphr.foundation.clock import now
from cyphr.foundation.errors import NotAuthenticated
from cyphr.messenger.messages.postman import Event

_logger = logging.getLogger(__name__)

PATH = "/@connections"
SIGNATURE = "x-cyphr-signature"
SCHEME = "process:"
"""Before the base URL in a connection's ``endpoint``: it is one of ours, not API Gateway."""

_BELIEVED_SECONDS = 60
_PATIENCE_SECONDS = 5.0


class Consignment(BaseModel):
    """For connections of one process: an event, or the code that they are to be closed with."""

    addresses: list[str]
    event: Event | None = None
    code: int | None = None


class Undelivered(BaseModel):
    """The addresses that are no longer there."""

    gone: list[str]


class Seal:
    """Signs what processes say to each other, and checks it. A signature is believed for a minute."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, body: bytes) -> str:
        """The header for ``body``."""
        moment = int(now().timestamp())
        return f"{moment},{self._digest(moment, body)}"

    def check(self, header: str, body: bytes) -> None:
        """Raises NotAuthenticated unless ``header`` was made for ``body`` with our key, lately."""
        moment, _, given = header.partition(",")
        fresh = moment.isdigit() and len(moment) < 12 and abs(now().timestamp() - int(moment)) <= _BELIEVED_SECONDS
        if not fresh or not hmac.compare_digest(given.encode(), self._digest(int(moment), body).encode()):
            raise NotAuthenticated("only the servers of this deployment may post to connections")

    def _digest(self, moment: int, body: bytes) -> str:
        return hmac.new(self._key, f"{moment}.".encode() + body, "sha256").hexdigest()


class Processes:
    """The other processes of this deployment."""

    def __init__(self, seal: Seal, threads: Executor) -> None:
        self._seal = seal
        self._threads = threads
        self._http = urllib3.PoolManager(maxsize=8, retries=False, timeout=_PATIENCE_SECONDS)

    async def post(
        self, endpoint: str, addresses: Sequence[str], *, event: Event | None = None, code: int | None = None
    ) -> Collection[str]:
        """Hand over an event, or end the connections; the addresses that are gone.

        A process that does not answer keeps its records: it may only be slow, and they run out by themselves.
        """
        body = Consignment(addresses=list(addresses), event=event, code=code).model_dump_json().encode()
        url = endpoint.removeprefix(SCHEME).rstrip("/") + PATH
        headers = {"content-type": "application/json", SIGNATURE: self._seal.sign(body)}
        call = partial(self._http.request, "POST", url, body=body, headers=headers)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, call)
            if answer.status == 200:
                return Undelivered.model_validate_json(answer.data).gone
            _logger.warning("%s answered %s", url, answer.status)
        except (urllib3.exceptions.HTTPError, ValidationError) as error:
            _logger.warning("%s cannot be reached: %s", url, error)
        return ()
