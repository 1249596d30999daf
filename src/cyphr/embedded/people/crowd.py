"""Runs simulated people: they arrive, chat until told to stop, finish what is in flight, and compare what they hold."""

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from cyphr.embedded.people import contents
from cyphr.embedded.people.delivery import delivery_problems, missing_messages
from cyphr.embedded.people.habits import Habits, live
from cyphr.embedded.people.identity import Identity, new_random_pin
from cyphr.embedded.people.inbox import Draft
from cyphr.embedded.people.person import Person, World
from cyphr.embedded.people.record import WRITES, Record
from cyphr.embedded.people.requests import Api, RequestFailed
from cyphr.embedded.people.tally import Line, State, Tally
from cyphr.foundation.clock import monotonic, now

_LINE_SECONDS = 0.1
_ARRIVING_AT_ONCE = 4
_LOOKING_AT_ONCE = 2
_ONLINE_PATIENCE_SECONDS = 30.0
_DELIVERY_PATIENCE_SECONDS = 5.0
_CLOSING_PATIENCE_SECONDS = 5.0


class Crowd:
    """One run. ``run`` does it all; ``stop`` ends the chatting early."""

    def __init__(
        self,
        url: str,
        *,
        users: int = 20,
        rate: float = 40.0,
        seconds: float | None = None,
        habits: Habits | None = None,
        report: Callable[[Line], None] | None = None,
        seed: int | None = None,
    ) -> None:
        """``rate``: messages per second of all together. ``seconds``: of chatting; None: until ``stop``.

        ``report`` is called with the counters ten times a second, and when the state changes.
        """
        if users < 2:
            raise ValueError("it takes two to chat")
        self.record = Record(url=url, started_at=now().timestamp())
        self.people: list[Person] = []
        self._drafts: dict[str, Draft] = {}
        self._tally = Tally(self.record)
        self._pace = 1.0
        self._users, self._rate, self._seconds = users, rate, seconds
        self._habits = habits or Habits()
        self._report = report
        self._dice = random.Random(seed)  # noqa: S311  (what people do next is no secret)
        self._stopping = asyncio.Event()

    def set_pace(self, pace: float) -> None:
        """Do everything so many times as fast as the rates and the habits say, from now on."""
        self._pace = pace
        for person in self.people:
            person.pace = pace

    def stop(self) -> None:
        """Stop chatting; ``run`` returns when what is in flight has been answered."""
        self._stopping.set()

    async def run(self) -> Record:
        """The whole run; its record, which is also there (``self.record``) while it goes on."""
        cpu = time.process_time()
        reporting = asyncio.create_task(self._report_lines())
        connections: list[asyncio.Task[None]] = []
        try:
            async with Api(self.record.url, self._tally) as api:
                try:
                    await self._arrive(api)
                    connections = [asyncio.create_task(person.connection.run()) for person in self.people]
                    await self._introduce()
                    self._enter("chatting")
                    await self._chat()
                    self._enter("leaving")
                    await self._leave()
                finally:
                    await self._disconnect(connections)
        finally:
            reporting.cancel()
            self.record.unacknowledged = [id_ for id_ in self._drafts if id_ not in self.record.messages]
            self.record.ended_at = now().timestamp()
            self.record.cpu_seconds = time.process_time() - cpu
            self._enter("done")
        return self.record

    # -- the stages

    async def _arrive(self, api: Api) -> None:
        """Everybody registers; a few at a time, because hashing PINs keeps the server busy."""
        run = secrets.token_hex(3)
        websocket_url = await api.find_websocket()
        world = World(api, self._tally, websocket_url, self._dice, self._drafts, self.people)

        async def arrive(index: int) -> None:
            identity = Identity(
                api,
                self._tally,
                full_name=contents.full_name(index),
                email=f"person{index}.{run}@people.cyphr.test",
                cyphr_id=f"@person{index}_{run}",
                pin=new_random_pin(self._dice),
            )
            person = Person(world, identity)
            await person.arrive()
            self.people.append(person)

        await self._all((arrive(index) for index in range(self._users)), at_once=_ARRIVING_AT_ONCE)
        if len(self.people) < 2:
            first = self.record.failures[0]
            raise RequestFailed(
                f"of {self._users} people {len(self.people)} could register; {first.what} failed first: {first.detail}"
            )

    async def _introduce(self) -> None:
        """Chats with the next two in the round and with anybody, sometimes from both ends; a group of all."""
        await self._until_online()
        people = self.people

        async def introduce(index: int, person: Person) -> None:
            others = {people[(index + 1) % len(people)], people[(index + 2) % len(people)], self._dice.choice(people)}
            for other in others - {person}:
                await person.open_chat("direct", [other])

        group = people[0].open_chat("group", people[1:], name="Все / everyone 🎉")
        await self._all([group, *(introduce(index, person) for index, person in enumerate(people))])

    async def _chat(self) -> None:
        living = [asyncio.create_task(live(person, self._habits)) for person in self.people]
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._write_messages()
        finally:
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)

    async def _write_messages(self) -> None:
        """Messages at random moments (a Poisson process), by whoever does not wait for too many acknowledgements."""
        moment = monotonic()
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            while not stopped.done():
                # After a stall of the machine at most one second's messages are made up for.
                moment = max(moment + self._dice.expovariate(self._rate * self._pace), monotonic() - 1)
                await asyncio.wait([stopped], timeout=max(0, moment - monotonic()))
                if free := [person for person in self.people if person.may_send()]:
                    person = self._dice.choice(free)
                    person.begin(person.send)
        finally:
            stopped.cancel()

    async def _leave(self) -> None:
        """Finish what is in flight, see that all was delivered live, resume once more, and prove the last PINs."""
        await asyncio.gather(*(person.finish() for person in self.people))
        if not await self._until_online():
            return
        await self._until_delivered()
        for sentence in missing_messages(self.record, self.people):
            self.record.delivery_problems.append(f"not delivered to an open connection within 5 s: {sentence}")
        resumes = self.record.resumes
        await self._all((self._look_again(person) for person in self.people), at_once=_LOOKING_AT_ONCE)
        await self._until_online(resumes + len(self.people))
        changed = {change.user_id for change in self.record.pin_changes}
        await self._all(person.identity.sign_in() for person in self.people if person.identity.user_id in changed)
        await asyncio.gather(*(person.finish() for person in self.people))
        self.record.delivery_problems += delivery_problems(self.record, self.people)

    async def _look_again(self, person: Person) -> None:
        """Come back over a new connection, and have read everything."""
        person.connection.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(person.connection.online.wait(), _ONLINE_PATIENCE_SECONDS)
        for chat_id in list(person.chats):
            await person.mark(chat_id, read=True)

    async def _disconnect(self, connections: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*(person.connection.close() for person in self.people))
        if connections:
            _, stuck = await asyncio.wait(connections, timeout=_CLOSING_PATIENCE_SECONDS)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    # -- waiting and reporting

    async def _until_online(self, resumes: int = 0) -> bool:
        """Wait until everybody's connection is resumed and ``resumes`` were counted; False, and a failure of each
        who is not back, when that takes long."""
        deadline = monotonic() + _ONLINE_PATIENCE_SECONDS
        while self.record.resumes < resumes or self._online() < len(self.people):
            if monotonic() > deadline:
                for person in self.people:
                    if not person.connection.online.is_set():
                        self._tally.failed(person.name, "resume", f"not back in {_ONLINE_PATIENCE_SECONDS:.0f} s")
                return False
            await asyncio.sleep(0.05)
        return True

    async def _until_delivered(self) -> None:
        deadline = monotonic() + _DELIVERY_PATIENCE_SECONDS
        while missing_messages(self.record, self.people):
            if monotonic() > deadline:
                return
            await asyncio.sleep(0.1)

    async def _all(self, doings: Iterable[Coroutine[Any, Any, object]], *, at_once: int | None = None) -> None:
        """All of these, so many ``at_once``; a failed one is in the record already and does not stop the others."""
        door = contextlib.nullcontext() if at_once is None else asyncio.Semaphore(at_once)

        async def one(doing: Coroutine[Any, Any, object]) -> None:
            with contextlib.suppress(RequestFailed):
                async with door:
                    await doing

        await asyncio.gather(*(one(doing) for doing in doings))

    def _online(self) -> int:
        return sum(person.connection.online.is_set() for person in self.people)

    def _away(self) -> int:
        return sum(person.connection.is_away for person in self.people)

    def _enter(self, state: State) -> None:
        self._tally.state = state
        self._report_line()

    async def _report_lines(self) -> None:
        while True:
            await asyncio.sleep(_LINE_SECONDS)
            self._report_line()

    def _report_line(self) -> None:
        if self._report is not None:
            waiting = (person.connection.oldest(WRITES) for person in self.people)
            oldest = min((started for started in waiting if started is not None), default=None)
            self._report(self._tally.line(online=self._online(), away=self._away(), oldest_write=oldest))
