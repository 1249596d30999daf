"""What a connection's queue keeps, merges, drops, and when it gives up."""

from uuid import UUID, uuid4

import pytest

from cyphr.messenger.messages.postman import Event, EventKind
from cyphr.messenger.realtime.connections import NOT_AUTHENTICATED, TRY_AGAIN, Connection, Connections
from cyphr.messenger.sessions.models import Identity

CHAT = uuid4()


class Listener:
    """A client that notes what it is sent, once it begins to read."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.flushed = 0
        self.takes_more = False
        self.closed: list[int] = []

    def write_text(self, text: str) -> None:
        self.heard.append(text)

    def flush(self) -> None:
        self.flushed = len(self.heard)

    def end(self, code: int) -> None:
        self.closed.append(code)


def message(seq: int) -> Event:
    return Event(EventKind.MESSAGE, CHAT, f"message {seq}", seq=seq)


def about(kind: EventKind, user_id: UUID, text: str) -> Event:
    return Event(kind, CHAT, text, about=user_id)


def connection(listener: Listener, *, queue_length: int = 3, user_id: UUID | None = None) -> Connection:
    one = Connection(listener, Identity(user_id=user_id or uuid4(), session_id=uuid4()), queue_length=queue_length)
    one.open()
    return one


def heard_by(one: Connection, listener: Listener) -> list[str]:
    listener.takes_more = True
    one.send_queued()
    return listener.heard


async def test_messages_keep_their_order() -> None:
    one = connection(listener := Listener())
    for seq in (1, 2, 3):
        one.push(message(seq))
    assert heard_by(one, listener) == ["message 1", "message 2", "message 3"]


async def test_nothing_of_a_chat_that_was_left_is_queued_until_the_person_is_in_it_again() -> None:
    one = connection(listener := Listener(), queue_length=9)
    one.push(message(1))
    one.push(Event(EventKind.LEFT, CHAT, "left"))
    one.push(about(EventKind.RECEIPT, uuid4(), "receipt"))
    one.push(about(EventKind.TYPING, uuid4(), "typing"))
    one.push(Event(EventKind.MESSAGE, uuid4(), "of another chat", seq=1))
    one.push(Event(EventKind.CHAT, CHAT, "back"))
    one.push(message(3))
    assert heard_by(one, listener) == ["message 1", "left", "of another chat", "back", "message 3"]


async def test_a_newer_receipt_replaces_an_older_one_of_the_same_member_that_still_waits() -> None:
    one, anna, boris = connection(listener := Listener()), uuid4(), uuid4()
    one.push(about(EventKind.RECEIPT, anna, "anna 1"))
    one.push(about(EventKind.RECEIPT, boris, "boris 1"))
    one.push(about(EventKind.RECEIPT, anna, "anna 2"))
    assert heard_by(one, listener) == ["anna 2", "boris 1"]


async def test_a_full_queue_drops_typing_and_presence_and_still_merges_receipts() -> None:
    one, anna = connection(listener := Listener()), uuid4()
    one.push(about(EventKind.RECEIPT, anna, "anna 1"))
    one.push(message(1))
    one.push(message(2))
    one.push(about(EventKind.TYPING, anna, "typing"))
    one.push(about(EventKind.PRESENCE, anna, "presence"))
    one.push(about(EventKind.RECEIPT, anna, "anna 2"))
    assert one.ended is None
    assert heard_by(one, listener) == ["anna 2", "message 1", "message 2"]


async def test_a_full_queue_never_drops_a_message_but_asks_the_client_to_come_again() -> None:
    one = connection(Listener())
    for seq in range(1, 5):
        one.push(message(seq))
    assert one.ended == TRY_AGAIN


async def test_a_client_that_asks_without_end_and_never_reads_is_ended() -> None:
    one = connection(Listener())
    for _ in range(6):
        one.answer("pong")
    assert one.ended is None
    one.answer("pong")
    assert one.ended == TRY_AGAIN


async def test_what_a_resume_has_sent_is_not_sent_again() -> None:
    one = connection(listener := Listener(), queue_length=10)
    one.push(message(4))
    one.answer("ack")
    one.push(message(5))
    one.skip_resumed({CHAT: 4})
    assert heard_by(one, listener) == ["ack", "message 5"]


async def test_an_event_reaches_every_connection_of_its_recipients_but_the_one_it_came_from() -> None:
    connections, anna, stranger = Connections(), uuid4(), uuid4()
    phone, laptop = connection(on_phone := Listener(), user_id=anna), connection(on_laptop := Listener(), user_id=anna)
    other = connection(elsewhere := Listener(), user_id=stranger)
    for one in (phone, laptop, other):
        connections.add(one)
    await connections.deliver([anna, uuid4()], message(1), except_for=phone.id)
    connections.remove(laptop)
    await connections.deliver([anna], message(2))
    assert heard_by(phone, on_phone) == ["message 2"]
    assert heard_by(laptop, on_laptop) == ["message 1"]
    assert heard_by(other, elsewhere) == []


@pytest.mark.parametrize(("people", "sent_at_once"), [(3, 0), (200, 1)])
async def test_a_crowd_is_sent_an_event_before_the_first_of_it_is_listened_to(people: int, sent_at_once: int) -> None:
    connections, listeners = Connections(), [Listener() for _ in range(people)]
    for listener in listeners:
        listener.takes_more = True
        connections.add(connection(listener))
    await connections.deliver([one.identity.user_id for one in connections.all()], message(1))
    assert {listener.flushed for listener in listeners} == {sent_at_once}
    assert {len(listener.heard) for listener in listeners} == {1}


async def test_a_revoked_session_ends_its_own_connections_only() -> None:
    connections, anna = Connections(), uuid4()
    phone, laptop = connection(Listener(), user_id=anna), connection(Listener(), user_id=anna)
    connections.add(phone)
    connections.add(laptop)
    await connections.end_session(anna, phone.identity.session_id)
    assert phone.ended == NOT_AUTHENTICATED
    assert laptop.ended is None
