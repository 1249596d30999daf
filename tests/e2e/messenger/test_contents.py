"""What messages carry: formatting, mentions, forwards; what is refused; who has received them; what is unread."""

import asyncio
from uuid import uuid4

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.conftest import Friends, on_the_other_side_in_the_soak

pytestmark = on_the_other_side_in_the_soak


async def test_formatting_and_mentions_arrive_as_they_were_sent(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("rich", [boris])
    formatting = [{"kind": "bold", "start": 0, "length": 3}, {"kind": "spoiler", "start": 4, "length": 2}]
    async with boris.socket() as socket, anna.socket() as annas:
        d = {"content": "😀x Boris", "formatting": formatting, "mentions": [boris.id, boris.id]}
        await annas.say("msg.send", id=(client_id := str(uuid4())), chat=chat, d=d)
        await annas.until("ack", id=client_id)
        told = (await socket.until("msg"))["d"]["message"]
    assert (told["formatting"], told["mentions"]) == (formatting, [boris.id])
    assert [told] == await boris.history(chat)


async def test_only_members_can_be_mentioned_and_no_crowd_of_them(friends: Friends) -> None:
    anna, boris, clara = friends
    chat = await anna.group("mentions", [boris])
    stranger = await anna.send(chat, "Clara?", mentions=[boris.id, clara.id])
    assert (stranger.status_code, stranger.json()["code"]) == (422, "invalid_input")
    assert "mentions" in stranger.json()["detail"]
    assert (await anna.send(chat, "all!", mentions=[str(uuid4()) for _ in range(51)])).status_code == 422
    message = await anna.say(chat, "Boris?", mentions=[boris.id])
    assert (await anna.edit(message, "Clara?", mentions=[clara.id])).status_code == 422
    assert (await boris.chat(chat))["last_seq"] == 1, "what was refused has used up no number"


async def test_one_message_at_fault_does_not_hurt_those_that_share_its_transaction(friends: Friends) -> None:
    anna, boris, clara = friends
    chats = [await anna.group(f"shared {number}", [boris]) for number in range(4)]
    wrong = [{"mentions": [clara.id]}, {"reply_to_id": str(uuid4())}]
    async with boris.socket() as socket:
        answers = await asyncio.gather(
            *(anna.send(chat, f"{number}") for number in range(10) for chat in chats),
            *(anna.send(chat, "wrong", **each) for each in wrong for chat in chats),
            *(clara.send(chat, "let me in") for chat in chats),
        )
        assert [answer.status_code for answer in answers] == [201] * 40 + [422] * 8 + [404] * 4
        while len([one for one in socket.messages() if one["chat_id"] in chats]) < 40:
            await socket.hear()
    for chat in chats:
        assert [one["seq"] for one in socket.messages() if one["chat_id"] == chat] == list(range(1, 11))


async def test_a_forward_repeats_the_text_and_tells_whose_it_was_by_name_only(friends: Friends) -> None:
    anna, boris, clara = friends
    source, target = await anna.group("source", [boris]), await anna.group("target", [clara])
    formatting = [{"kind": "code", "start": 0, "length": 4}]
    original = await boris.say(source, "text", formatting=formatting, mentions=[anna.id])
    async with clara.socket() as socket:
        first = await anna.forward(original, target, client_id=(client_id := str(uuid4())))
        assert first.status_code == 201, first.text
        told = (await socket.until("msg"))["d"]["message"]
    assert (told["content"], told["formatting"], told["mentions"]) == ("text", formatting, [])
    assert told["forwarded"] == {"sender_name": "Boris"}
    assert boris.id not in str(told)
    assert source not in str(told)
    assert [told] == await clara.history(target)
    again = await clara.forward(f"x/{told['id']}", await clara.group("further", [anna]))
    assert again.status_code == 201
    assert (await anna.get("/v1/chats"))[0]["last_message"]["forwarded"] == {"sender_name": "Boris"}
    assert (await anna.edit(f"/v1/chats/{target}/messages/{told['id']}", "his words")).status_code == 403
    await boris.delete(original)
    repeat = await anna.forward(original, target, client_id=client_id)
    assert (repeat.status_code, repeat.json()) == (200, first.json()), "a repeat is acknowledged whatever became of it"
    assert (await anna.forward(original, target)).status_code == 422


async def test_what_one_may_not_read_cannot_be_forwarded(friends: Friends) -> None:
    anna, boris, clara = friends
    source, target = await anna.group("private", [boris]), await clara.group("public", [boris])
    secret = await anna.say(source, "secret")
    for message in (secret, f"x/{uuid4()}"):
        refused = await clara.forward(message, target)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert (await clara.forward(secret, source)).status_code == 404
    await boris.delete(secret, **{"for": "me"})
    assert (await boris.forward(secret, target)).status_code == 422
    assert (await clara.chat(target))["last_seq"] == 0


async def test_a_body_that_is_too_large_is_refused_with_what_to_do_instead(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("large", [boris])
    refused = await anna.send(chat, "я" * 32 * 1024)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert "at most 20 KB; send larger content as a file" in refused.json()["detail"]
    message = await anna.say(chat, "я" * 10_000)
    assert (await anna.edit(message, "я" * 32 * 1024)).status_code == 422


async def test_text_that_shows_nothing_is_empty_and_all_other_text_arrives_as_it_was_written(
    friends: Friends,
) -> None:
    anna, boris, _ = friends
    chat = await anna.group("tricks", [boris])
    for nothing in ("\u200b\u200d", " \n", "\u202e\u202c", "\ufeff"):
        assert (await anna.send(chat, nothing)).status_code == 422
    texts = ["pay\u202egnp.exe", "👨‍👩‍👧 e\u0301", "\u2069\u202aשלום", "x\u0001"]
    for text in texts:
        await anna.say(chat, text)
    assert [one["content"] for one in await boris.history(chat)] == texts


async def test_a_message_tells_how_far_it_has_got_with_each_member(friends: Friends) -> None:
    anna, boris, clara = friends
    chat = await anna.group("receipts", [boris, clara])
    message = await anna.say(chat, "who has it?")
    async with boris.socket() as boriss, clara.socket() as claras:
        await boriss.say("read", id=(read := str(uuid4())), chat=chat, d={"seq": 1})
        await boriss.until("ack", id=read)
        await claras.say("recv", id=(received := str(uuid4())), chat=chat, d={"seq": 1})
        await claras.until("ack", id=received)
    states = {boris.id: "read", clara.id: "delivered"}
    found = await anna.get(f"{message}/receipts")
    assert {one["user_id"]: one["state"] for one in found["receipts"]} == states
    page = await anna.get(f"{message}/receipts", limit=1)
    rest = await anna.get(f"{message}/receipts", limit=1, cursor=page["next"])
    assert {one["user_id"] for one in page["receipts"] + rest["receipts"]} == set(states)
    assert rest["next"] is None


async def test_unread_counts_what_others_wrote_and_can_still_be_read(friends: Friends, side: TestSide) -> None:
    anna, boris, clara = friends
    chat = await anna.group("unread", [boris, clara])
    messages = [await anna.say(chat, str(number)) for number in range(4)]
    await anna.say(chat, "Boris!", mentions=[boris.id])
    await boris.say(chat, "one's own is not unread")

    async def unread() -> tuple[int, int]:
        found = await boris.chat(chat)
        return found["mine"]["unread"], found["mine"]["unread_mentions"]

    assert await unread() == (5, 1)
    await anna.delete(messages[3])
    await boris.delete(messages[2], **{"for": "me"})
    assert await unread() == (3, 1)
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into messages (chat_id, sender_id, content, message_type) values (%s, %s, '{}', 'notice')",
            [chat, anna.id],
        )
    assert await unread() == (3, 1)
    async with boris.socket() as socket:
        await socket.say("read", id=(receipt := str(uuid4())), chat=chat, d={"seq": 1})
        await socket.until("ack", id=receipt)
        assert await unread() == (2, 1)
        await socket.say("read", id=(receipt := str(uuid4())), chat=chat, d={"seq": 7})
        await socket.until("ack", id=receipt)
    assert await unread() == (0, 0)


async def test_receipts_of_many_people_at_once_rise_together_and_are_told(friends: Friends) -> None:
    anna, boris, clara = friends
    chats = [await anna.group(f"receipts {number}", [boris, clara]) for number in range(3)]
    for chat in chats:
        await anna.say(chat, "1")
        await anna.say(chat, "2")
    async with anna.socket() as annas, boris.socket() as boriss, clara.socket() as claras:
        for chat in chats:
            await boriss.say("recv", chat=chat, d={"seq": 1})
            await boriss.say("read", chat=chat, d={"seq": 2})
            await claras.say("recv", chat=chat, d={"seq": 2})
        wanted = {(chat, boris.id, 2, 2) for chat in chats} | {(chat, clara.id, 2, 0) for chat in chats}
        heard: set[tuple[str, str, int, int]] = set()
        while not wanted <= heard:
            frame = await annas.until("receipt")
            heard.add((frame["chat"], *(frame["d"][name] for name in ("user_id", "received_seq", "read_seq"))))
