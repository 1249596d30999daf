"""Copies tables and parts of tables, several at a time, and builds a table's indexes while others are still copied."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cyphr.migrate.database.catalogue import Table
from cyphr.migrate.database.copy.parts import Part
from cyphr.migrate.database.copy.piece import CopyPlace, Piece, PieceCopier
from cyphr.migrate.database.copy.pump import Throttle

Finish = Callable[[Table, int], Awaitable[None]]


@dataclass
class CopyJob:
    """What is to be copied, and how."""

    place: CopyPlace
    workers: int
    bytes_per_second: int | None
    """All workers together; None: as fast as both servers can."""
    finish: Finish
    """Called when a table's rows are there, while others are still copied: builds its indexes, with the help of at most
    as many processes as the second argument says: so many workers have no rows left to copy.
    """
    whole: Sequence[Table] = ()
    parts: Mapping[Table, Sequence[Part]] = field(default_factory=dict)


async def copy_tables(job: CopyJob) -> None:
    """Copy everything in ``job``, the largest first, ``job.workers`` at a time. Raises Unavailable, psycopg.Error."""
    work: list[Piece] = [*job.whole, *(part for parts in job.parts.values() for part in parts)]
    queue = sorted(work, key=lambda each: each.bytes)
    missing = Counter({table: len(parts) for table, parts in job.parts.items()})
    throttle = Throttle(job.bytes_per_second)
    copying = 0

    async def one_worker() -> None:
        nonlocal copying
        async with PieceCopier.open(job.place, throttle) as copier:
            while queue:
                piece = queue.pop()
                copying += 1
                await copier.copy(piece)
                copying -= 1
                table = piece if isinstance(piece, Table) else piece.table
                missing[table] -= 1
                if missing[table] <= 0:
                    await job.finish(table, 0 if queue else job.workers - 1 - copying)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(job.workers, len(queue))):
                group.create_task(one_worker())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures  # the others failed for the same reason, or were cancelled by it
