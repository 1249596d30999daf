"""What people do in a measurement: one speaks, the others listen and confirm; nothing is over before all has arrived.

Every message carries a number (``mark``), so that whoever hears it finds the number without parsing the rest.
"""

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

_PATIENCE_SECONDS = 300.0
_DIGITS = 8
_FILLING = " the quick brown fox jumps over the lazy dog, and the dog lets it"


def mark(number: int) -> str:
    """The content of a message: its number between tildes, and as much text as people write."""
    return f"~{number:0{_DIGITS}d}~{_FILLING}"


def number_in(frame: bytes) -> int:
    """The number of the message whose content is somewhere in ``frame``; -1 when there is none."""
    at = frame.find(b"~") + 1
    return int(frame[at : at + _DIGITS]) if at else -1


class Line(Protocol):
    """The connection of a person who has signed in and entered one chat."""

    def say(self, number: int) -> None:
        """Send the message of this number to the chat."""

    def confirm(self, number: int) -> None:
        """Tell the speaker that everything up to this number has arrived."""

    def ping(self) -> None:
        """Ask whether the server is there."""

    def close(self) -> None: ...


class Person:
    """Who holds a line, and what it tells them. This one cares for nothing."""

    line: Line

    def acknowledged(self, number: int) -> None:
        """The server has stored this person's message."""

    def delivered(self, number: int) -> None:
        """A message is here; some servers also tell one's own."""

    def confirmed(self, number: int) -> None:
        """A listener has everything up to this number."""

    def answered(self) -> None:
        """The server has answered a ping."""

    def failed(self, reason: str) -> None:
        """The server refused something, or hung up."""


@dataclass
class Exchange:
    """What is still missing in one phase, and what was measured. ``missing``: acknowledgements, deliveries, and each
    listener's confirmation of each speaker's last message."""

    missing: int
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    """From sending to each delivery."""
    failures: list[str] = field(default_factory=list)
    ended_at: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def one_less(self) -> None:
        self.missing -= 1
        if not self.missing:
            self.ended_at = perf_counter()
            self.over.set()

    def fail(self, reason: str) -> None:
        self.failures.append(reason)
        self.over.set()


class Speaker(Person):
    """Sends messages, never more than ``outstanding`` of them unacknowledged."""

    def __init__(self, outstanding: int) -> None:
        self._outstanding = outstanding
        self._next = 0
        self._last = -1
        self._sent_at = array("d")
        self._acknowledged = bytearray()
        self.exchange = Exchange(0)

    def start(self, count: int, exchange: Exchange) -> None:
        """Send ``count`` more messages."""
        self.exchange = exchange
        self._last += count
        self._sent_at.extend([0.0] * count)
        self._acknowledged.extend(bytes(count))
        for _ in range(min(count, self._outstanding)):
            self._speak()

    def acknowledged(self, number: int) -> None:
        if self._acknowledged[number]:
            return
        self._acknowledged[number] = 1
        if self._next <= self._last:
            self._speak()
        self.exchange.one_less()

    def confirmed(self, number: int) -> None:
        if number == self._last:
            self.exchange.one_less()

    def failed(self, reason: str) -> None:
        self.exchange.fail(reason)

    def arrived(self, number: int) -> None:
        """A listener has just got this message."""
        self.exchange.seconds.append(perf_counter() - self._sent_at[number])
        self.exchange.one_less()

    def _speak(self) -> None:
        number, self._next = self._next, self._next + 1
        self._sent_at[number] = perf_counter()
        self.line.say(number)


class Listener(Person):
    """Hears one speaker, and confirms once for all that came with one reading of the socket."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._heard: set[int] = set()
        self._newest = -1
        self._confirming = False

    def failed(self, reason: str) -> None:
        self._speaker.failed(reason)

    def delivered(self, number: int) -> None:
        if number in self._heard:
            self.failed(f"message {number} was delivered twice")
            return
        self._heard.add(number)
        self._newest = max(self._newest, number)
        self._speaker.arrived(number)
        if not self._confirming:
            self._confirming = True
            asyncio.get_running_loop().call_soon(self._confirm)

    def _confirm(self) -> None:
        self._confirming = False
        self.line.confirm(self._newest)


class Bystander(Person):
    """Is only there, and asks now and then whether the server is."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self) -> None:
        self.answer.set_result(None)

    def failed(self, reason: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(RuntimeError(reason))


@dataclass(frozen=True)
class Heard:
    """What one phase took: seconds from its first message to the last thing that was missing, and each delivery's."""

    seconds: float
    deliveries: Sequence[float]


async def converse(speakers: Sequence[Speaker], listeners_each: int, messages_each: int) -> Heard:
    """Everybody speaks at once, until each message is acknowledged, delivered to each listener and confirmed.

    Raises RuntimeError when something stays missing, is refused or is delivered twice.
    """
    missing = len(speakers) * (messages_each * (1 + listeners_each) + listeners_each)
    exchange = Exchange(missing)
    started = perf_counter()
    for speaker in speakers:
        speaker.start(messages_each, exchange)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await exchange.over.wait()
    except TimeoutError:
        raise RuntimeError(
            f"of {missing} acknowledgements, deliveries and confirmations {exchange.missing} never came"
        ) from None
    if exchange.failures:
        raise RuntimeError(exchange.failures[0])
    return Heard(exchange.ended_at - started, exchange.seconds)
