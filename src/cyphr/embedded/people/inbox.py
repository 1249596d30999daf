"""What one person holds of each chat, and whether it came as the contract promises."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Draft:
    """A message that somebody in the crowd is sending, known before it is acknowledged."""

    chat_id: str
    sender_id: str
    sha256: str


@dataclass
class Held:
    """The messages of one chat, by seq. All of 1…``head`` are here; some above it may have come early."""

    head: int = 0
    message_ids: dict[int, str] = field(default_factory=dict)

    @property
    def highest(self) -> int:
        return max(self.message_ids, default=0)

    @property
    def has_gap(self) -> bool:
        return len(self.message_ids) > self.head


class Inbox:
    """One person's messages, deduplicated by (chat, seq). Sentences about what came wrongly go to ``problems``."""

    def __init__(self, owner: str, drafts: Mapping[str, Draft], problems: list[str]) -> None:
        self._owner = owner
        self._drafts = drafts
        self._problems = problems
        self.chats: dict[str, Held] = {}

    def heads(self) -> dict[str, int]:
        """What a resume asks from: the last seq per chat up to which nothing is missing."""
        return {chat_id: held.head for chat_id, held in self.chats.items()}

    def join(self, chat_id: str) -> Held:
        """The chat, which is held from now on."""
        return self.chats.setdefault(chat_id, Held())

    def take(self, message: Mapping[str, Any]) -> bool:
        """Keep a message that was delivered; False when it was held already."""
        draft = self._drafts.get(message["client_id"] or "")
        if draft is not None:
            self._compare(message, draft)
        return self.keep(message["chat_id"], message["seq"], message["id"])

    def keep(self, chat_id: str, seq: int, message_id: str) -> bool:
        """Keep the place of a message; False when it was held already."""
        held = self.join(chat_id)
        known = held.message_ids.get(seq)
        if known is not None:
            if known != message_id:
                self._problem(f"seq {seq} of chat {chat_id} is both message {known} and message {message_id}")
            return False
        held.message_ids[seq] = message_id
        while held.head + 1 in held.message_ids:
            held.head += 1
        return True

    def _compare(self, message: Mapping[str, Any], draft: Draft) -> None:
        sha256 = hashlib.sha256((message["content"] or "").encode()).hexdigest()
        arrived = Draft(message["chat_id"], message["sender_id"], sha256)
        if arrived != draft:
            self._problem(f"message {message['id']} came as {arrived}, but it was sent as {draft}")

    def _problem(self, sentence: str) -> None:
        self._problems.append(f"{self._owner}: {sentence}")
