"""Walks every phase of a migration on one machine while people chat: there, back, and there again."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from cyphr.embedded.addresses import PUBLIC_BUCKET, SUPABASE_ISSUER
from cyphr.embedded.people.audit import audit
from cyphr.embedded.people.record import Record
from cyphr.embedded.people.requests import Api
from cyphr.embedded.people.tally import Tally
from cyphr.embedded.people.veterans import Veteran, Veterans
from cyphr.embedded.rehearsal.canaries import register_canaries
from cyphr.embedded.rehearsal.crowd import CrowdProcess
from cyphr.embedded.rehearsal.machine import describe_machine
from cyphr.embedded.rehearsal.migrator import MigratorProcess
from cyphr.embedded.rehearsal.outcome import Move, Outcome, Step
from cyphr.embedded.rehearsal.sample import grow_history, put_avatars
from cyphr.embedded.rehearsal.veterans import settle_veterans
from cyphr.embedded.stack import Stack
from cyphr.foundation.clock import monotonic, now
from cyphr.foundation.errors import Unavailable
from cyphr.foundation.postgres import Side, connect
from cyphr.migrate.conductor import ask
from cyphr.migrate.journal import Journal, Phase
from cyphr.migrate.preflight.fingerprint import read_objects
from cyphr.migrate.report.history import move_times, phase_seconds, read_history
from cyphr.schema.restore import restore_backup

KILLABLE = ("copy", "follow", "handover", "handback")
_SERVICES = ("files", "database", "auth", "realtime")  # in the order in which they are handed over
_PHASE_SECONDS = 300.0
_GATEWAY_RATE = 2.0  # messages a second
_GATEWAY_USERS = 1.0  # as busy as so many are by habit
_AFTERMATH_SECONDS = 0.5
_POLL_SECONDS = 0.002
_WATCH_SECONDS = 0.2


@dataclass(frozen=True)
class Options:
    """What a rehearsal is told."""

    folder: Path
    backup: Path
    seconds: float = 24.0
    rate: float = 40.0
    users: int = 20
    rows: int = 20_000
    kill: str | None = None
    keep: bool = False
    wait_limit_ms: float = 250.0
    """The longest that a write may wait around a move before the promise counts as broken."""
    web_folder: Path | None = None


@dataclass(frozen=True)
class Moving:
    """A handover or handback that began at ``since`` (seconds since 1970), and whether it is over."""

    service: str
    direction: str
    since: float
    over: bool = False


class Rehearsal:
    """One rehearsal. ``say`` is told of each step; the attributes show the state between them."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self.outcome = Outcome(killed_in=options.kill, wait_limit_ms=options.wait_limit_ms)
        self.crowd = CrowdProcess(options.folder / "people")
        self.migrator = MigratorProcess(options.folder / "migrator")
        self._tell = say
        self.stack = Stack(
            options.folder,
            fresh=True,
            web_folder=options.web_folder,
            # So that everybody has gone well before the next move.
            move_seconds=options.seconds / 6,
            say=self._say,
        )
        self.phases: list[Phase] = []
        self.schema: dict[str, str] = {}
        """What the Supabase side's schema was when the migration began, for the record."""
        self.moving: Moving | None = None
        """The move that is under way, or the last one."""
        self._kill_pending = options.kill
        self._known: list[Veteran] = []
        self._resources = AsyncExitStack()
        self._journal: Journal | None = None

    def _say(self, text: str) -> None:
        self.outcome.steps.append(Step(now().timestamp(), text))
        self._tell(text)

    async def run(self) -> Outcome:
        """Build everything, migrate, and look everything up again. However it ends, ``outcome`` holds what is known."""
        async with self.stack:
            self.outcome.machine = describe_machine(self.stack)
            try:
                await self._prepare()
                async with Journal.open(self.stack.owner(Side.AWS)) as journal:
                    self._journal = journal
                    watching = asyncio.create_task(self._watch(journal))
                    try:
                        await self._migrate(journal)
                    finally:
                        watching.cancel()
                        await asyncio.gather(watching, return_exceptions=True)
                        with contextlib.suppress(Unavailable, psycopg.Error):
                            await self._collect(journal)
            finally:
                await self._resources.aclose()
                self.outcome.last_line = self.crowd.line
                await self.crowd.kill()
                await self.migrator.stop()
            if self.options.keep:
                self.stack.leave_running()
        return self.outcome

    async def _prepare(self) -> None:
        async with self._timed("prepare"):
            await self._fill_supabase()
            await self.stack.start_messenger()
            settings = self.stack.messenger_settings()
            async with await connect(self.stack.owner(Side.SUPABASE)) as connection:
                assert settings.files_supabase_url is not None
                pictures = await put_avatars(connection, self.stack.aws, PUBLIC_BUCKET, settings.files_supabase_url)
                secret = self.stack.secrets.supabase_secret().read_text().strip()
                self._known = await settle_veterans(connection, SUPABASE_ISSUER, secret)
            self._say(f"{pictures} people of the backup have a picture in Supabase Storage")
            self._say(f"{len(self._known)} more have a password at Supabase Auth")
        async with self._timed("people arrive"):
            self._say(f"{self.options.users} people sign up")
            await self.crowd.start(self.stack.address, users=self.options.users, rate=self.options.rate)
            self._say(f"{self.options.users} people chat, {self.options.rate:g} messages a second")

    async def _fill_supabase(self) -> None:
        async with await connect(self.stack.owner(Side.SUPABASE)) as connection:
            self.schema = await read_objects(connection)
            restored = await restore_backup(connection, self.options.backup)
            self._say(f"restored the backup: {sum(table.rows for table in restored.tables)} rows")
            await grow_history(connection, self.options.rows)
            self._say(f"added {self.options.rows:,} old messages")

    async def _migrate(self, journal: Journal) -> None:
        interval = self.options.seconds / 4
        canaries = await register_canaries(self.stack.address, self.stack.secrets.folder)
        self.migrator.configure(self.stack, canaries)
        self._say("the migration begins")
        self.migrator.start()
        await self._kill_once("copy", self._is_copying)
        services = await self._until_following(journal)
        self._say("copied; following what people write")
        await asyncio.sleep(interval / 2)
        await self._kill_once("follow")
        veterans = await self._veterans()
        await asyncio.gather(asyncio.sleep(interval / 2), self._visit(veterans, "following"))
        for turn, direction in enumerate(("handover", "handback", "handover")):
            for service in services if direction == "handover" else reversed(services):
                await (self._move_people if service == "realtime" else self._move)(journal, direction, service)
            phase = "handed back" if direction == "handback" else "handed over again" if turn else "handed over"
            await asyncio.gather(asyncio.sleep(interval), self._visit(veterans, phase))
        self._say("the people finish and leave")
        record = self.outcome.record = await self.crowd.stop()
        record.include(self._old_record)
        for move in self.outcome.moves:
            # What waited for the successor of a killed migrator belongs to that move, not to the one before it.
            killed = [other.started_at for other in self.outcome.moves if other.killed and other is not move]
            end = min([move.ended_at, *(started for started in killed if started >= move.started_at)])
            longest = record.longest_wait(move.started_at, end)
            move.longest_write_wait_ms = longest.wait_ms if longest else 0.0
        await self._prove(journal, services)

    async def _veterans(self) -> Veterans:
        url = self.stack.address
        self._old_record = Record(url=url, started_at=now().timestamp())
        tally = Tally(self._old_record)
        api = await self._resources.enter_async_context(Api(url, tally))
        return Veterans(api, tally, self._known, random.Random(self.options.users))  # noqa: S311 - of play

    async def _visit(self, veterans: Veterans, phase: str) -> None:
        visit = await veterans.visit(phase)
        self.outcome.visits.append(visit)
        self._say(
            f"{phase}: {visit.by_password + visit.by_authenticator} people signed in with their password of Supabase "
            f"for the first time, {visit.by_old_session} by a session of Supabase's, {visit.registered} registered, "
            f"{visit.still_signed_in} are still signed in"
        )

    async def _until_following(self, journal: Journal) -> list[str]:
        """The services in the order in which they are handed over, once all of them are followed."""
        async with asyncio.timeout(_PHASE_SECONDS):
            while True:
                self.migrator.check()
                phases = {phase.service: phase.phase for phase in await journal.phases()}
                if set(phases) == set(_SERVICES) and set(phases.values()) == {"following"}:
                    return list(_SERVICES)
                await asyncio.sleep(0.05)

    async def _move_people(self, journal: Journal, direction: str, service: str) -> None:
        """Move realtime, and wait until everybody has gone. They are calmer at the stand-in's API Gateway: it runs one
        invocation at a time, where AWS runs a thousand.
        """
        calm = min(1.0, _GATEWAY_RATE / self.options.rate, _GATEWAY_USERS / self.options.users)
        if direction == "handover":
            await self.crowd.set_pace(calm)
        await self._move(journal, direction, service)
        await self.crowd.until_away(self.options.users if direction == "handover" else 0)
        where = Side.AWS if direction == "handover" else Side.SUPABASE
        self._say(f"all {self.options.users} people have gone to the endpoint of {where}")
        if direction == "handback":
            await self.crowd.set_pace(1.0)

    async def _move(self, journal: Journal, direction: str, service: str) -> None:
        to = Side.AWS if direction == "handover" else Side.SUPABASE
        self.moving = Moving(service, direction, now().timestamp())
        killing = asyncio.create_task(self._kill_while_moving(direction, service, to.other))
        timing = await ask(journal, direction, service)
        killed = await killing
        began, ended = move_times(await journal.events(), service, direction)[-1]
        move = Move(service, direction, began.timestamp(), ended.timestamp() + _AFTERMATH_SECONDS, killed=killed)
        for name in ("fence_ms", "drain_ms", "check_ms", "open_ms", "blocked_ms"):
            setattr(move, name, float(timing.get(name, 0.0)))
        self.outcome.moves.append(move)
        self.moving = replace(self.moving, over=True)
        waited = "the migrator was killed under it" if killed else f"writes held for {move.blocked_ms:.1f} ms"
        self._say(f"{direction} of {service} to {to}: {waited}")

    async def _kill_while_moving(self, direction: str, service: str, old: Side) -> bool:
        """With ``--kill handover`` or ``handback``: kill the migrator the moment the old writer is fenced."""
        if self._kill_pending != direction or service != "database":
            return False
        async with await connect(self.stack.owner(old)) as connection:

            async def is_fenced() -> bool:
                cursor = await connection.execute("select side from cyphr.switchboard where service = 'database'")
                row = await cursor.fetchone()
                return row is not None and row[0] != old

            await self._kill_once(direction, is_fenced)
        return True

    async def _kill_once(self, phase: str, moment: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Kill the migrator with SIGKILL if this is the phase to do it in, once ``moment`` has come; start another."""
        if self._kill_pending != phase:
            return
        self._kill_pending = None
        if moment is not None:
            await self._until(moment)
        await self.migrator.kill()
        self._say(f"killed the migrator with SIGKILL in the phase {phase!r}; another one continues")
        self.migrator.start()
        await self._until(self._is_migrator_running)

    async def _is_migrator_running(self) -> bool:
        assert self._journal is not None
        return await self._journal.is_migrator_running()

    async def _until(self, moment: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(_PHASE_SECONDS):
            while not await moment():
                await asyncio.sleep(_POLL_SECONDS)

    async def _is_copying(self) -> bool:
        """Whether the first table is copied and others are not."""
        async with await connect(self.stack.owner(Side.AWS)) as connection:
            cursor = await connection.execute("select to_regclass('cyphr.copied') is not null")
            if await cursor.fetchone() != (True,):
                return False
            cursor = await connection.execute("select exists (select from cyphr.copied)")
            return await cursor.fetchone() == (True,)

    async def _watch(self, journal: Journal) -> None:
        """Keep the picture of the phases current for whoever draws it."""
        while True:
            with contextlib.suppress(Unavailable, psycopg.OperationalError):
                self.phases = await journal.phases()
            await asyncio.sleep(_WATCH_SECONDS)

    @asynccontextmanager
    async def _timed(self, name: str) -> AsyncIterator[None]:
        started = monotonic()
        try:
            yield
        finally:
            self.outcome.phases[name] = monotonic() - started

    async def _prove(self, journal: Journal, services: list[str]) -> None:
        async with self._timed("proof"):
            for service in services:
                found = await ask(journal, "verify", service)
                self.outcome.verifications[service] = found
                self._say(f"{service}: {found['checked']:,} compared on both sides, {len(found['differences'])} differ")
            self.outcome.verified = all(not found["differences"] for found in self.outcome.verifications.values())
            record = self.outcome.record
            assert record is not None
            for side in Side:
                async with await connect(self.stack.owner(side)) as connection:
                    self.outcome.audits[side] = await audit(record, connection)
            self._say(f"looked up {self.outcome.audits[Side.AWS].looked_up:,} acknowledged writes on each side")

    async def _collect(self, journal: Journal) -> None:
        """What the journal knows, however far the migration came."""
        events = await journal.events()
        self.outcome.history = read_history(events)
        self.outcome.phases |= phase_seconds(events)
        for phase in await journal.phases():
            self.outcome.rows_copied += phase.progress.get("rows_copied", 0)
