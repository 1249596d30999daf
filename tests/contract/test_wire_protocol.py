"""The wire protocol as clients rely on it: exact frames in both directions. A change here breaks clients."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from cyphr.messenger.messages.models import (
    LARGEST_CONTENT,
    MOST_ENTITIES,
    MOST_MENTIONS,
    Forwarded,
    Message,
    Reaction,
)
from cyphr.messenger.messages.postman import encode
from cyphr.messenger.messages.service import encode_message
from cyphr.messenger.realtime.models import FRAME, LARGEST_FRAME

CHAT = "0192f000-0000-7000-8000-00000000000c"
ID = "0192f000-0000-7000-8000-000000000001"
ANNA = "0192f000-0000-7000-8000-00000000000a"
LARGEST_SEQ = 2**62 - 1


NEVER = "9999-12-31T23:59:59.999999Z"


def a_message(content: str | None, **members: Any) -> Message:
    usual: dict[str, Any] = {
        "edited_at": None,
        "deleted_at": None,
        "expires_at": None,
        "changed": None,
        "forwarded": None,
        "mentions": [],
        "formatting": [],
        "reactions": [],
        "hidden": False,
    }
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
        **usual | members,
    )


def test_a_message_event_is_exactly_this() -> None:
    message = a_message(
        "Привет",
        forwarded=Forwarded(sender_name="Anna"),
        mentions=[ANNA],
        formatting=[{"kind": "bold", "start": 0, "length": 6}],
        reactions=[{"emoji": "👍", "count": 1, "user_ids": [ANNA]}],
    )
    assert json.loads(encode_message(message)) == {
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
                "edited_at": None,
                "deleted_at": None,
                "expires_at": None,
                "changed": None,
                "forwarded": {"sender_name": "Anna"},
                "mentions": [ANNA],
                "formatting": [{"kind": "bold", "start": 0, "length": 6}],
                "reactions": [{"emoji": "👍", "count": 1, "user_ids": [ANNA]}],
                "hidden": False,
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
    content = "x" + character * ((LARGEST_CONTENT - 3) // size)
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


def test_the_fullest_message_that_can_be_sent_fits_an_event() -> None:
    mentions = [ANNA[:-4] + f"{number:04}" for number in range(MOST_MENTIONS)]
    formatting = [{"kind": "underline", "start": 10_000, "length": 1_000}] * MOST_ENTITIES

    def frame_of(content: str) -> str:
        d = {"content": content, "mentions": mentions, "formatting": formatting}
        return json.dumps({"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": d}, separators=(",", ":"))

    room = LARGEST_CONTENT + 1024 - len(json.dumps(["", mentions, formatting], separators=(",", ":")))
    FRAME.validate_json(frame_of("x" * room))
    with pytest.raises(ValidationError, match="21 KB"):
        FRAME.validate_json(frame_of("x" * (room + 1)))
    reactions = [Reaction(emoji="\U0001f469" * 9, count=1024, user_ids=[UUID(ANNA)] * 5)] * 20
    fullest = a_message(
        "x" * room,
        edited_at=NEVER,
        expires_at=NEVER,
        changed=LARGEST_SEQ,
        mentions=mentions,
        formatting=formatting,
        reactions=reactions,
    )
    event = encode("change", UUID(CHAT), change=LARGEST_SEQ, d={"message": fullest})
    assert len(event.encode()) <= LARGEST_FRAME
    name = Forwarded(sender_name="\U0001f469" * 255)
    forwarded = a_message("x" * (LARGEST_CONTENT - 2), forwarded=name, reactions=reactions)
    assert len(encode_message(forwarded).encode()) <= LARGEST_FRAME


@pytest.mark.parametrize(
    "frame",
    [
        {"v": 1, "t": "hello", "d": {"token": "x"}},
        {"v": 1, "t": "hello", "d": {"token": "x", "device": "phone", "heads": {CHAT: 0, ANNA: LARGEST_SEQ}}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": "hi"}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"forward_of": ID}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": "hi", "mentions": [ANNA]}},
        {
            "v": 1,
            "t": "msg.send",
            "id": ID,
            "chat": CHAT,
            "d": {"content": "😀", "formatting": [{"kind": "spoiler", "start": 0, "length": 2}]},
        },
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
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": "hi", "forward_of": ID}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"forward_of": ID, "mentions": [ANNA]}},
        {"v": 1, "t": "msg.send", "id": ID, "chat": CHAT, "d": {"content": "hi", "mentions": [ANNA] * 51}},
        {
            "v": 1,
            "t": "msg.send",
            "id": ID,
            "chat": CHAT,
            "d": {"content": "hi", "formatting": [{"kind": "bold", "start": 1, "length": 2}]},
        },
        {"v": 1, "t": "read", "chat": CHAT, "d": {"seq": "many"}},
        {"v": 1, "t": "typing", "chat": None},
        {"v": 1, "t": "open"},
    ],
)
def test_a_frame_outside_the_contract_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FRAME.validate_json(json.dumps(frame))
