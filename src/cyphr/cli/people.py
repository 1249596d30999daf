"""``cyphr people``: simulated people who chat with a running messenger, and what they saw of it."""

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from cyphr.embedded.people.crowd import Crowd
from cyphr.embedded.people.record import Record
from cyphr.embedded.people.requests import RequestFailed
from cyphr.embedded.people.tally import Line


def people(
    url: Annotated[str, typer.Option(help="Where the messenger answers, e.g. http://127.0.0.1:8000.")],
    users: Annotated[int, typer.Option(min=2, help="How many people.")] = 20,
    rate: Annotated[float, typer.Option(min=0.01, help="Messages per second of all together.")] = 40.0,
    seconds: Annotated[float, typer.Option(min=0, help="How long they chat; 0: until stopped.")] = 30.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the full record to this file.")] = None,
    seed: Annotated[int | None, typer.Option(help="Make the people's choices repeatable.")] = None,
) -> None:
    """Let simulated people register and chat over the real HTTP and WebSocket APIs, and check what they are told.

    Ctrl-C stops them after what is in flight. Where the output is no terminal, one line of JSON is printed every
    100 ms; where the input is a pipe, they also stop at its end or at a line "stop", and at a line "pace 0.2" do
    everything at a fifth of their speed. The exit code is 1 when a request
    failed or something was delivered wrongly.
    """
    try:
        record = uvloop.run(_run(Crowd(
            url, users=users, rate=rate, seconds=seconds or None, report=_reporter(), seed=seed,
        ), json_file))  # fmt: skip
    except RequestFailed as error:
        print(f"the people could not begin: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if sys.stdout.isatty():
        _summarise(record)
    if record.failures or record.delivery_problems:
        raise typer.Exit(1)


async def _run(crowd: Crowd, json_file: Path | None) -> Record:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, crowd.stop)
    if _is_pipe(0):
        loop.add_reader(0, _on_input, loop, crowd)
    try:
        return await crowd.run()
    finally:
        if json_file is not None:
            await asyncio.to_thread(crowd.record.write, json_file)


def _on_input(loop: asyncio.AbstractEventLoop, crowd: Crowd) -> None:
    # Lines are short and written at once, so they need not be put together from pieces.
    text = os.read(0, 4096)
    for line in text.split(b"\n"):
        if line.startswith(b"pace "):
            crowd.set_pace(float(line.removeprefix(b"pace ")))
    if not text or b"stop" in text:
        loop.remove_reader(0)
        crowd.stop()


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _reporter() -> Callable[[Line], None]:
    if not sys.stdout.isatty():
        return _print_json
    console = Console()

    def show(line: Line) -> None:
        wait = "–" if line.p50_ms is None else f"{line.p50_ms:.0f}/{line.p99_ms:.0f}"
        console.print(
            f"{line.state}: {line.people} people, {line.acknowledged} acknowledged, {line.received} received, "
            f"{line.sent_per_second:.0f}/s, p50/p99 {wait} ms, {line.failures} failures, {line.resumes} resumes  ",
            end="\r",
            highlight=False,
            no_wrap=True,
            overflow="crop",
        )

    return show


def _print_json(line: Line) -> None:
    try:
        print(json.dumps(line.as_dict()), flush=True)
    except BrokenPipeError:
        # Whoever read this is gone; the end of the input says so too. The record is still written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _summarise(record: Record) -> None:
    messages = [wait.wait_ms for wait in record.waits if wait.kind == "message"]
    longest = record.longest_wait(record.started_at, record.ended_at)
    console = Console()
    console.print(
        f"\n{len(record.accounts)} people, {len(record.chats)} chats, {len(record.messages)} messages acknowledged, "
        f"{record.received} deliveries, {record.resumes} resumes, {record.cpu_seconds:.1f} s of CPU"
    )
    if messages and longest:
        median = sorted(messages)[len(messages) // 2]
        console.print(f"messages waited {median:.1f} ms (median); longest write {longest.wait_ms:.0f} ms")
    for failure in record.failures[:20]:
        console.print(f"failed: {failure.person} {failure.what}: {failure.detail}", style="red", markup=False)
    for problem in record.delivery_problems[:20]:
        console.print(f"delivery: {problem}", style="red", markup=False)
    console.print(f"{len(record.failures)} failed requests, {len(record.delivery_problems)} delivery problems")
