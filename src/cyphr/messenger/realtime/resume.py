"""What a client has missed, in frames of at most 28 KB."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from uuid import UUID

from cyphr.messenger.messages.models import Message
from cyphr.messenger.messages.postman import encode
from cyphr.messenger.messages.service import LONGEST_PAGE, Head, Messages
from cyphr.messenger.realtime.models import LARGEST_FRAME

_MOST_NAMED = 250
"""Chats that ``resume.done`` names: more would not fit a frame."""


class Resume:
    """One resume of one person. Iterate ``frames``; then ``heads`` and ``changes`` are what the client holds, and
    ``done`` says so.
    """

    def __init__(
        self,
        messages: Messages,
        user_id: UUID,
        held: Mapping[UUID, int],
        held_changes: Mapping[UUID, int],
        *,
        longest: int,
    ) -> None:
        """``longest``: who has missed more of a chat is told to load it anew.

        ``held_changes``: of a chat that it does not name, the client has not said what it holds; it is told none.
        """
        self._messages = messages
        self._user_id = user_id
        self._held = held
        self._held_changes = held_changes
        self._longest = longest
        self.heads: dict[UUID, int] = {}
        self.changes: dict[UUID, int] = {}

    async def frames(self) -> AsyncIterator[str]:
        """Every frame before ``resume.done``: chats that moved only, the newest first, each in order."""
        too_old: dict[UUID, int] = {}
        for chat in await self._messages.list_heads(self._user_id):
            place = max(self._held.get(chat.chat_id, 0), chat.visible_from_seq)
            change = self._held_changes.get(chat.chat_id, chat.last_change)
            if chat.last_seq - place > self._longest or chat.last_change - change > self._longest:
                too_old[chat.chat_id] = place = chat.last_seq
                change = chat.last_change
            async for frame, reached in self._read(chat, place):
                place = reached
                yield frame
            # After the messages: a change of one that was just sent is in it already, and is told once more at worst.
            async for frame, reached in self._read_changes(chat, change):
                change = reached
                yield frame
            self.heads[chat.chat_id] = place
            # The last ones may be of messages that this person is not shown: no frame tells of them.
            self.changes[chat.chat_id] = max(change, chat.last_change)
        for heads in _parts(too_old):
            yield encode("resync", d={"heads": heads})

    def done(self) -> str:
        """The last frame: each chat's last place and last change, as far as they fit."""
        heads = next(_parts(self.heads), {})
        changes = next(_parts(self.changes), {})
        return encode("resume.done", d={"heads": heads, "changes": changes, "user_id": self._user_id})

    async def _read(self, chat: Head, place: int) -> AsyncIterator[tuple[str, int]]:
        more = place < chat.last_seq
        while more:
            page = await self._messages.read_history(self._user_id, chat.chat_id, after=place, limit=LONGEST_PAGE)
            for some in _pages(page.messages):
                place = some[-1].seq
                yield encode("resume.page", chat.chat_id, d={"messages": some}), place
            more = page.more

    async def _read_changes(self, chat: Head, change: int) -> AsyncIterator[tuple[str, int]]:
        more = change < chat.last_change
        while more:
            page = await self._messages.read_changes(self._user_id, chat.chat_id, after=change)
            for some in _pages(page.messages):
                change = max(change, some[-1].changed or 0)
                yield encode("resume.changes", chat.chat_id, change=change, d={"messages": some}), change
            change, more = page.change, page.more


def _pages(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Messages in as many lists as it takes for each to fit a frame."""
    some: list[Message] = []
    bound = LARGEST_FRAME - 256  # the envelope
    size = 0
    for message in messages:
        length = len(message.model_dump_json().encode()) + 1
        if size + length > bound:
            if some:
                yield some
            some, size = [], 0
        some.append(message)
        size += length
    if some:
        yield some


def _parts(heads: Mapping[UUID, int]) -> Iterator[dict[str, int]]:
    items = [(str(chat_id), seq) for chat_id, seq in heads.items()]
    for start in range(0, len(items), _MOST_NAMED):
        yield dict(items[start : start + _MOST_NAMED])
