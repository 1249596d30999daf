"""Messages that disappear: nobody reads them from the moment on, and the sweep takes them off the disk."""

import asyncio
import json

from cyphr.foundation.postgres import Database, connect
from cyphr.foundation.switchboard import Switchboard
from cyphr.messenger.messages.expiry import Expiry
from tests.conftest import TestSide
from tests.e2e.messenger.conftest import Friends, on_the_other_side_in_the_soak

pytestmark = on_the_other_side_in_the_soak

DAY = 86_400


async def let_expire(side: TestSide, chat: str) -> None:
    """As if the day were over."""
    async with await connect(side.owner) as connection:
        await connection.execute(
            "update messages set expires_at = now() - interval '1 second' where chat_id = %s and expires_at > now()",
            [chat],
        )


async def test_messages_sent_after_the_setting_disappear_and_those_before_it_stay(
    friends: Friends, side: TestSide
) -> None:
    anna, boris, clara = friends
    chat, elsewhere = await anna.group("vanishing", [boris]), await anna.group("elsewhere", [clara])
    await anna.say(chat, "stays")
    assert (await anna.put(f"/v1/chats/{chat}/disappearing", {"seconds": DAY})).status_code == 204
    assert (await boris.chat(chat))["disappear_after"] == DAY
    async with boris.socket() as socket:
        message = await anna.say(chat, "vanishes")
        told = (await socket.until("msg"))["d"]["message"]
    assert told == await boris.get(message)
    assert told["expires_at"] > told["created_at"]
    await boris.react(message, "👍")
    await anna.edit(message, "vanishes soon")
    assert (await boris.forward(message, await boris.group("kept", [anna]))).status_code == 201
    await let_expire(side, chat)
    stays, gone = (one for one in await boris.history(chat) if one["message_type"] != "notice")
    assert (stays["content"], stays["expires_at"]) == ("stays", None)
    assert [gone[name] for name in ("content", "reactions", "edited_at")] == [None, [], None]
    assert gone["deleted_at"] == gone["expires_at"]
    assert (await boris.chat(chat))["mine"]["unread"] == 1
    assert (await anna.forward(message, elsewhere)).status_code == 422
    assert (await anna.edit(message, "back")).status_code == 404
    assert (await boris.react(message, "🎉")).status_code == 404
    assert await boris.get(f"{message}/edits") == []
    assert (await boris.get("/v1/search/messages", words="vanishes", chat_id=chat))["hits"] == []


async def test_what_has_expired_is_emptied_however_many_servers_sweep_at_once(friends: Friends, side: TestSide) -> None:
    anna, boris, _ = friends
    chat = await anna.group("swept", [boris])
    await anna.put(f"/v1/chats/{chat}/disappearing", {"seconds": DAY})
    messages = [await anna.say(chat, f"secret {number}") for number in range(3)]
    await anna.edit(messages[0], "secret 0!")
    await boris.react(messages[1], "👍")
    await let_expire(side, chat)
    before = await boris.history(chat)
    switchboard = Switchboard({side.side: Database(side.side, side.app, pool_size=2)})
    await switchboard.open()
    try:
        await asyncio.gather(*(Expiry(switchboard).sweep() for _ in range(3)))
        assert await Expiry(switchboard).sweep() == 0
    finally:
        await switchboard.close()
    assert await boris.history(chat) == before, "whether it was swept cannot be told"
    async with await connect(side.owner) as connection:
        cursor = await connection.execute(
            "select count(*) filter (where content is not null), count(*),"
            " (select count(*) from message_edits edit where edit.message_id = any(array_agg(message.id))),"
            " (select count(*) from message_reactions one where one.message_id = any(array_agg(message.id)))"
            " from messages message where chat_id = %s and message_type <> 'notice'",
            [chat],
        )
        assert await cursor.fetchone() == (0, 3, 0, 0)


async def test_a_message_of_the_old_server_disappears_with_the_others(friends: Friends, side: TestSide) -> None:
    anna, boris, _ = friends
    chat = await anna.group("old and new", [boris])
    await anna.put(f"/v1/chats/{chat}/disappearing", {"seconds": DAY})
    async with await connect(side.owner) as connection:
        await connection.execute(
            "insert into messages (chat_id, sender_id, content) values (%s, %s, 'old')", [chat, boris.id]
        )
    *_, old = await anna.history(chat)
    assert old["expires_at"] is not None


async def test_who_says_how_long_messages_live_says_so_in_the_chat_once(friends: Friends) -> None:
    anna, boris, _ = friends
    for chat in (await anna.group("told", [boris]), await anna.direct(boris)):
        async with boris.socket() as socket:
            for seconds in (DAY, DAY, None):
                assert (await anna.put(f"/v1/chats/{chat}/disappearing", {"seconds": seconds})).status_code == 204
            for place, seconds in enumerate((DAY, None), start=1):
                notice = await socket.until("msg", chat=chat)
                assert notice["seq"] == place, "what changes nothing is not told"
                assert json.loads(notice["d"]["message"]["content"]) == {
                    "event": "chat_changed",
                    "changes": {"disappear_after": seconds},
                }
        assert [one["expires_at"] for one in await boris.history(chat)] == [None, None], "a notice stays"


async def test_in_a_group_its_admins_say_how_long_messages_live_and_between_two_either(friends: Friends) -> None:
    anna, boris, clara = friends
    group, direct = await anna.group("whose", [boris]), await anna.direct(boris)
    assert (await boris.put(f"/v1/chats/{group}/disappearing", {"seconds": DAY})).status_code == 403
    assert (await clara.put(f"/v1/chats/{group}/disappearing", {"seconds": DAY})).status_code == 404
    assert (await anna.put(f"/v1/chats/{group}/disappearing", {"seconds": 1})).status_code == 422
    assert (await boris.put(f"/v1/chats/{direct}/disappearing", {"seconds": DAY})).status_code == 204
    assert (await anna.put(f"/v1/chats/{direct}/disappearing", {"seconds": None})).status_code == 204
    assert (await boris.chat(direct))["disappear_after"] is None
