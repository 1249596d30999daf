"""A process of its own for a large piece: turning rows around is work that one Python process does on one core only."""

import asyncio
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from cyphr.foundation.errors import Unavailable
from cyphr.migrate.database.copy.piece import CopyPlace, OnBlock, Piece, PieceCopier
from cyphr.migrate.database.copy.pump import Throttle

_spawn = multiprocessing.get_context("spawn")  # a fork would share our sockets


class CopyProcess:
    """Started when it is first needed; killed at the end of the block, or as soon as we are."""

    def __init__(self, on_block: OnBlock) -> None:
        self._on_block = on_block
        self._process: Any = None
        self._line: Connection[Any, Any] | None = None

    def __enter__(self) -> "CopyProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()

    async def copy(self, place: CopyPlace, piece: Piece, bytes_per_second: int | None) -> None:
        """Have ``piece`` copied. Raises what copying it raised; Unavailable when the process ended."""
        line = self._line or self._start()
        line.send((place, piece, bytes_per_second))
        while True:
            await _readable(line.fileno())
            try:
                answer = line.recv()
            except EOFError as error:
                raise Unavailable("a process that copies rows ended; is memory short?") from error
            if answer is None:
                return
            if isinstance(answer, BaseException):
                raise answer
            self._on_block(*answer)

    def _start(self) -> "Connection[Any, Any]":
        ours, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=serve, args=(theirs,), daemon=True, name="cyphr copy")
        self._process.start()
        theirs.close()
        self._line = ours
        return ours


def serve(line: "Connection[Any, Any]") -> None:
    """Copy one piece after the other, as they come over ``line``; answer with (rows, bytes) of blocks, then None."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            place, piece, bytes_per_second = line.recv()
        except EOFError:
            return
        try:
            asyncio.run(_copy(line, place, piece, Throttle(bytes_per_second)))
        except Exception as error:
            line.send(error)
        else:
            line.send(None)


async def _copy(line: "Connection[Any, Any]", place: CopyPlace, piece: Piece, throttle: Throttle) -> None:
    async with PieceCopier.open(place, throttle, lambda rows, size: line.send((rows, size))) as copier:
        await copier.copy(piece)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # nobody is left to tell; both servers undo what was under way


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
