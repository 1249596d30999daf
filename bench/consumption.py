"""What processes use, from /proc."""

from collections.abc import Iterable, Iterator

import psutil


def processor_seconds(roots: Iterable[int]) -> float:
    """Processor time, user and system, of these processes and all that they ever started."""
    total = 0.0
    for process in _family(roots):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:  # counted by its parent from now on
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def resident_bytes(roots: Iterable[int]) -> int:
    """Memory that these processes and their children hold, as the system counts it."""
    return sum(int(process.memory_info().rss) for process in _family(roots))


def _family(roots: Iterable[int]) -> Iterator[psutil.Process]:
    for pid in roots:
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)
