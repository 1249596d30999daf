"""What this process has told of chats."""

from collections import OrderedDict
from uuid import UUID

_REMEMBERED_CHATS = 10_000


class Told:
    """The last number that was told of each chat.

    A connection that breaks at a commit leaves something stored that nobody was told of. Whoever sent it sends it
    again, and it is found stored: only now is it told. Of a chat that is not remembered nothing counts as told; to hear
    of something twice does no harm.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[UUID, int] = OrderedDict()

    def note(self, chat_id: UUID, number: int) -> None:
        self._last[chat_id] = max(number, self._last.get(chat_id, 0))
        self._last.move_to_end(chat_id)
        if len(self._last) > _REMEMBERED_CHATS:
            self._last.popitem(last=False)

    def knows(self, chat_id: UUID, number: int) -> bool:
        """Whether this number or a later one was told."""
        return number <= self._last.get(chat_id, 0)
