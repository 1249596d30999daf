"""Measuring in turn (A B B A …) and saying what was found: one Markdown table for people, one line of JSON."""

import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, TypeVar

from cyphr.foundation.clock import now

T = TypeVar("T")


@dataclass(frozen=True)
class Contender:
    """One who is measured. ``measure`` does it once and gives the number; ``missing``: why it cannot be."""

    name: str
    measure: Callable[[], Awaitable[float]]
    missing: str | None = None


def turns(everybody: Sequence[T], rounds: int) -> Iterator[tuple[int, T]]:
    """(number of the round, from 1; whose turn it is). Every second round goes backwards, so that nobody always has the
    disk and the caches as the same other one left them.
    """
    for number in range(1, rounds + 1):
        for one in everybody if number % 2 else reversed(everybody):
            yield number, one


async def in_turn(contenders: Sequence[Contender], pairs: int) -> dict[str, list[float]]:
    """``pairs`` rounds of everybody in turn; name → numbers, none for who is missing."""
    found: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number, contender in turns(contenders, pairs):
        if contender.missing is None:
            found[contender.name].append(await contender.measure())
            say(f"round {number} of {pairs}: {contender.name} {found[contender.name][-1]:.2f}")
    return found


def compare(
    title: str, contenders: Sequence[Contender], found: Mapping[str, list[float]], unit: str, about: dict[str, Any]
) -> None:
    """Print everybody's median and spread, and the ratio of the first one's numbers to theirs, round by round."""
    first = contenders[0].name
    rows = []
    for contender in contenders:
        if contender.missing is not None:
            rows.append([contender.name, contender.missing, ""])
            continue
        numbers = found[contender.name]
        ratios = [ours / theirs for ours, theirs in zip(found[first], numbers, strict=True)]
        rows.append([contender.name, spread(numbers), "" if contender.name == first else spread(ratios, digits=2)])
    publish(title, ["", unit, f"{first} ÷ it"], rows, {"unit": unit, **found}, about)


def publish(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Mapping[str, Any], about: Mapping[str, Any]
) -> None:
    """Print one Markdown table, what was measured above it, and all ``numbers`` as one line of JSON below."""
    facts = ", ".join(f"{name} {fact}" for name, fact in {**about, **machine()}.items())
    print(f"\n**{title}** ({facts})\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print("\n" + json.dumps({"benchmark": title, "numbers": dict(numbers), "about": {**about, **machine()}}))


def spread(numbers: Sequence[float], digits: int = 1) -> str:
    """Median and range: ``12.3 (11.9–14.0)``."""
    return f"{median(numbers):.{digits}f} ({min(numbers):.{digits}f}–{max(numbers):.{digits}f})"


def percentile(numbers: Sequence[float], percent: int) -> float:
    """The number that ``percent`` of them do not exceed."""
    return quantiles(numbers, n=100, method="inclusive")[percent - 1] if len(numbers) > 1 else numbers[0]


def machine() -> dict[str, Any]:
    """Where and when this is measured."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "date": now().date().isoformat()}


def say(text: str) -> None:
    """What goes on, for whoever waits."""
    print(text, file=sys.stderr, flush=True)
