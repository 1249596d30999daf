"""The table of connections, and servers of both kinds that find each other through it: on a real DynamoDB stand-in."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from cyphr.embedded.aws import AwsStandIn
from cyphr.embedded.functions import TABLE, Functions
from cyphr.foundation.aws import table_client
from cyphr.foundation.errors import Conflict
from cyphr.foundation.ids import uuid7
from cyphr.messenger.realtime.processes import SIGNATURE, Seal
from cyphr.messenger.realtime.table import ConnectionTable, Place
from tests.conftest import Server
from tests.contract.runtimes import Runtime, functions, sharing_process
from tests.e2e.messenger.client import Client, register


@pytest_asyncio.fixture(scope="module")
async def table(stand_in: AwsStandIn) -> AsyncIterator[ConnectionTable]:
    await Functions(stand_in).prepare()
    with ThreadPoolExecutor(8) as threads:
        yield ConnectionTable(table_client(stand_in.settings), TABLE, threads)


MOST_AT_ONCE = 6
SENDS_BURST = 3
# Of what one person may send by the minute so little that a slow machine cannot make it seem enough.
# … and no time at all for a resume after its first page.
FEW = {"resume_seconds": 0, "most_at_once": MOST_AT_ONCE, "sends_burst": SENDS_BURST, "sends_per_minute": 1}


def a_place(**members: object) -> Place:
    given = {"id": uuid7(), "endpoint": "https://gateway", "user_id": uuid4(), "session_id": uuid4(), **members}
    return Place(address=str(given.pop("address", uuid4())), **given)  # type: ignore[arg-type]


async def test_a_connection_is_found_by_its_address_and_by_its_person_until_it_is_removed(
    table: ConnectionTable,
) -> None:
    phone = a_place()
    laptop = a_place(user_id=phone.user_id)
    for place in (phone, laptop):
        await table.admit(place.address, place.id)
        assert await table.find(place.address) is None
        assert await table.admission(place.address) == place.id
        await table.register(place, admitted=True)
        assert await table.admission(place.address) is None
    assert await table.find(phone.address) == phone
    assert set(await table.list_places([phone.user_id, uuid4()])) == {phone, laptop}
    for _ in range(2):
        await table.remove(phone.address)
    assert await table.list_places([phone.user_id]) == [laptop]


async def test_all_registered_connections_are_listed_page_by_page(
    table: ConnectionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyphr.messenger.realtime.table._LARGEST_PAGE", 2)
    registered, silent = [a_place() for _ in range(5)], a_place()
    await table.admit(silent.address, silent.id)
    for place in registered:
        await table.register(place, admitted=False)
    pages = [page async for page in table.list_all()]
    assert max(map(len, pages)) <= 2
    found = [place for page in pages for place in page]
    assert [found.count(place) for place in (*registered, silent)] == [1] * 5 + [0]


async def test_a_connection_that_has_gone_before_its_hello_is_not_registered(table: ConnectionTable) -> None:
    place = a_place()
    await table.admit(place.address, place.id)
    await table.remove(place.address)
    with pytest.raises(Conflict):
        await table.register(place, admitted=True)
    assert await table.list_places([place.user_id]) == []


async def test_many_connections_of_one_person_that_come_at_once_are_all_kept(table: ConnectionTable) -> None:
    first = a_place()
    places = [first, *(a_place(user_id=first.user_id) for _ in range(7))]
    await asyncio.gather(*(table.register(place, admitted=False) for place in places))
    assert set(await table.list_places([first.user_id])) == set(places)


async def test_more_people_than_one_request_takes_are_all_found(table: ConnectionTable) -> None:
    places = [a_place() for _ in range(105)]
    await asyncio.gather(*(table.register(place, admitted=False) for place in places))
    assert set(await table.list_places(place.user_id for place in places)) == set(places)


async def test_what_one_person_may_send_is_counted_by_all_servers_together(table: ConnectionTable) -> None:
    who = str(uuid4())
    waits = [await table.take(who, per_minute=60, burst=5) for _ in range(8)]
    assert waits[:5] == [0.0] * 5
    assert 0 < waits[7] <= 1.0
    assert await table.take(str(uuid4()), per_minute=60, burst=5) == 0.0


async def test_a_connection_types_in_one_chat_once_in_three_seconds(table: ConnectionTable) -> None:
    place, one, other = a_place(), uuid4(), uuid4()
    await table.register(place, admitted=False)
    assert [await table.may_type(place.address, chat) for chat in (one, one, other)] == [True, False, True]
    assert not await table.may_type("nobody", one)


@pytest_asyncio.fixture(scope="module")
async def both(
    stand_in: AwsStandIn, aws_server: Server, token_key: Path
) -> AsyncIterator[tuple[Runtime, Runtime, Runtime]]:
    """Functions and two processes, on one database and one table."""
    async with (
        aws_server.database(aws_server.full) as side,
        functions(stand_in, side, token_key, **FEW) as gateway,
        sharing_process(stand_in, side, token_key) as one,
        sharing_process(stand_in, side, token_key) as other,
    ):
        yield gateway, one, other


def at(person: Client, runtime: Runtime) -> Client:
    """The same person at another server."""
    base = str(runtime.http.base_url).rstrip("/")
    websocket = runtime.settings.realtime.url or f"{base.replace('http', 'ws', 1)}/v1/ws"
    return Client(runtime.http, base, person.email, person.session, websocket)


async def test_functions_and_processes_deliver_to_each_other(both: tuple[Runtime, Runtime, Runtime]) -> None:
    gateway, one, other = both
    anna, boris = await register(one.http, "Anna"), await register(one.http, "Boris")
    chat = await anna.direct(boris)
    async with (
        at(anna, gateway).socket() as through_gateway,
        at(anna, one).socket() as at_one,
        at(boris, other).socket() as at_other,
    ):
        everywhere = (through_gateway, at_one, at_other)
        for number, speaker in enumerate(everywhere, start=1):
            await speaker.send(chat, str(number))
            await speaker.until("ack")
            for listener in everywhere:
                if listener is not speaker:
                    assert (await listener.until("msg"))["seq"] == number
        await at_other.say("typing", chat=chat)
        for listener in (through_gateway, at_one):
            assert (await listener.until("typing"))["d"] == {"user_id": boris.id}


async def test_a_session_that_is_revoked_at_one_server_loses_its_connections_at_all(
    both: tuple[Runtime, Runtime, Runtime],
) -> None:
    gateway, one, other = both
    anna = await register(one.http, "Anna")
    async with at(anna, gateway).socket() as through_gateway, at(anna, other).socket() as at_other:
        assert (await anna.http.delete("/v1/sessions/current", headers=anna.auth)).status_code == 204
        for socket in (through_gateway, at_other):
            assert (await socket.until("bye"))["d"] == {"code": 4401}


async def test_only_servers_of_the_deployment_may_post_to_connections(both: tuple[Runtime, Runtime, Runtime]) -> None:
    _, one, _ = both
    body = b'{"addresses":["nobody"],"code":4401}'
    old = Seal(b"another key").sign(body)
    for signature in ("", "0,00", old, "not a signature"):
        answer = await one.http.post("/@connections", content=body, headers={SIGNATURE: signature})
        assert answer.status_code == 401, signature


async def test_an_event_for_more_connections_than_one_server_posts_to_goes_through_the_queue(
    both: tuple[Runtime, Runtime, Runtime], table: ConnectionTable
) -> None:
    gateway, one, _ = both
    anna, boris = await register(one.http, "Anna"), await register(one.http, "Boris")
    chat = await anna.direct(boris)
    # Connections that have gone without a word: found out when they are posted to, and then forgotten.
    for _ in range(MOST_AT_ONCE + 2):
        await table.register(a_place(user_id=boris.id, endpoint=gateway.settings.realtime.endpoint), admitted=False)
    async with at(boris, gateway).socket() as his:
        await at(anna, gateway).send(chat, "to all")
        assert (await his.until("msg"))["d"]["message"]["content"] == "to all"
        async with asyncio.timeout(60):
            while len(await table.list_places([UUID(boris.id)])) > 1:
                await asyncio.sleep(0.1)


async def test_who_sends_too_much_through_functions_is_slowed_and_nothing_of_it_is_stored(
    both: tuple[Runtime, Runtime, Runtime],
) -> None:
    gateway, one, _ = both
    anna, boris = await register(one.http, "Anna"), await register(one.http, "Boris")
    chat = await anna.direct(boris)
    async with at(anna, gateway).socket() as socket:
        for _ in range(SENDS_BURST):
            await socket.send(chat, "quick")
            await socket.until("ack")
        refused = await socket.send(chat, "too quick")
        assert (await socket.until("slow"))["id"] == refused
    assert (await boris.get("/v1/chats"))[0]["last_seq"] == SENDS_BURST


async def test_a_function_that_has_no_time_left_goes_on_with_the_resume_when_the_client_says_what_it_holds(
    both: tuple[Runtime, Runtime, Runtime],
) -> None:
    gateway, one, _ = both
    anna, boris = await register(one.http, "Anna"), await register(one.http, "Boris")
    chat = await anna.direct(boris)
    for number in range(5):
        assert (await anna.send(chat, f"{number} {'x' * 15_000}")).status_code == 201
    async with at(boris, gateway).stranger() as socket:
        await socket.say("hello", d={"token": boris.session["access_token"]})
        for held in range(1, 6):
            await socket.until("resume.more")
            assert [message["seq"] for message in socket.messages()] == list(range(1, held + 1))
            await socket.say("resume", d={"heads": {chat: held}})
        assert (await socket.until("resume.done"))["d"]["heads"] == {chat: 5}
