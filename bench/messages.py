"""Messages from people to people: Cyphr with everything switched on, beside Socket.IO + pg and ejabberd, all durable.

In each round every server is started anew on the same PostgreSQL, one after the other. First each pair's one person
writes to the other, up to --outstanding messages unacknowledged; then one member of a group writes, each message once
the one before it has reached everybody and been confirmed; then --idle people connect and do nothing. A round counts
only when every message was acknowledged, delivered once to each listener and confirmed.
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from bench.consumption import processor_seconds, resident_bytes
from bench.conversations import Bystander, Line, Listener, Person, Speaker, converse
from bench.messengers import POOL, Cast, Messenger
from bench.messengers.cyphr import Cyphr
from bench.messengers.ejabberd import Ejabberd
from bench.messengers.socketio import SocketIo
from bench.rounds import percentile, publish, say, spread, turns
from bench.servers import SETTINGS, Server, server, temporary_folder
from cyphr.embedded.databases import SUPERUSERS
from cyphr.foundation.postgres import Side

_AT_ONCE = 50
_SETTLE_SECONDS = 2.0
_PHASES = ("direct", "group", "idle")
# So many messages until every connection of a pool has prepared its statements.
_GROUP_WARM_UP = 50
_MESSENGERS: dict[str, Callable[[Server, Cast, Path], Messenger]] = {
    "cyphr": Cyphr,
    "socketio": SocketIo,
    "ejabberd": Ejabberd,
}

_Guest = tuple[int, int | None, Person, int | None]
"""Number, chat, person, and the number of the one they listen to."""
Found = dict[str, dict[str, list[float]]]


async def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench messages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--outstanding", type=int, default=16)
    parser.add_argument("--messages", type=int, default=20_000, help="of all pairs together")
    parser.add_argument("--members", type=int, default=200, help="of the group")
    parser.add_argument("--group-messages", type=int, default=20)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--history", type=int, default=1000, help="messages that each pair has exchanged before")
    parser.add_argument("--only", choices=_MESSENGERS, action="append", help="leave the others out")
    parser.add_argument("--phase", choices=_PHASES, action="append", help="leave the other phases out")
    options = parser.parse_args(arguments)
    cast = Cast(options.pairs, options.members, options.idle, options.history)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        postgres = await stack.enter_async_context(server(16, folder / "postgres", superuser=SUPERUSERS[Side.SUPABASE]))
        messengers = await _set_up(options.only or list(_MESSENGERS), postgres, cast, folder)
        found: Found = {messenger.name: defaultdict(list) for messenger in messengers}
        for number, messenger in turns(messengers, options.rounds):
            if messenger.missing is None:
                await postgres.settle()
                for name, value in (await _measure(messenger, postgres, cast, options)).items():
                    found[messenger.name][name].append(value)
                say(f"round {number} of {options.rounds}: {messenger.name} {_shortly(found[messenger.name])}")
        about = {
            "rounds": options.rounds, "pairs": options.pairs, "outstanding": options.outstanding,
            "messages": options.messages, "members": options.members, "idle": options.idle,
            "history": options.history, "pool": POOL, "PostgreSQL": await postgres.version(), **SETTINGS,
        }  # fmt: skip
    _print(messengers, found, about)


async def _set_up(names: Sequence[str], postgres: Server, cast: Cast, folder: Path) -> list[Messenger]:
    messengers: list[Messenger] = []
    for name in names:
        own = folder / name
        own.mkdir()
        messengers.append(_MESSENGERS[name](postgres, cast, own))
        await messengers[-1].set_up()
    return messengers


async def _measure(messenger: Messenger, postgres: Server, cast: Cast, options: argparse.Namespace) -> dict[str, float]:
    async with messenger.running() as server_pids:
        pids = {"server": server_pids, "PostgreSQL": [postgres.cluster.process.pid]}
        # First those who do nothing: memory that work has left behind would be given to them.
        phases = options.phase or _PHASES
        idle = await _idle(messenger, server_pids, cast) if "idle" in phases else {}
        direct = await _direct(messenger, pids, cast, options) if "direct" in phases else {}
        group = await _group(messenger, pids, cast, options.group_messages) if "group" in phases else {}
    return direct | group | idle


async def _direct(
    messenger: Messenger, pids: dict[str, Sequence[int]], cast: Cast, options: argparse.Namespace
) -> dict[str, float]:
    speakers = [Speaker(options.outstanding) for _ in range(cast.pairs)]
    each = options.messages // cast.pairs
    people: list[_Guest] = []
    for chat, speaker in enumerate(speakers):
        people += [(2 * chat, chat, speaker, None), (2 * chat + 1, chat, Listener(speaker), 2 * chat)]
    async with _connected(messenger, people):
        say(f"{messenger.name}: the pairs write")
        await converse(speakers, 1, max(each // 10, 1))  # whatever compiles, plans or fills itself does so now
        before = {who: processor_seconds(of) for who, of in pids.items()}
        own = process_time()
        heard = await converse(speakers, 1, each)
        own = process_time() - own
        used = {who: processor_seconds(of) - before[who] for who, of in pids.items()}
    messages = each * cast.pairs
    return {
        "msg/s": messages / heard.seconds,
        "p50 ms": 1000 * percentile(heard.deliveries, 50),
        "p99 ms": 1000 * percentile(heard.deliveries, 99),
        "server µs": 1e6 * used["server"] / messages,
        "PostgreSQL µs": 1e6 * used["PostgreSQL"] / messages,
        "load": own / heard.seconds,
    }


async def _group(messenger: Messenger, pids: dict[str, Sequence[int]], cast: Cast, messages: int) -> dict[str, float]:
    speaker = Speaker(1)
    people: list[_Guest] = [(cast.speaker_of_group, cast.group, speaker, None)]
    people += [(one, cast.group, Listener(speaker), cast.speaker_of_group) for one in cast.listeners_of_group]
    listeners = len(cast.listeners_of_group)
    async with _connected(messenger, people):
        for _ in range(_GROUP_WARM_UP):
            await converse([speaker], listeners, 1)
        before = sum(processor_seconds(pids[who]) for who in ("server", "PostgreSQL"))
        last, whole = [], []
        for _ in range(messages):
            heard = await converse([speaker], listeners, 1)
            last.append(1000 * max(heard.deliveries))
            whole.append(1000 * heard.seconds)
        used = sum(processor_seconds(pids[who]) for who in ("server", "PostgreSQL")) - before
    return {
        "last delivery ms": median(last), "all confirmed ms": median(whole), "group CPU ms": 1000 * used / messages
    }  # fmt: skip


async def _idle(messenger: Messenger, server_pids: Sequence[int], cast: Cast) -> dict[str, float]:
    people: list[tuple[int, None, Bystander, None]] = [(one, None, Bystander(), None) for one in cast.idle_people]
    few = len(people) // 10  # whatever is made for the first connection is there before the others are weighed
    async with _connected(messenger, people[:few]):
        await asyncio.sleep(_SETTLE_SECONDS)
        before = resident_bytes(server_pids)
        async with _connected(messenger, people[few:]):
            await asyncio.sleep(_SETTLE_SECONDS)  # what it took to let them in may be given back
            held = resident_bytes(server_pids) - before
            for _, _, person, _ in people:
                person.line.ping()
            await asyncio.gather(*(person.answer for _, _, person, _ in people))
    return {"KB per idle": held / 1024 / (len(people) - few)}


@asynccontextmanager
async def _connected(messenger: Messenger, people: Sequence[_Guest]) -> AsyncIterator[list[Line]]:
    """Everybody signed in, some at a time, and signed out at the end."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def enter(number: int, chat: int | None, person: Person, speaker: int | None) -> Line:
        async with gate:
            person.line = await messenger.connect(number, chat, person, speaker=speaker)
            return person.line

    lines = await asyncio.gather(*(enter(*one) for one in people))
    try:
        yield lines
    finally:
        for line in lines:
            line.close()


def _shortly(found: dict[str, list[float]]) -> str:
    return ", ".join(f"{name} {numbers[-1]:.2f}" for name, numbers in found.items())


def _print(messengers: Sequence[Messenger], found: Found, about: dict[str, Any]) -> None:
    first = messengers[0].name
    names = list(found[first])
    compared = [name for name in ("msg/s", "p99 ms", "last delivery ms") if name in names]
    head = ["", *names, f"{', '.join(compared)}: {first} ÷ it"]
    rows = []
    for messenger in messengers:
        if messenger.missing is not None:
            rows.append([messenger.name, messenger.missing, *[""] * len(names)])
            continue
        numbers = found[messenger.name]
        ratios = [
            spread([ours / theirs for ours, theirs in zip(found[first][name], numbers[name], strict=True)], digits=2)
            for name in compared
            if messenger.name != first
        ]
        rows.append([messenger.name, *(spread(numbers[name], digits=2) for name in names), ", ".join(ratios)])
    publish("messages", head, rows, found, about)
