"""What a person holds: order, gaps, repeats, and contents."""

import hashlib
from typing import Any

import pytest

from cyphr.embedded.people.inbox import Draft, Inbox


def message(seq: int, content: str = "привет", **changes: Any) -> dict[str, Any]:
    whole = {"id": f"message-{seq}", "chat_id": "chat", "sender_id": "anna", "client_id": f"client-{seq}"}
    return {**whole, "seq": seq, "content": content, **changes}


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def inbox(problems: list[str]) -> Inbox:
    sha256 = hashlib.sha256("привет".encode()).hexdigest()
    drafts = {f"client-{seq}": Draft("chat", "anna", sha256) for seq in range(1, 9)}
    return Inbox("boris", drafts, problems)


def test_a_message_that_came_twice_is_held_once(inbox: Inbox, problems: list[str]) -> None:
    assert [inbox.take(message(1)), inbox.take(message(1))] == [True, False]
    assert inbox.heads() == {"chat": 1}
    assert problems == []


def test_the_head_stays_before_a_gap_and_jumps_when_it_is_mended(inbox: Inbox) -> None:
    for seq in (1, 3, 4):
        inbox.take(message(seq))
    held = inbox.chats["chat"]
    assert (held.head, held.highest, held.has_gap) == (1, 4, True)
    inbox.take(message(2))
    assert (held.head, held.has_gap) == (4, False)


def test_two_messages_at_one_place_are_a_problem(inbox: Inbox, problems: list[str]) -> None:
    inbox.take(message(1))
    inbox.take(message(1, id="another", client_id=None))
    assert len(problems) == 1
    assert "seq 1 of chat chat is both message message-1 and message another" in problems[0]


@pytest.mark.parametrize("changes", [{"content": "пока"}, {"sender_id": "vera"}, {"chat_id": "another"}])
def test_a_message_that_differs_from_what_was_sent_is_a_problem(
    inbox: Inbox, problems: list[str], changes: dict[str, str]
) -> None:
    inbox.take(message(1, **changes))
    assert len(problems) == 1
    assert "but it was sent as" in problems[0]


def test_a_message_of_somebody_outside_the_crowd_is_taken_as_it_is(inbox: Inbox, problems: list[str]) -> None:
    assert inbox.take(message(1, client_id=None, content="anything"))
    assert problems == []
