"""What a push says, as far as the person wants it said."""

from dataclasses import dataclass
from uuid import UUID

from cyphr.messenger.push.channel import Notification
from cyphr.messenger.push.payloads import LONGEST_BODY

_MOST_COUNTED = 100

_WORDS = {
    "en": {
        "new": "New message",
        "many": "New messages: {count}",
        "image": "Photo",
        "video": "Video",
        "audio": "Voice message",
        "voice": "Voice message",
        "file": "File",
    },
    "ru": {
        "new": "Новое сообщение",
        "many": "Новые сообщения: {count}",
        "image": "Фото",
        "video": "Видео",
        "audio": "Голосовое сообщение",
        "voice": "Голосовое сообщение",
        "file": "Файл",
    },
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a device in a chat, as the database hands it out. The newest message stands for all of them.

    ``endpoint_arn`` is None when none was made for this token yet, ``group_name`` in a direct chat.
    """

    device: UUID
    chat_id: UUID
    seq: int
    silent: bool
    platform: str
    token: str
    endpoint_arn: str | None
    language: str
    preview: str
    group_name: str | None
    sender_name: str | None
    content: str | None
    message_type: str
    encrypted: bool
    waiting: int
    badge: int


def notification_of(waiting: Waiting, *, public_url: str | None) -> Notification:
    """The notification for what waits. Nothing of an encrypted message is in it, and no more than the person wants."""
    words = _WORDS[waiting.language]
    title, body = _title(waiting), _count(waiting, words)
    if waiting.preview == "full" and not waiting.encrypted and (shown := _shown(waiting, words)):
        body = shown if waiting.group_name is None else f"{waiting.sender_name}: {shown}"
        if waiting.waiting > 1:
            body = f"{body} (+{_number(waiting.waiting - 1)})"
    return Notification(
        chat_id=waiting.chat_id,
        title=title,
        body=body,
        badge=waiting.badge,
        waiting=waiting.waiting,
        link=f"{(public_url or '').rstrip('/')}/#/chats/{waiting.chat_id}",
        silent=waiting.silent,
    )


def _title(waiting: Waiting) -> str:
    if waiting.preview == "none":
        return "Cyphr"
    return _cut(waiting.group_name or waiting.sender_name or "Cyphr", 100)


def _count(waiting: Waiting, words: dict[str, str]) -> str:
    return words["new"] if waiting.waiting == 1 else words["many"].format(count=_number(waiting.waiting))


def _shown(waiting: Waiting, words: dict[str, str]) -> str:
    text = " ".join((waiting.content or "").split())
    if waiting.message_type == "text":
        return _cut(text, LONGEST_BODY)
    return words.get(waiting.message_type, words["new"])


def _number(count: int) -> str:
    return f"{_MOST_COUNTED - 1}+" if count >= _MOST_COUNTED else str(count)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
