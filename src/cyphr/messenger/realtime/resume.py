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
    """One resume of one person. Iterate ``frames``; then ``heads`` is what the client holds, and ``done`` says so."""

    def __init__(self, messages: Messages, user_id: UUID, held: Mapping[UUID, int], *, longest: int) -> None:
        """``longest``: who has missed more of a chat is told to load it anew."""
        self._messages = messages
        self._user_id = user_id
        self._held = held
        self._longest = longest
        self.heads: dict[UUID, int] = {}

    async def frames(self) -> AsyncIterator[str]:
        """Every frame before ``resume.done``: chats that moved only, the newest first, each in order."""
        too_old: dict[UUID, int] = {}
        for chat in await self._messages.list_heads(self._user_id):
            place = max(self._held.get(chat.chat_id, 0), chat.visible_from_seq)
            if chat.last_seq - place > self._longest:
                too_old[chat.chat_id] = place = chat.last_seq
            async for frame, reached in self._read(chat, place):
                place = reached
                yield frame
            self.heads[chat.chat_id] = place
        for heads in _parts(too_old):
            yield encode("resync", d={"heads": heads})

    def done(self) -> str:
        """The last frame: each chat's last place, as far as they fit."""
        heads = next(_parts(self.heads), {})
        return encode("resume.done", d={"heads": heads, "changes": {}, "user_id": self._user_id})

    async def _read(self, chat: Head, place: int) -> AsyncIterator[tuple[str, int]]:
        more = place < chat.last_seq
        while more:
            page = await self._messages.read_history(self._user_id, chat.chat_id, after=place, limit=LONGEST_PAGE)
            for some in _pages(page.messages):
                place = some[-1].seq
                yield encode("resume.page", chat.chat_id, d={"messages": some}), place
            more = page.more


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
