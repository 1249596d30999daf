"""The rules of presence: who hears that somebody came or went, and how often."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from cyphr.foundation.clock import monotonic, now
from cyphr.foundation.errors import CyphrError, NotFound, RateLimited
from cyphr.foundation.postgres import Transaction
from cyphr.foundation.queries import load_queries
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.postman import NO_CHAT, Event, EventKind, Postman, encode
from cyphr.messenger.presence.models import MemberPresence, Privacy
from cyphr.messenger.sessions.models import Identity

_queries = load_queries(__package__)
_logger = logging.getLogger(__name__)

MOST_OPEN = 4
"""Chats that one connection may have open at once."""
MOST_PEOPLE = 200
"""Members of a chat whose presence is told: so many fit a frame, and in a larger crowd nobody looks for one."""
_BELIEVED_SECONDS = 60.0


class Whereabouts(Protocol):
    """Knows every connection, on whichever server it is."""

    async def who_is_connected(self, people: Iterable[UUID]) -> frozenset[UUID]:
        """Those of ``people`` who have a connection now."""
        ...


class Watcher(Protocol):
    """A connection of this process."""

    @property
    def id(self) -> UUID: ...

    @property
    def identity(self) -> Identity: ...

    def push(self, event: Event) -> None: ...


@dataclass(frozen=True)
class Seen:
    """A member of a chat who shows it, and when they were last here."""

    user_id: UUID
    last_seen: datetime | None


@dataclass(eq=False)
class _Watch:
    """A chat that a connection has open, and of whom it is told."""

    watcher: Watcher
    chat_id: UUID
    people: frozenset[UUID] = frozenset()
    believed_until: float = 0.0


@dataclass
class _Told:
    """What was last said of somebody who is watched, and when."""

    online: bool
    at: float


@dataclass(frozen=True)
class _Move:
    """Somebody came or went: by the wall clock, and by the one that never jumps."""

    seen_at: datetime
    at: float


class Presence:
    """Tells open chats who is here, keeps when people were last seen, and what they show of it.

    Nothing is told at the moment it happens: a round every few seconds looks at who came and who went. So somebody who
    is back at once was never gone, a person is told of at most once in ``relay_seconds``, and any number of changes is
    one statement in the database.
    """

    def __init__(
        self, switchboard: Switchboard, postman: Postman, whereabouts: Whereabouts, *, relay_seconds: float
    ) -> None:
        self._switchboard = switchboard
        self._postman = postman
        self._whereabouts = whereabouts
        self._relay_seconds = relay_seconds
        self._watches: dict[UUID, dict[UUID, _Watch]] = {}
        self._opening: set[UUID] = set()
        self._told: dict[UUID, _Told] = {}
        self._moved: dict[UUID, _Move] = {}
        """Who came or went, and is not in the database yet."""

    # What people show.

    async def read_privacy(self, user_id: UUID) -> Privacy:
        """What this person shows."""

        async def work(transaction: Transaction) -> Privacy | None:
            return await transaction.fetch_one(Privacy, _queries.read_privacy, user_id=user_id)

        return await self._switchboard.unit_of_work(user_id, work) or Privacy()

    async def set_privacy(self, user_id: UUID, wanted: Privacy) -> Privacy:
        """Keep what this person shows, and tell their devices.

        What they hide is told nobody any more from now on, by other servers after a minute; what they show again is
        told when a chat is opened the next time.
        """

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _queries.set_privacy,
                last_seen=wanted.last_seen,
                picture=wanted.picture,
                read_receipts=wanted.read_receipts,
            )

        await self._switchboard.unit_of_work(user_id, work)
        for mine in self._watches.values():
            for watch in mine.values():
                if watch.watcher.identity.user_id == user_id or user_id in watch.people:
                    watch.believed_until = 0.0
        text = encode("me.settings", d={"privacy": wanted})
        await self._postman.deliver([user_id], Event(EventKind.PERSONAL, NO_CHAT, text))
        return wanted

    # What connections do.

    def connected(self, watcher: Watcher) -> None:
        """A connection has begun."""
        self.moved(watcher.identity.user_id, now())

    def gone(self, watcher: Watcher) -> None:
        """A connection has ended."""
        self._watches.pop(watcher.id, None)
        self.moved(watcher.identity.user_id, now())

    def moved(self, user_id: UUID, at: datetime) -> None:
        """A connection of this person has begun or ended: ``record`` is to look whether they are here."""
        self._moved[user_id] = _Move(at, monotonic())

    async def open(self, watcher: Watcher, chat_id: UUID) -> None:
        """Tell ``watcher`` who of the chat is here, and go on telling. Raises NotFound, or RateLimited when that is one
        chat too many.
        """
        mine = self._watches.setdefault(watcher.id, {})
        if chat_id in mine:
            return
        if len(mine) >= MOST_OPEN or watcher.id in self._opening:
            raise RateLimited(f"at most {MOST_OPEN} chats are open at once, opened one by one", retry_after=1)
        self._opening.add(watcher.id)
        try:
            found = await self.read_presence(watcher.identity.user_id, chat_id)
        finally:
            self._opening.discard(watcher.id)
        people = frozenset(one.user_id for one in found)
        mine[chat_id] = _Watch(watcher, chat_id, people, monotonic() + _BELIEVED_SECONDS)
        for one in found:
            self._told.setdefault(one.user_id, _Told(one.online, at=-self._relay_seconds))
        if found:
            watcher.push(_event(chat_id, found))

    def close(self, watcher: Watcher, chat_id: UUID) -> None:
        """Tell ``watcher`` no more of this chat."""
        self._watches.get(watcher.id, {}).pop(chat_id, None)

    async def read_presence(self, user_id: UUID, chat_id: UUID) -> list[MemberPresence]:
        """The other members of a chat who show whether they are here. Raises NotFound for a stranger to it."""
        seen = await self._read(user_id, chat_id)
        online = await self._whereabouts.who_is_connected(one.user_id for one in seen)
        return [
            MemberPresence(
                user_id=one.user_id,
                online=one.user_id in online,
                last_seen=None if one.user_id in online else one.last_seen,
            )
            for one in seen
        ]

    # The rounds.

    async def run(self) -> None:
        """A round every eighth of ``relay_seconds``, for ever. Ends by cancellation only."""
        pause = self._relay_seconds / 8
        while True:
            await asyncio.sleep(pause)
            try:
                await self.record(settled_for=pause)
                await self._relay()
            except CyphrError as error:
                _logger.warning("presence waits", extra={"context": {"why": error.message}})
            except Exception:
                _logger.exception("presence could not be told")

    async def record(self, *, settled_for: float = 0.0) -> None:
        """Keep in the database who came, and who went ``settled_for`` seconds ago or earlier.

        Raises Unavailable; then nothing is forgotten.
        """
        online = await self._whereabouts.who_is_connected(self._moved)
        settled = monotonic() - settled_for
        moved = {user_id: move for user_id, move in self._moved.items() if user_id in online or move.at <= settled}
        if not moved:
            return

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _queries.record_presence,
                user_ids=list(moved),
                online=[user_id in online for user_id in moved],
                seen_at=[move.seen_at for move in moved.values()],
            )

        await self._switchboard.unit_of_work(None, work)
        for user_id, move in moved.items():
            if self._moved.get(user_id) is move:  # else they moved again meanwhile
                del self._moved[user_id]

    async def _relay(self) -> None:
        """Tell of everybody who is watched, differs from what was told, and was not told of too lately."""
        watched: dict[UUID, list[_Watch]] = {}
        for mine in self._watches.values():
            for watch in mine.values():
                for user_id in watch.people:
                    watched.setdefault(user_id, []).append(watch)
        self._told = {user_id: told for user_id, told in self._told.items() if user_id in watched}
        # Who has only just gone may be back before the next round.
        online = await self._whereabouts.who_is_connected(watched) | self._moved.keys()
        at = monotonic()
        for user_id, watches in watched.items():
            here = user_id in online
            told = self._told.setdefault(user_id, _Told(here, at=-self._relay_seconds))
            if told.online is here or at < told.at + self._relay_seconds:
                continue
            self._told[user_id] = _Told(here, at)
            presence = MemberPresence(user_id=user_id, online=here, last_seen=None if here else now())
            for watch in watches:
                await self._tell(watch, presence)

    async def _tell(self, watch: _Watch, presence: MemberPresence) -> None:
        if watch.believed_until < monotonic():
            try:
                seen = await self._read(watch.watcher.identity.user_id, watch.chat_id)
            except NotFound:  # not a member any more
                self.close(watch.watcher, watch.chat_id)
                return
            watch.people = frozenset(one.user_id for one in seen)
            watch.believed_until = monotonic() + _BELIEVED_SECONDS
        if presence.user_id in watch.people:
            watch.watcher.push(_event(watch.chat_id, [presence], about=presence.user_id))

    async def _read(self, user_id: UUID, chat_id: UUID) -> list[Seen]:
        async def work(transaction: Transaction) -> list[Seen]:
            if not await transaction.fetch_value(_queries.is_member, chat_id=chat_id):
                raise NotFound("there is no such chat among yours")
            return await transaction.fetch_all(Seen, _queries.read_presence, chat_id=chat_id, limit=MOST_PEOPLE)

        return await self._switchboard.unit_of_work(user_id, work)


def _event(chat_id: UUID, people: Sequence[MemberPresence], *, about: UUID | None = None) -> Event:
    return Event(EventKind.PRESENCE, chat_id, encode("presence", chat_id, d={"people": people}), about=about)
