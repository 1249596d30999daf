"""Editing, deleting, reacting: each a state with a number, told to whoever may know of the message."""

import asyncio
from typing import Any

import pytest

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.conftest import Friends, on_the_other_side_in_the_soak

pytestmark = on_the_other_side_in_the_soak


async def make_older(side: TestSide, message: str, minutes: int) -> None:
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update messages set created_at = created_at - make_interval(mins => %s) where id = %s",
            [minutes, message.rpartition("/")[2]],
        )


async def changes(person: Client, chat: str, after: int = 0, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = await person.get(f"/v1/chats/{chat}/changes", after=after, **params)
    return found


async def test_an_edit_is_told_to_the_members_and_keeps_what_was_said_before(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("edits", [boris])
    message = await anna.say(chat, "helo")
    async with boris.socket() as socket, anna.socket() as annas:
        edited = await anna.edit(message, "hello", formatting=[{"kind": "bold", "start": 0, "length": 5}])
        assert edited.status_code == 200, edited.text
        for one in (socket, annas):
            event = await one.until("change")
            assert (event["chat"], event["change"], event["d"]["message"]) == (chat, 1, edited.json())
        assert (await anna.edit(message, "hello!")).status_code == 200
        event = await socket.until("change")
    assert (event["change"], event["d"]["message"]["content"], event["d"]["message"]["formatting"]) == (2, "hello!", [])
    before = await boris.get(f"{message}/edits")
    assert [one["content"] for one in before] == ["helo", "hello"]
    assert before[0]["written_at"] == edited.json()["created_at"]
    assert before[1]["formatting"] == [{"kind": "bold", "start": 0, "length": 5}]
    assert await boris.get(message) == (await boris.history(chat))[-1] == event["d"]["message"]


async def test_the_same_edit_again_changes_nothing(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("again", [boris])
    message = await anna.say(chat, "one")
    first = await anna.edit(message, "two")
    again = await anna.edit(message, "two")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await anna.chat(chat))["last_change"] == 1
    assert len(await anna.get(f"{message}/edits")) == 1


async def test_only_its_sender_edits_a_message_and_only_for_fifteen_minutes(friends: Friends, side: TestSide) -> None:
    anna, boris, clara = friends
    chat = await anna.group("limits", [boris])
    message = await boris.say(chat, "mine")
    others = await anna.edit(message, "not yours")
    assert (others.status_code, others.json()["code"]) == (403, "not_allowed")
    assert (await clara.edit(message, "a stranger's")).status_code == 404
    assert (await clara.get_status(f"{message}/edits")) == 404
    await make_older(side, message, 14)
    assert (await boris.edit(message, "in time")).status_code == 200
    await make_older(side, message, 2)
    late = await boris.edit(message, "too late")
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert (await boris.edit(message, "in time")).status_code == 200, "what is so already may be said again"
    assert (await anna.get(message))["content"] == "in time"


async def test_edits_of_one_message_at_the_same_time_are_numbered_without_gaps_and_told_in_order(
    friends: Friends,
) -> None:
    anna, boris, _ = friends
    chat = await anna.group("race", [boris])
    messages = [await anna.say(chat, str(number)) for number in range(4)]
    async with boris.socket() as socket:
        answers = await asyncio.gather(
            *(anna.edit(message, f"{message} {round_}") for round_ in range(5) for message in messages),
            *(boris.react(message, emoji) for emoji in "👍😀🎉" for message in messages),
        )
        assert {answer.status_code for answer in answers} == {200}
        heard = [await socket.until("change") for _ in answers]
    assert [event["change"] for event in heard] == list(range(1, len(answers) + 1))
    state = await changes(boris, chat)
    assert (state["change"], state["more"]) == (len(answers), False)
    assert sorted(one["id"] for one in state["messages"]) == sorted(one.rpartition("/")[2] for one in messages)


async def test_who_was_away_learns_what_became_of_messages_page_by_page(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("away", [boris])
    messages = [await anna.say(chat, str(number)) for number in range(5)]
    for message in reversed(messages):
        await anna.edit(message, "edited")
    await anna.edit(messages[4], "edited twice")
    seen: list[str] = []
    held, more = 1, True
    while more:
        page = await changes(boris, chat, held, limit=2)
        seen += [f"{one['seq']} {one['content']}" for one in page["messages"]]
        held, more = page["change"], page["more"]
    assert seen == ["4 edited", "3 edited", "2 edited", "1 edited", "5 edited twice"]
    assert held == (await boris.chat(chat))["last_change"] == 6
    assert await changes(boris, chat, held) == {"messages": [], "change": 6, "more": False}


async def test_what_is_deleted_for_all_says_nothing_any_more_and_keeps_its_place(friends: Friends) -> None:
    anna, boris, clara = friends
    chat = await anna.group("deleted", [boris, clara])
    message = await boris.say(chat, "secret", mentions=[clara.id])
    await boris.edit(message, "secret!")
    await clara.react(message, "👍")
    await boris.say(chat, "next")
    assert (await clara.delete(message)).status_code == 403
    async with clara.socket() as socket:
        assert (await boris.delete(message)).status_code == 204
        told = (await socket.until("change"))["d"]["message"]
    assert (await boris.delete(message)).status_code == 204, "it is so already"
    assert told["deleted_at"] is not None
    assert [told[name] for name in ("content", "edited_at", "mentions", "reactions")] == [None, None, [], []]
    assert [one["seq"] for one in await clara.history(chat)] == [1, 2]
    assert "secret" not in str(await clara.history(chat))
    assert await clara.get(f"{message}/edits") == []
    for refused in (await boris.edit(message, "back"), await clara.react(message, "👍")):
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


async def test_an_admin_of_a_group_deletes_what_others_wrote_but_not_in_a_direct_chat(friends: Friends) -> None:
    anna, boris, _ = friends
    message = await boris.say(await anna.group("mine", [boris]), "rude")
    assert (await anna.delete(message)).status_code == 204
    message = await boris.say(await anna.direct(boris), "between us")
    assert (await anna.delete(message)).status_code == 403


async def test_what_one_deletes_for_oneself_is_gone_on_all_of_ones_devices_and_for_nobody_else(
    friends: Friends,
) -> None:
    anna, boris, _ = friends
    chat = await anna.group("mine alone", [boris])
    message = await boris.say(chat, "hm")
    async with anna.socket() as socket, boris.socket() as boriss:
        assert (await anna.delete(message, **{"for": "me"})).status_code == 204
        event = await socket.until("hidden")
        assert (event["seq"], event["d"]["message_id"]) == (1, message.rpartition("/")[2])
        # What becomes of it later is told to her as a number only, so that her count of changes has no gap.
        await boris.edit(message, "hmm")
        assert (await socket.until("change"))["d"] == {"message": None}
        assert (await boriss.until("change"))["d"]["message"]["content"] == "hmm"
        assert not [frame for frame in boriss.heard if frame["t"] == "hidden"]
    (own,) = await anna.history(chat)
    assert (own["hidden"], own["content"], own["seq"]) == (True, None, 1)
    assert (await boris.history(chat))[0]["hidden"] is False
    assert (await anna.chat(chat))["mine"]["unread"] == 0
    assert (await anna.react(message, "👍")).status_code == 404


async def test_reactions_are_counted_once_for_each_person_and_kind(friends: Friends) -> None:
    anna, boris, clara = friends
    chat = await anna.group("reactions", [boris, clara])
    message = await anna.say(chat, "lunch?")
    for person in (anna, boris, clara, clara):
        assert (await person.react(message, "👍")).status_code == 200
    last = (await boris.react(message, "❤")).json()
    assert [(one["emoji"], one["count"]) for one in last["reactions"]] == [("👍", 3), ("❤️", 1)]
    assert (await clara.get(message))["reactions"][0]["user_ids"] == [clara.id, anna.id, boris.id]
    assert (await anna.chat(chat))["last_change"] == 4
    removed = await anna.delete(f"{message}/reactions/👍")
    assert [(one["emoji"], one["count"]) for one in removed.json()["reactions"]] == [("👍", 2), ("❤️", 1)]
    page = await anna.get(f"{message}/reactions/👍", limit=1)
    rest = await anna.get(f"{message}/reactions/👍", limit=1, cursor=page["next"])
    assert sorted(page["user_ids"] + rest["user_ids"]) == sorted([boris.id, clara.id])
    assert rest["next"] is None
    for nonsense in ("x", "👍👍", "no"):
        assert (await anna.react(message, nonsense)).status_code == 422


async def test_a_message_takes_twenty_kinds_of_reactions(friends: Friends) -> None:
    anna, boris, _ = friends
    message = await anna.say(await anna.group("many", [boris]), "react!")
    kinds = [chr(0x1F400 + number) for number in range(21)]
    answers = await asyncio.gather(*((anna, boris)[n % 2].react(message, kind) for n, kind in enumerate(kinds)))
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [409]
    there = [one["emoji"] for one in (await anna.get(message))["reactions"]]
    assert (await boris.react(message, there[0])).status_code == 200, "a kind that is there is no further one"


async def test_who_joined_later_hears_of_changes_before_only_that_there_was_one(
    friends: Friends, side: TestSide
) -> None:
    anna, boris, _ = friends
    chat = await anna.group("later", [boris])
    message = await anna.say(chat, "before")
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update chat_participants set visible_from_seq = 1 where chat_id = %s and user_id = %s", [chat, boris.id]
        )
    async with boris.socket() as socket:
        await anna.edit(message, "before, edited")
        assert (await socket.until("change"))["d"] == {"message": None}
    async with boris.socket({chat: 1}, {chat: 0}) as socket:
        *frames, done = socket.heard
        assert (chat in {frame["chat"] for frame in frames}, done["d"]["changes"][chat]) == (False, 1)
    assert await changes(boris, chat) == {"messages": [], "change": 1, "more": False}
    assert (await boris.get_status(message)) == 404
    assert (await boris.react(message, "👍")).status_code == 404


@pytest.mark.parametrize("verb", ["get", "put", "delete"])
async def test_nothing_of_a_strangers_chat_can_be_told_from_what_does_not_exist(friends: Friends, verb: str) -> None:
    anna, boris, clara = friends
    chat = await anna.group("secret", [boris])
    message = await anna.say(chat, "secret")
    nowhere = message.replace(chat, clara.id)
    paths = {
        "get": ["", "/edits", "/receipts", "/reactions/👍"],
        "put": ["", "/reactions/👍"],
        "delete": ["", "?for=me", "/reactions/👍"],
    }[verb]
    body = {"json": {"content": "x"}} if verb == "put" else {}
    for path in paths:
        answers = [await clara.http.request(verb, one + path, headers=clara.auth, **body) for one in (message, nowhere)]
        assert {answer.status_code for answer in answers} == {404}, path
        assert answers[0].json() == answers[1].json(), path
    for path in ("changes", "messages"):
        assert await clara.get_status(f"/v1/chats/{chat}/{path}") == 404
