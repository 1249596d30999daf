"""The wire protocol as clients rely on it: exact frames in both directions. A change here breaks clients."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from cyphr.messenger.messages.models import LARGEST_CONTENT, Message
from cyphr.messenger.messages.postman import encode
from cyphr.messenger.messages.service import encode_message
from cyphr.messenger.realtime.models import FRAME, LARGEST_FRAME

CHAT = "0192f000-0000-7000-8000-00000000000c"
ID = "0192f000-0000-7000-8000-000000000001"
ANNA = "0192f000-0000-7000-8000-00000000000a"
LARGEST_SEQ = 2**62 - 1


def a_message(content: str | None) -> Message:
    return Message(
        id=UUID(ID),
        chat_id=UUID(CHAT),
        sender_id=UUID(ANNA),
        client_id=UUID(ID),
        seq=LARGEST_SEQ,
        content=content,
        message_type="text",
        reply_to_id=UUID(ID),
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )


def test_a_message_event_is_exactly_this() -> None:
    assert json.loads(encode_message(a_message("Привет"))) == {
        "v": 1,
        "t": "msg",
        "chat": CHAT,
        "seq": LARGEST_SEQ,
        "ts": "2026-01-02T03:04:05.678901Z",
        "from": ANNA,
        "d": {
            "message": {
                "id": ID,
                "chat_id": CHAT,
                "sender_id": ANNA,
                "client_id": ID,
                "seq": LARGEST_SEQ,
                "content": "Привет",
                "message_type": "text",
                "reply_to_id": ID,
                "created_at": "2026-01-02T03:04:05.678901Z",
            }
        },
    }


def test_a_member_that_is_not_there_is_left_out_of_the_envelope() -> None:
    assert encode("pong") == '{"v":1,"t":"pong"}'
    assert encode("error", id=None, d={"code": "x"}) == '{"v":1,"t":"error","d":{"code":"x"}}'


@pytest.mark.parametrize("character", ["x", "я", "😀", "\n", '"', "\x01"])
def test_the_largest_content_fits_a_frame_in_both_directions(character: str) -> None:
    size = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    if character == "\x01":
        size = len("\\u0001")
    content = character * ((LARGEST_CONTENT - 2) // size)
    sent: dict[str, Any] = {
        "v": 1,
        "t": "msg.send",
        "id": ID,
        "chat": CHAT,
        "d": {"content": content, "reply_to_id": ID},
    }
    frame = json.dumps(sent, ensure_ascii=False)
    assert len(frame.encode()) <= LARGEST_FRAME
    FRAME.validate_json(frame)
    assert len(encode_message(a_message(content)).encode()) <= LARGEST_FRAME


@pytest.mark.parametrize(
    "frame",
    [
        {"v": 1, "t": "hello", "d": {"token": "x"}},
        {"v": 1, "t": "hello", "d": {"token": "x", "device": "phone", "heads": {CHAT: 0, ANNA: LARGEST_SEQ}}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": "hi"}},
        {"v": 1, "t": "recv", "chat": CHAT, "d": {"seq": 1}},
        {"v": 1, "t": "read", "id": ID, "chat": CHAT, "d": {"seq": 1}},
        {"v": 1, "t": "typing", "chat": CHAT, "d": {}},
        {"v": 1, "t": "open", "chat": CHAT},
        {"v": 1, "t": "close", "chat": CHAT},
        {"v": 1, "t": "ping"},
        {"v": 1, "t": "ping", "id": ID, "later": "members that are not known yet are passed over"},
    ],
)
def test_a_frame_of_the_contract_is_understood(frame: dict[str, Any]) -> None:
    assert FRAME.validate_json(json.dumps(frame)).t == frame["t"]


@pytest.mark.parametrize(
    "frame",
    [
        {"v": 2, "t": "ping"},
        {"v": 1, "t": "unknown"},
        {"v": 1},
        {"v": 1, "t": "hello", "d": {"token": "x", "heads": {"no uuid": 1}}},
        {"v": 1, "t": "hello", "d": {"token": "x", "heads": {CHAT: -1}}},
        {"v": 1, "t": "hello", "d": {"token": "x", "heads": {CHAT: 2**63}}},
        {"v": 1, "t": "msg.send", "chat": CHAT, "d": {"content": "hi"}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": 7}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": "hi", "reply_to_id": "x"}},
        {"v": 1, "t": "read", "chat": CHAT, "d": {"seq": "many"}},
        {"v": 1, "t": "typing", "chat": None},
        {"v": 1, "t": "open"},
    ],
)
def test_a_frame_outside_the_contract_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FRAME.validate_json(json.dumps(frame))
