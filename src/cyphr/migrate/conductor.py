"""The phase machine: the only place that decides what may follow what.

    planned → copying → following → verified → handed over ⇄ handed back → closed | given up

One migrator runs at a time (a lock in the database on AWS). It copies what is not copied yet, follows what changes, and
takes operators' requests from the journal in order. Killed at any moment and started again, it continues.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from cyphr.foundation.cancellation import end, stop_if_cancelled
from cyphr.foundation.clock import monotonic
from cyphr.foundation.errors import Conflict, CyphrError, HandoverRefused, InvalidInput, Unavailable
from cyphr.foundation.postgres import Side
from cyphr.migrate.hooks.run import Hooks
from cyphr.migrate.journal import PATIENCE_SECONDS, Journal, Request
from cyphr.migrate.service import Repairable, Service, Verification

_REQUEST_POLL_SECONDS = 0.05
_PROGRESS_SECONDS = 0.25
_RETRY_SECONDS = 1.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_OVER = ("closing", "closed", "giving up", "given up")


class Conductor:
    """Runs the services' rooms in order. ``services`` are copied in the order given."""

    def __init__(self, journal: Journal, services: Sequence[Service], hooks: Hooks) -> None:
        self._journal = journal
        self._hooks = hooks
        self._services = {service.name: service for service in services}
        self._following: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Copy, follow and answer requests until cancelled. Raises Conflict when another migrator runs."""
        async with self._journal.lock():
            reporting = asyncio.create_task(self._report_progress())
            try:
                for service in self._services.values():
                    await self._bring_to_following(service)
                await self._answer_requests()
            finally:
                await end(reporting, *self._following.values())

    async def _bring_to_following(self, service: Service) -> None:
        reached = await self._reached(service.name)
        if reached in _OVER:
            return
        await service.prepare()
        if reached in (None, "copying"):
            await self._journal.set_phase(service.name, "copying")
            await service.copy()
            await self._journal.set_phase(service.name, "following")
        else:
            await self._note_unfinished_move(service)
        self._following[service.name] = asyncio.create_task(self._follow(service), name=f"follow {service.name}")

    async def _reached(self, service: str) -> str | None:
        return {phase.service: phase.phase for phase in await self._journal.phases()}.get(service)

    async def _note_unfinished_move(self, service: Service) -> None:
        """A migrator that was killed just after the authority moved did not live to write the phase down."""
        side, reached = await service.side(), await self._reached(service.name)
        if side is Side.AWS and reached != "handed over":
            await self._journal.set_phase(service.name, "handed over")
        elif side is Side.SUPABASE and reached == "handed over":
            await self._journal.set_phase(service.name, "handed back")

    async def _follow(self, service: Service) -> None:
        """Follow for ever; what stops it is noted, once, and tried again."""
        noted = ""
        while True:
            try:
                await service.follow()
            except (CyphrError, psycopg.Error) as error:
                if str(error) != noted:
                    noted = str(error)
                    await self._journal.note(service.name, "following stopped", error=noted)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _answer_requests(self) -> None:
        while True:
            stop_if_cancelled()
            try:
                request = await self._journal.next_request()
                if request is not None:
                    await self._answer(request)
                    continue
            except (Unavailable, psycopg.OperationalError):
                await asyncio.sleep(_RETRY_SECONDS)  # the request is still there when the database is back
            await asyncio.sleep(_REQUEST_POLL_SECONDS)

    async def _answer(self, request: Request) -> None:
        try:
            detail = await self._carry_out_patiently(request)
        except CyphrError as error:
            await self._refuse(request, {**error.context, "code": error.code, "message": error.message})
        except psycopg.Error as error:
            await self._refuse(request, {"code": "database_error", "message": f"a server answered: {error}"})
        else:
            await self._journal.finish_request(request, "done", detail)

    async def _carry_out_patiently(self, request: Request) -> dict[str, Any]:
        """Do it, and while a server is away try again, until the request's patience is at an end. Raises Unavailable.

        Every action may be repeated: what failed has changed nothing, and what was done already is answered as such.
        """
        deadline, pause = monotonic() + request.patience_seconds, _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._carry_out(request)
            except (Unavailable, psycopg.OperationalError) as error:
                words = " ".join(str(error).split())
                if monotonic() + pause > deadline:
                    raise Unavailable(
                        f"the {request.action} of {request.service} was tried for {request.patience_seconds:.0f} s, "
                        f"and what it needs was out of reach: {words}. See that it is back, then ask again.",
                        reason=words,
                    ) from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _refuse(self, request: Request, failure: dict[str, Any]) -> None:
        await self._journal.note(request.service, f"{request.action} failed", **failure)
        await self._journal.finish_request(request, "failed", failure)

    async def _carry_out(self, request: Request) -> dict[str, Any]:
        service = self._services.get(request.service)
        if service is None:
            raise InvalidInput(f"no service {request.service!r}; there are: {', '.join(self._services)}")
        if request.action not in ("close", "give up") and (reached := await self._reached(service.name)) in _OVER:
            raise Conflict(f"{service.name} is {reached}: there is no way back and nothing to compare with")
        match request.action:
            case "verify":
                return await self._verify(service, **request.options)
            case "handover":
                return await self._move(service, Side.AWS)
            case "handback":
                return await self._move(service, Side.SUPABASE)
            case "close":
                return await self._end(service, Side.AWS, ("closing", "closed"), service.close)
            case _:
                return await self._end(service, Side.SUPABASE, ("giving up", "given up"), service.give_up)

    async def _verify(self, service: Service, *, repair: int | None = None) -> dict[str, Any]:
        """Compare both sides; ``repair``: make at most so many rows equal first."""
        found = await (service.verify() if repair is None else self._repair(service, repair))
        if found.differences:
            await self._journal.note(service.name, "verification failed", **found.as_dict())
        elif await service.side() is Side.SUPABASE:
            await self._journal.set_phase(service.name, "verified", **found.as_dict())
        else:
            await self._journal.note(service.name, "verified", **found.as_dict())
        return found.as_dict()

    async def _repair(self, service: Service, limit: int) -> Verification:
        if not isinstance(service, Repairable):
            raise InvalidInput(f"{service.name} has no rows to repair; following sets right what differs")
        found = await service.repair(limit)
        if found.repaired:
            await self._journal.note(service.name, "repaired", rows=found.repaired)
        return found

    async def _move(self, service: Service, to: Side) -> dict[str, Any]:
        direction = "handover" if to is Side.AWS else "handback"
        if await service.side() is to:  # a killed migrator got that far, or what follows a move is to be done again
            await self._note_unfinished_move(service)
            return {"already": True, **await self._run_hooks(service, to)}
        if ended := await service.make_ready(to):
            await self._journal.note(service.name, "long transactions ended", sessions=ended)
        found = await self._verify(service)
        if found["differences"]:
            raise HandoverRefused(
                f"{service.name} cannot be moved: the two sides differ in {len(found['differences'])} places",
                differences=found["differences"],
            )
        await self._journal.note(service.name, f"{direction} begins")
        with _short_collections():
            timing = await service.handover(to)
        phase = "handed over" if to is Side.AWS else "handed back"
        await self._journal.set_phase(service.name, phase, **timing.as_dict())
        return {**timing.as_dict(), **await self._run_hooks(service, to)}

    async def _run_hooks(self, service: Service, side: Side) -> dict[str, Any]:
        """Do what follows a move. A failure does not undo it: it is noted, and part of the answer."""
        failures = await self._hooks.run(service.name, side, await service.epoch())
        for words in failures:
            await self._journal.note(service.name, "hook failed", message=words)
        return {"hooks_failed": failures} if failures else {}

    async def _end(
        self, service: Service, side: Side, phases: tuple[str, str], work: Callable[[], Awaitable[list[str] | None]]
    ) -> dict[str, Any]:
        """Stop following for good, and let the service tidy up. The phase is written first: there is no way back."""
        under_way, over = phases
        reached = await self._reached(service.name)
        if reached == over:
            return {"already": True}
        if reached != under_way:
            await self._demand_may_end(service, side)
            await self._journal.set_phase(service.name, under_way)
        if (following := self._following.pop(service.name, None)) is not None:
            await end(following)
        notes = {"notes": left} if (left := await work()) else {}
        await self._journal.set_phase(service.name, over, **notes)
        return notes

    async def _demand_may_end(self, service: Service, side: Side) -> None:
        if await self._reached(service.name) in _OVER:
            raise Conflict(f"{service.name} is {await self._reached(service.name)}")
        if await service.side() is not side:
            raise Conflict(
                f"{service.name} does not stand on {side}: it can be closed where it was handed over to, and given up "
                "where it came from"
            )
        # The others read and write the database that they stand beside, so it goes last.
        others = [name for name in self._services if name != "database" and await self._reached(name) not in _OVER]
        if service.name == "database" and others:
            raise Conflict(f"the database is the last to be closed or given up; first: {', '.join(others)}")

    async def _report_progress(self) -> None:
        while True:
            for service in self._services.values():
                try:
                    await self._journal.set_progress(service.name, await service.progress())
                except (CyphrError, psycopg.Error):
                    continue  # shown again when the database is back
            await asyncio.sleep(_PROGRESS_SECONDS)


@contextmanager
def _short_collections() -> Iterator[None]:
    """Look for garbage now, and in the block only among what is made in it: all of it takes a tenth of a second, and
    when that fell under the fence, writers waited for it.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def ask(
    journal: Journal, action: str, service: str, *, patience_seconds: float = PATIENCE_SECONDS, **options: Any
) -> dict[str, Any]:
    """Ask the running migrator for ``action`` (verify, handover, handback, close, give up) and wait for its answer.

    ``patience_seconds``: how long it tries again while a server is away. Raises Unavailable when no migrator runs or
    the journal stays away, HandoverRefused with the migrator's words when it failed.
    """
    if not await journal.is_migrator_running():
        raise Unavailable("no migrator is running on these databases; start one with: cyphr migrate start")
    number = await journal.add_request(action, service, patience_seconds=patience_seconds, **options)
    given_up_at = monotonic() + patience_seconds
    while True:
        try:
            request = await journal.request(number)
        except psycopg.OperationalError as error:  # its server is away, perhaps only for a moment
            if monotonic() > given_up_at:
                raise Unavailable(
                    f"the {action} of {service} was asked for, but the database that holds the answer went away: "
                    f"{' '.join(str(error).split())}. What came of it is told by: cyphr migrate report"
                ) from error
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        given_up_at = monotonic() + patience_seconds
        detail = request.detail or {}
        if request.outcome == "done":
            return detail
        if request.outcome == "failed":
            words = detail.pop("message", "the request failed")
            raise HandoverRefused(words, **detail)
        await asyncio.sleep(_REQUEST_POLL_SECONDS)
