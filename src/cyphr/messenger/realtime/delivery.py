"""The postman that knows every server's connections: its own directly, the others through the table."""

import asyncio
import logging
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from cyphr.foundation.errors import Unavailable
from cyphr.messenger.messages.postman import Event, EventKind, Postman
from cyphr.messenger.realtime.gateway import Gateway, Outcome
from cyphr.messenger.realtime.processes import SCHEME, Processes
from cyphr.messenger.realtime.table import ConnectionTable, Place, chunks

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_logger = logging.getLogger(__name__)

_MOST_WAITING = 1000
_MOST_TOGETHER = 100
_GATHER_SECONDS = 0.05
"""So much later than here an event may reach other servers: what came meanwhile shares one look into the table."""


class Round(BaseModel):
    """An event and some of the connections that it goes to."""

    event: Event
    places: list[Place]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """An event and whom it is for."""

    event: Event
    people: frozenset[UUID]
    except_for: UUID | None


class FanOut(Protocol):
    """Where rounds wait that are too many for the server which stored the message."""

    async def put(self, rounds: Iterable[Round]) -> None: ...


class FanOutQueue:
    """An SQS queue of rounds."""

    def __init__(self, client: "SQSClient", url: str, threads: Executor) -> None:
        self._client = client
        self._url = url
        self._threads = threads

    async def put(self, rounds: Iterable[Round]) -> None:
        """Queue all of them. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        calls = [
            partial(self._client.send_message, QueueUrl=self._url, MessageBody=one.model_dump_json()) for one in rounds
        ]
        try:
            await asyncio.gather(*(loop.run_in_executor(self._threads, call) for call in calls))
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"SQS does not take the event: {error}") from error

    async def check(self) -> None:
        """Whether the queue answers. Raises Unavailable."""
        call = partial(self._client.get_queue_attributes, QueueUrl=self._url, AttributeNames=["QueueArn"])
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"SQS does not answer: {error}") from error


class Delivery:
    """Delivers to whoever is connected, anywhere; see ``messages.postman.Postman``.

    It never fails its caller: what it could not deliver is stored, and the next resume brings it.
    """

    def __init__(
        self,
        table: ConnectionTable,
        gateway: Gateway,
        processes: Processes,
        *,
        queue: FanOut | None,
        most_at_once: int = 100,
        own: Postman | None = None,
        own_endpoint: str | None = None,
    ) -> None:
        """``most_at_once``: connections that an event is posted to without the queue, and in each round of it. ``own``:
        what delivers to the connections of this process, which are registered under ``own_endpoint``."""
        self._table = table
        self._gateway = gateway
        self._processes = processes
        self._queue = queue
        self._most_at_once = most_at_once
        self._own = own
        self._own_endpoint = own_endpoint
        self._waiting: list[_Parcel] = []
        self._sending: asyncio.Task[None] | None = None
        self._goes_on = False

    async def deliver(self, recipients: Collection[UUID], event: Event, *, except_for: UUID | None = None) -> None:
        parcel = _Parcel(event, frozenset(recipients), except_for)
        if self._own is not None:
            await self._own.deliver(parcel.people, event, except_for=except_for)
        if not self._goes_on:
            await self._send_off([parcel])
            return
        # Whoever sent it does not wait for servers elsewhere, as long as these keep up.
        self._waiting.append(parcel)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_waiting())
        if len(self._waiting) > _MOST_WAITING:
            await asyncio.wait([self._sending])

    async def run(self) -> None:
        """While it runs, senders do not wait for other servers. Not for functions, which stand still between frames."""
        self._goes_on = True
        try:
            await asyncio.Event().wait()
        finally:
            self._goes_on = False

    async def who_is_connected(self, people: Iterable[UUID]) -> frozenset[UUID]:
        """Those of ``people`` who have a connection on any server; see ``presence.service.Whereabouts``."""
        return frozenset(place.user_id for place in await self._table.list_places(set(people)))

    async def post(self, event: Event, places: Iterable[Place]) -> list[Place]:
        """Post to these connections and forget those that are gone; the ones to try again."""
        by_process: dict[str, list[Place]] = {}
        work: list[Awaitable[list[Place]]] = []
        for place in places:
            if place.endpoint.startswith(SCHEME):
                by_process.setdefault(place.endpoint, []).append(place)
            else:
                work.append(self._post_to_gateway(place, event))
        work += [self._post_to_process(endpoint, there, event) for endpoint, there in by_process.items()]
        return [place for left in await asyncio.gather(*work) for place in left]

    async def end_session(self, user_id: UUID, session_id: UUID, code: int) -> None:
        """Close the connections of a session that was revoked, on every server but this one."""
        try:
            await self.end_sessions({session_id: user_id}, code)
        except Unavailable as error:
            _logger.error("connections of a revoked session live until they are looked for: %s", error)

    async def end_sessions(self, ended: Mapping[UUID, UUID], code: int) -> int:
        """Close the connections of these sessions (by id: whose), on every server but this one; how many.

        Raises Unavailable.
        """
        places = [
            place
            for place in await self._table.list_places(set(ended.values()))
            if place.session_id in ended and place.endpoint != self._own_endpoint
        ]
        for place in places:
            await self.end(place, code)
        return len(places)

    async def end(self, place: Place, code: int) -> None:
        """Close one connection and forget it."""
        if place.endpoint.startswith(SCHEME):
            await self._processes.post(place.endpoint, [place.address], code=code)
        else:
            await self._gateway.end(place.endpoint, place.address, code)
        await self._table.remove(place.address)

    async def _send_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            parcels, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
            await self._send_off(parcels)

    async def _send_off(self, parcels: Sequence["_Parcel"]) -> None:
        """Ask once where all of these people are; then events of one chat go in order, several chats side by side."""
        by_chat: dict[UUID, list[_Parcel]] = {}
        for parcel in parcels:
            by_chat.setdefault(parcel.event.chat_id, []).append(parcel)
        try:
            places: dict[UUID, list[Place]] = {}
            for place in await self._table.list_places({user_id for parcel in parcels for user_id in parcel.people}):
                places.setdefault(place.user_id, []).append(place)
        except Unavailable as error:
            _logger.error("events were left to the next resume: %s", error)
        else:
            await asyncio.gather(*(self._send_in_order(some, places) for some in by_chat.values()))

    async def _send_in_order(self, parcels: Iterable["_Parcel"], places: Mapping[UUID, Sequence[Place]]) -> None:
        for parcel in parcels:
            there = [place for user_id in parcel.people for place in places.get(user_id, ())]
            there = [place for place in there if self._is_elsewhere(place, parcel.except_for)]
            try:
                if len(there) <= self._most_at_once or self._queue is None:
                    await self.post(parcel.event, there)
                elif parcel.event.kind is not EventKind.TYPING:
                    rounds = chunks(there, self._most_at_once)
                    await self._queue.put(Round(event=parcel.event, places=some) for some in rounds)
            except Unavailable as error:
                _logger.error("an event was left to the next resume: %s", error)

    def _is_elsewhere(self, place: Place, except_for: UUID | None) -> bool:
        return place.id != except_for and place.endpoint != self._own_endpoint

    async def _post_to_gateway(self, place: Place, event: Event) -> list[Place]:
        tries = 1 if event.kind is EventKind.TYPING else 4  # dropped first when there is too much
        outcome = await self._gateway.post(place.endpoint, place.address, event.text, tries=tries)
        if outcome is Outcome.GONE:
            await self._forget([place.address])
        return [place] if outcome is Outcome.LEFT and event.kind is not EventKind.TYPING else []

    async def _post_to_process(self, endpoint: str, places: Sequence[Place], event: Event) -> list[Place]:
        gone = await self._processes.post(endpoint, [place.address for place in places], event=event)
        await self._forget(gone)
        return []

    async def _forget(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            try:
                await self._table.remove(address)
            except Unavailable as error:  # it will be found gone again
                _logger.warning("a connection that is gone could not be forgotten: %s", error)
