"""Builds what the servers of a deployment share: the table of connections, and the ways to each other.

Apart from ``app.py``, because functions that need nothing else must not import the rest.
"""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from cyphr.foundation.aws import PARALLEL_CALLS, queue_client, table_client
from cyphr.foundation.errors import CyphrError, InvalidInput
from cyphr.foundation.sealing import Sealer
from cyphr.foundation.settings import MessengerSettings, RealtimeSettings
from cyphr.messenger.messages.postman import Postman
from cyphr.messenger.realtime.delivery import Delivery, FanOutQueue
from cyphr.messenger.realtime.gateway import Gateway
from cyphr.messenger.realtime.later import Later, Moved
from cyphr.messenger.realtime.processes import Processes, Seal
from cyphr.messenger.realtime.table import ConnectionTable
from cyphr.messenger.sessions.keys import SigningKey, VerifyingKey, parse_verifying_keys

_SETTLED_SECONDS = 3
_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Shared:
    """What reaches connections wherever they are."""

    settings: RealtimeSettings

    table: ConnectionTable
    gateway: Gateway
    processes: Processes
    queue: FanOutQueue | None
    later: Later | None
    seal: Seal
    threads: Executor

    async def ask_about(self, user_id: UUID, at: datetime) -> None:
        """Have somebody whose connection began or ended looked at, when they may have come back. Never raises."""
        if self.later is not None:
            await self.later.ask(Moved(user_id=user_id, at=at), after=_SETTLED_SECONDS)

    async def check(self) -> dict[str, str]:
        """What of it answers now: ``ok``, or why not. Without it messages are stored and sent, only later."""
        asked: dict[str, Awaitable[object]] = {"connections": self.table.find("readiness")}
        if self.queue is not None:
            asked["fan_out_queue"] = self.queue.check()
        if self.later is not None:
            asked["later_queue"] = self.later.check()
        return dict(zip(asked, await asyncio.gather(*map(_outcome, asked.values())), strict=True))

    def delivery(self) -> Delivery:
        """The postman of a function: it holds no connection itself."""
        return self.delivery_beside(None, None)

    def delivery_beside(self, own: Postman | None, own_endpoint: str | None) -> Delivery:
        """The postman of a process, whose own connections ``own`` delivers to."""
        return Delivery(
            self.table,
            self.gateway,
            self.processes,
            queue=self.queue,
            most_at_once=self.settings.most_at_once,
            own=own,
            own_endpoint=own_endpoint,
        )


async def _outcome(asked: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await asked
    except TimeoutError:
        return f"no answer within {_PATIENCE_SECONDS:g} s"
    except CyphrError as error:
        return error.message
    return "ok"


def build_shared(settings: MessengerSettings, root: SigningKey) -> Shared:
    """Wire it. ``root``: what secrets are derived from. Raises InvalidInput without a table."""
    realtime = settings.realtime
    if realtime.table is None:
        raise InvalidInput("CYPHR_REALTIME__TABLE is not set: name the DynamoDB table of connections")
    threads = ThreadPoolExecutor(PARALLEL_CALLS, thread_name_prefix="aws")
    queue, later = None, None
    if realtime.fan_out_queue is not None:
        queue = FanOutQueue(queue_client(settings.aws), realtime.fan_out_queue, threads)
    if realtime.later_queue is not None:
        later = Later(queue_client(settings.aws), realtime.later_queue, threads)
    seal = Seal(root.derive("connections"))
    return Shared(
        settings=realtime,
        table=ConnectionTable(table_client(settings.aws), realtime.table, threads),
        gateway=Gateway(settings.aws, threads),
        processes=Processes(seal, threads),
        queue=queue,
        later=later,
        seal=seal,
        threads=threads,
    )


def factor_sealer(settings: MessengerSettings, root: SigningKey) -> Sealer:
    """What seals authenticators' secrets, with a key of its own or one derived from ``root``. Raises InvalidInput."""
    given = _read_key(settings, "factor_key")
    return Sealer(root.derive("second factors")) if given is None else Sealer.parse(given[0].decode(errors="replace"))


def signing_key(settings: MessengerSettings) -> SigningKey:
    """The key that signs access tokens. Raises InvalidInput when it cannot be read."""
    given = _read_key(settings, "token_key")
    if given is None:
        raise InvalidInput("there is no token key; give CYPHR_TOKEN_KEY_FILE or CYPHR_TOKEN_KEY_SECRET")
    return SigningKey.parse(*given)


def root_key(settings: MessengerSettings) -> SigningKey:
    """The key that other secrets are derived from: the one that signs, unless another is given. Raises InvalidInput."""
    given = _read_key(settings, "root_key")
    return signing_key(settings) if given is None else SigningKey.parse(*given)


def accepted_keys(settings: MessengerSettings) -> list[VerifyingKey]:
    """The keys that access tokens may be signed with beside the one that signs. Raises InvalidInput."""
    given = _read_key(settings, "accepted_token_keys")
    return [] if given is None else parse_verifying_keys(*given)


def _read_key(settings: MessengerSettings, name: str) -> tuple[bytes, str] | None:
    """A key and where it is given; None: nowhere. Raises InvalidInput when it cannot be read."""
    value: SecretStr | None = getattr(settings, name)
    path: Path | None = getattr(settings, f"{name}_file")
    if value is not None:
        return value.get_secret_value().encode(), f"CYPHR_{name.upper()}"
    if path is not None:
        try:
            return path.read_bytes(), f"CYPHR_{name.upper()}_FILE {path}"
        except OSError as error:
            raise InvalidInput(f"CYPHR_{name.upper()}_FILE {path} cannot be read: {error.strerror}") from error
    if (named := getattr(settings, f"{name}_secret")) is not None:
        raise InvalidInput(f"the secret {named} was not read; foundation.secrets does, at the edge")
    return None
