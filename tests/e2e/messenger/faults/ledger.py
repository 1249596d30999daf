"""What was sent and what became of it, as its senders were told."""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Message = dict[str, Any]


@dataclass
class Sent:
    """A message that somebody has begun to send."""

    id: str
    chat: str
    sender_id: str
    content: str
    seq: int | None = None
    message_id: str | None = None
    refused: str | None = None
    given_up: bool = False
    """Its sender does not send it again: it may have arrived or not."""

    @property
    def waiting(self) -> bool:
        return self.seq is None and self.refused is None and not self.given_up

    def frame(self) -> str:
        d = {"content": self.content}
        return json.dumps({"v": 1, "t": "msg.send", "id": self.id, "chat": self.chat, "d": d}, ensure_ascii=False)

    def as_message(self) -> Message:
        """As the sender's own device writes it down when it is acknowledged."""
        return {
            "id": self.message_id, "chat_id": self.chat, "sender_id": self.sender_id, "client_id": self.id,
            "seq": self.seq, "content": self.content, "message_type": "text", "changed": None, "deleted_at": None,
            "edited_at": None, "reactions": [],
        }  # fmt: skip


@dataclass
class State:
    """What became of a stored message, as was last acknowledged."""

    content: str
    deleted: bool = False
    reactions: set[tuple[str, str]] = field(default_factory=set)
    """Who chose which emoji."""

    def differs_from(self, message: Message) -> str | None:
        content = None if self.deleted else self.content
        if (message["content"], message["deleted_at"] is not None) != (content, self.deleted):
            return f"{(message['content'] or '')[:40]!r} instead of {(content or '')[:40]!r}"
        found = {(user_id, one["emoji"]) for one in message["reactions"] for user_id in one["user_ids"]}
        expected = set() if self.deleted else self.reactions
        return None if found == expected else f"reactions {sorted(found)} instead of {sorted(expected)}"


class Ledger:
    """Everything that was sent in a journey, and everything that was found to be wrong."""

    def __init__(self) -> None:
        self.sent: dict[str, Sent] = {}
        self.states: dict[str, State] = {}
        self.marks: dict[str, tuple[str, str, str, int]] = {}
        """Watermarks that were sent, by the id of their frame: whose, of which chat, which one, how far."""
        self.raised: dict[tuple[str, str, str], int] = {}
        self.wrongs: list[str] = []
        self.slowed_down = 0

    def begin(self, chat: str, sender_id: str, content: str, client_id: str) -> Sent:
        sent = self.sent[client_id] = Sent(client_id, chat, sender_id, content)
        return sent

    def acknowledged(self, client_id: str, chat: str, seq: int, message_id: str) -> Sent:
        """Every acknowledgement of one id must say the same."""
        sent = self.sent[client_id]
        if sent.seq is None:
            sent.seq, sent.message_id, sent.refused = seq, message_id, None
            self.states.setdefault(message_id, State(sent.content))
        if (sent.chat, sent.seq, sent.message_id) != (chat, seq, message_id):
            self.wrongs.append(f"{client_id} was acknowledged as {sent.seq} and as {seq} of {chat}")
        return sent

    def raised_mark(self, frame_id: str) -> None:
        *mark, seq = self.marks[frame_id]
        key = (mark[0], mark[1], mark[2])
        self.raised[key] = max(seq, self.raised.get(key, 0))

    def slowed(self, client_id: str) -> None:
        assert client_id in self.sent
        self.slowed_down += 1

    def refused(self, by: str, frame: dict[str, Any]) -> None:
        """``retryable``: it is sent again. What was acknowledged once is never refused to who is a member."""
        sent = self.sent.get(frame.get("id", ""))
        code, retryable = frame["d"]["code"], frame["d"]["retryable"]
        if code not in {"not_found", "not_allowed", "unavailable", "rate_limited"}:
            self.wrongs.append(f"{by}: a frame was refused: {frame['d']}")
        if sent is not None and not retryable and sent.seq is None:
            sent.refused = code


Kind = Literal["v7", "v4"]


def client_id(kind: Kind, skew_seconds: int) -> str:
    """A client's id for a message. ``skew_seconds``: how wrong the clock of its device is."""
    value = secrets.randbits(128)
    if kind == "v7":
        milliseconds = time.time_ns() // 1_000_000 + skew_seconds * 1000
        value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | value & (1 << 80) - 1
    version = 7 if kind == "v7" else 4
    return str(UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | version << 76 | 0x2 << 62))
