"""Sending: once, in order, and to members only, whatever happens at the same time."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from psycopg import sql

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.conftest import Register, serve, settings_for


async def test_the_same_id_sent_twice_at_the_same_time_is_stored_once_and_acknowledged_alike(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    for _ in range(5):
        client_id = str(uuid4())
        async with anna.socket() as first, anna.socket() as second:
            await asyncio.gather(
                first.send(chat, "once", client_id=client_id), second.send(chat, "once", client_id=client_id)
            )
            by_http = await anna.send(chat, "once", client_id=client_id)
            acks = [await first.until("ack", id=client_id), await second.until("ack", id=client_id)]
        assert acks[0] == acks[1]
        assert by_http.status_code == 200
        assert by_http.json()["message_id"] == acks[0]["d"]["message_id"]
    history = await boris.get(f"/v1/chats/{chat}/messages")
    assert [message["seq"] for message in history["messages"]] == [1, 2, 3, 4, 5]


async def test_an_id_sent_to_two_chats_gives_the_first_acknowledgement_and_uses_no_number(join: Register) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    first, second = await anna.direct(boris), await anna.direct(clara)
    ack = (await anna.send(first, "hello", client_id=(client_id := str(uuid4())))).json()
    repeat = await anna.send(second, "hello", client_id=client_id)
    assert (repeat.status_code, repeat.json()) == (200, ack)
    assert (await anna.send(second, "hello")).json()["seq"] == 1


async def test_an_id_sent_to_two_chats_at_the_same_time_is_stored_in_one_of_them(join: Register) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    chats = [await anna.direct(boris), await anna.direct(clara)]
    for _ in range(10):
        client_id = str(uuid4())
        answers = await asyncio.gather(*(anna.send(chat, "where", client_id=client_id) for chat in chats))
        assert sorted(answer.status_code for answer in answers) == [200, 201]
        assert answers[0].json() == answers[1].json()
    heads = [chat["last_seq"] for chat in await anna.get("/v1/chats")]
    assert sum(heads) == 10


async def test_numbers_have_no_gaps_and_events_come_in_order_under_twenty_concurrent_senders(join: Register) -> None:
    people = await asyncio.gather(*(join(f"Person {number}") for number in range(20)))
    chat = await people[0].group("everyone", people[1:])

    async def talk(person: Client) -> list[int]:
        async with person.socket() as socket:
            ids = [await socket.send(chat, f"message {number}") for number in range(5)]
            while len([frame for frame in socket.heard if frame["t"] == "ack"]) < len(ids):
                await socket.hear()
            acks = {frame["id"]: frame["d"]["seq"] for frame in socket.heard if frame["t"] == "ack"}
            assert set(acks) == set(ids)
            return [acks[client_id] for client_id in ids]

    async with people[0].socket() as listener:
        seqs = await asyncio.gather(*(talk(person) for person in people))
        assert sorted(seq for own in seqs for seq in own) == list(range(1, 101))
        assert all(own == sorted(own) for own in seqs), "one person's messages keep the order they were sent in"
        while len(listener.messages()) < 100:
            await listener.hear()
        assert [message["seq"] for message in listener.messages()] == list(range(1, 101))


async def test_two_servers_that_group_the_same_chats_neither_block_each_other_nor_leave_gaps(
    join: Register, side: TestSide, token_key: Path
) -> None:
    people = await asyncio.gather(*(join(f"Person {number}") for number in range(3)))
    chats = [await people[0].group(f"shared {number}", list(people[1:])) for number in range(8)]
    async with serve(settings_for(side, token_key=token_key)) as second:
        elsewhere = [replace(person, http=second, base=str(second.base_url).rstrip("/")) for person in people]
        answers = await asyncio.gather(
            *(
                person.send(chat, f"{round_}")
                for round_ in range(4)
                for order, person in enumerate([*people, *elsewhere])
                # Half of them go through the chats the other way round.
                for chat in (chats if order % 2 else chats[::-1])
            )
        )
    assert {answer.status_code for answer in answers} == {201}
    for chat in chats:
        seqs = [answer.json()["seq"] for answer in answers if answer.json()["chat_id"] == chat]
        assert sorted(seqs) == list(range(1, 25))


async def test_messages_of_the_old_server_are_numbered_with_ours(join: Register, side: TestSide) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    await anna.send(chat, "new")
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into messages (chat_id, sender_id, content) values (%s, %s, 'old')", [chat, boris.id]
        )
        kept = sql.SQL(
            "insert into messages (id, chat_id, sender_id, content)"
            " select id, chat_id, sender_id, content from messages where chat_id = %s on conflict (id) do nothing"
        )
        await connection.execute(kept, [chat])
    await anna.send(chat, "new again")
    history = (await boris.get(f"/v1/chats/{chat}/messages"))["messages"]
    assert [(message["seq"], message["content"]) for message in history] == [(1, "new"), (2, "old"), (3, "new again")]


async def test_a_stranger_can_neither_read_nor_write_and_cannot_tell_that_the_chat_exists(join: Register) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    chat = await anna.direct(boris)
    await anna.send(chat, "private")
    for path in (chat, str(uuid4())):
        read = await clara.http.get(f"/v1/chats/{path}/messages", headers=clara.auth)
        sent = await clara.send(path, "let me in")
        assert (read.status_code, sent.status_code) == (404, 404)
        assert read.json()["code"] == "not_found"
    async with clara.socket() as socket, anna.socket() as annas:
        client_id = await socket.send(chat, "let me in")
        error = await socket.until("error", id=client_id)
        assert (error["d"]["code"], error["d"]["retryable"]) == ("not_found", False)
        await socket.say("typing", chat=chat)
        assert (await socket.until("error"))["d"]["code"] == "not_found"
        await socket.say("read", id=(receipt := str(uuid4())), chat=chat, d={"seq": 1})
        await socket.until("ack", id=receipt)
        await annas.say("ping")
        await annas.until("pong")
        assert [frame["t"] for frame in annas.heard] == ["resume.page", "resume.done", "pong"]
    listed = (await anna.get("/v1/chats"))[0]
    assert {member["user_id"] for member in listed["members"]} == {anna.id, boris.id}


async def test_history_is_paged_in_both_directions(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    chat = await anna.direct(boris)
    for number in range(1, 8):
        await anna.send(chat, str(number))

    async def page(**params: int) -> tuple[list[int], bool]:
        found = await boris.get(f"/v1/chats/{chat}/messages", **params)
        return [message["seq"] for message in found["messages"]], found["more"]

    assert await page(limit=3) == ([5, 6, 7], True)
    assert await page(before=5, limit=3) == ([2, 3, 4], True)
    assert await page(before=2, limit=3) == ([1], False)
    assert await page(after=0, limit=3) == ([1, 2, 3], True)
    assert await page(after=4, limit=3) == ([5, 6, 7], False)
    assert await page(after=2, before=5) == ([3, 4], False)
    assert await page(after=7) == ([], False)


async def test_an_answer_must_be_to_a_message_of_the_same_chat(join: Register) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    ours, theirs = await anna.direct(boris), await anna.direct(clara)
    message_id = (await anna.send(ours, "question")).json()["message_id"]
    body = {"id": str(uuid4()), "content": "answer", "reply_to_id": message_id}
    assert (await boris.post(f"/v1/chats/{ours}/messages", body)).status_code == 201
    elsewhere = await anna.post(f"/v1/chats/{theirs}/messages", body | {"id": str(uuid4())})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "invalid_input")
    assert (await anna.send(theirs, "first")).json()["seq"] == 1


async def test_two_people_who_open_their_chat_at_the_same_moment_get_one(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    opened = await asyncio.gather(*(one.direct(other) for one, other in [(anna, boris), (boris, anna)] * 5))
    assert len(set(opened)) == 1
    assert [chat["id"] for chat in await anna.get("/v1/chats")] == [opened[0]]


async def test_a_direct_chat_that_the_old_server_made_is_found_again(join: Register, side: TestSide) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    async with await connect(side.owner) as connection:
        cursor = await connection.execute("insert into chats (type, name) values ('direct', 'old') returning id")
        (old,) = await cursor.fetchone() or (None,)
        for person in (anna, boris):
            await connection.execute(
                "insert into chat_participants (chat_id, user_id) values (%s, %s)", [old, person.id]
            )
    assert await boris.direct(anna) == str(old)


async def test_who_is_added_to_a_group_hears_of_it(join: Register) -> None:
    anna, boris = await join("Anna"), await join("Boris")
    async with boris.socket() as socket:
        chat = await anna.group("Excursion", [boris])
        event = await socket.until("chat")
    assert event["chat"] == chat
    assert event["d"]["chat"]["name"] == "Excursion"
    assert {member["user_id"]: member["role"] for member in event["d"]["chat"]["members"]} == {
        anna.id: "owner",
        boris.id: "member",
    }
    nobody = await anna.post("/v1/chats", {"type": "direct", "member_ids": [str(uuid4())]})
    assert nobody.status_code == 404
    nameless = await anna.post("/v1/chats", {"type": "group", "member_ids": [boris.id]})
    assert nameless.status_code == 422
