"""Whether how long an answer takes tells who has an account."""

import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4


async def probability_that_known_ones_are_slower(
    known: Sequence[str], ask: Callable[[str], Awaitable[None]], *, rounds: int = 4
) -> float:
    """Mann-Whitney's U over all pairs; 0.5 for equals. Known and unknown addresses are asked for in turn, each as
    often, so that whatever else the machine does befalls both alike.
    """
    pairs = [(email, f"nobody{uuid4().hex}@example.org") for email in known]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for pair in pairs:
            # By turns, so that neither always finds what the other has just warmed up.
            for place in (0, 1) if number % 2 else (1, 0):
                began = time.perf_counter()
                await ask(pair[place])
                times[place].append(time.perf_counter() - began)
    slower = sum(one > other for one in times[0] for other in times[1])
    return slower / (len(times[0]) * len(times[1]))
