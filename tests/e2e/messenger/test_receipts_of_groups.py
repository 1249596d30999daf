"""Who hears how far a member has got."""

from cyphr.foundation.postgres import connect
from tests.conftest import TestSide
from tests.e2e.messenger.conftest import Register

_CROWD = """
with person as (insert into public.users (full_name) select 'Crowd' from generate_series(1, 30) returning id)
insert into public.chat_participants (chat_id, user_id) select %s, id from person
"""


async def test_in_a_large_group_only_who_wrote_hears_that_a_message_has_arrived(join: Register, side: TestSide) -> None:
    anna, boris, clara = await join("Anna"), await join("Boris"), await join("Clara")
    chat = await anna.group("Crowd", [boris, clara])
    async with await connect(side.superuser) as connection:
        await connection.execute(_CROWD, [chat])
    first = (await anna.send(chat, "hello")).json()["seq"]
    async with anna.socket() as annas, boris.socket() as boriss, boris.socket() as phone, clara.socket() as claras:
        await boriss.say("read", chat=chat, d={"seq": first})
        heard = {"user_id": boris.id, "received_seq": first, "read_seq": first}
        assert (await annas.until("receipt"))["d"] == heard
        assert (await phone.until("receipt"))["d"] == heard, "one's own other devices know what was read"
        second = (await clara.send(chat, "and hello to you")).json()["seq"]
        await annas.say("recv", chat=chat, d={"seq": second})
        await claras.until("receipt")
        told = [frame["d"]["user_id"] for frame in claras.heard if frame["t"] == "receipt"]
        assert told == [anna.id], "what Boris read was not Clara's"
