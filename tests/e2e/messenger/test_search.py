"""Search in two languages within one's own chats, and drafts on all of one's devices."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from cyphr.foundation.postgres import connect
from cyphr.messenger.messages.cursors import Place
from tests.conftest import TestSide
from tests.e2e.messenger.client import Client
from tests.e2e.messenger.conftest import Friends


async def find(person: Client, words: str, **params: Any) -> list[str]:
    found = await person.get("/v1/search/messages", words=words, **params)
    return [hit["message"]["content"] for hit in found["hits"]]


async def test_words_are_found_in_any_form_in_russian_and_english(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("words", [boris])
    for text in ("Купила билеты на поезд", "We are meeting at the stations", "Ёлка стоит 100 рублей", "a <b>tag</b>"):
        await anna.say(chat, text)
    assert await find(boris, "билет", chat_id=chat) == ["Купила билеты на поезд"]
    assert await find(boris, "поездом купить", chat_id=chat) == ["Купила билеты на поезд"]
    assert await find(boris, "meet station", chat_id=chat) == ["We are meeting at the stations"]
    assert await find(boris, "100", chat_id=chat) == ["Ёлка стоит 100 рублей"]
    assert await find(boris, '"on the train"', chat_id=chat) == []
    assert await find(boris, "билет -поезд", chat_id=chat) == []
    assert await find(boris, "the", chat_id=chat) == [], "a word without weight finds nothing, and no error"
    for nonsense in ("'", "& | !", ":*", "\\"):
        assert await find(boris, nonsense, chat_id=chat) == []
    assert (await boris.http.get("/v1/search/messages", params={"words": "  "}, headers=boris.auth)).status_code == 422


async def test_what_was_looked_for_is_marked_in_the_snippet(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("marks", [boris])
    await anna.say(chat, "bring the \x02tickets\x03 😀, two tickets")
    (hit,) = (await boris.get("/v1/search/messages", words="ticket", chat_id=chat))["hits"]
    assert hit["snippet"] == "bring the tickets 😀, two tickets"
    units = hit["snippet"].encode("utf-16-le")
    marked = [units[2 * one["start"] :][: 2 * one["length"]].decode("utf-16-le") for one in hit["highlights"]]
    assert marked == ["tickets", "tickets"]


async def test_nobody_finds_what_they_may_not_read(friends: Friends, side: TestSide) -> None:
    anna, boris, clara = friends
    chat = await anna.group("treasure", [boris, clara])
    first = await anna.say(chat, "treasure one")
    second = await anna.say(chat, "treasure two")
    third = await anna.say(chat, "treasure three")
    everything = ["treasure three", "treasure two", "treasure one"]
    assert await find(boris, "treasure") == await find(clara, "treasure") == everything
    others = await anna.group("others' treasure", [boris])
    await anna.say(others, "treasure of others")
    assert await find(clara, "treasure") == everything
    assert await find(clara, "treasure", chat_id=others) == []
    await anna.delete(f"/v1/chats/{others}/messages/{(await anna.history(others))[0]['id']}")
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update chat_participants set visible_from_seq = 1 where chat_id = %s and user_id = %s", [chat, clara.id]
        )
    assert await find(clara, "treasure") == everything[:2]
    await boris.delete(second, **{"for": "me"})
    await anna.edit(first, "gold")
    await anna.delete(third)
    assert await find(boris, "treasure") == []
    assert await find(boris, "gold", chat_id=chat) == ["gold"]
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update chat_participants set left_at = now() where chat_id = %s and user_id = %s", [chat, clara.id]
        )
    assert await find(clara, "treasure") == []
    assert await find(clara, "treasure", chat_id=chat) == []


async def test_what_is_found_is_paged_newest_first(friends: Friends) -> None:
    anna, boris, _ = friends
    chat = await anna.group("pages", [boris])
    for number in range(7):
        await anna.say(chat, f"needle {number}")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await boris.get("/v1/search/messages", words="needle", limit=3, **cursor)
        seen += [hit["message"]["content"] for hit in page["hits"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [f"needle {number}" for number in reversed(range(7))]


def cursor_at(moment: str) -> str:
    return quote(str(Place(moment, uuid4())))


@pytest.mark.parametrize("path", ["/v1/search/messages?words=x&cursor=", "/v1/drafts?cursor="])
async def test_a_cursor_that_is_none_is_refused(friends: Friends, path: str) -> None:
    for cursor in ("x", "bm8gY3Vyc29y", "MjAyNiAx", cursor_at("0001-01-01T00:00:00+23:59")):
        assert await friends[0].get_status(path + cursor) == 422


async def test_a_draft_is_on_all_of_ones_devices_and_on_nobody_elses(friends: Friends) -> None:
    anna, boris, clara = friends
    chat, other = await anna.group("drafts", [boris]), await anna.group("more", [boris])
    async with anna.socket() as phone, boris.socket() as boriss:
        put = await anna.put(f"/v1/chats/{chat}/draft", {"content": "Dear "})
        assert put.status_code == 200, put.text
        assert (await phone.until("draft", chat=chat))["d"]["draft"] == put.json()
        await anna.put(f"/v1/chats/{chat}/draft", {"content": "Dear Boris"})
        await anna.put(f"/v1/chats/{other}/draft", {"content": ""})
        page = await anna.get("/v1/drafts", limit=1)
        rest = await anna.get("/v1/drafts", limit=1, cursor=page["next"])
        assert [one["content"] for one in page["drafts"] + rest["drafts"]] == ["", "Dear Boris"]
        assert rest["next"] is None
        for _ in range(2):
            assert (await anna.delete(f"/v1/chats/{chat}/draft")).status_code == 204
        while (await phone.until("draft", chat=chat))["d"]["draft"] is not None:
            pass
        await boriss.say("ping")
        await boriss.until("pong")
        assert not [frame for frame in boriss.heard if frame["t"] == "draft"]
    assert (await clara.put(f"/v1/chats/{chat}/draft", {"content": "x"})).status_code == 404
    assert (await boris.get("/v1/drafts"))["drafts"] == []
