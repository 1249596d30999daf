"""People chat, and everything that can go wrong does, in any order: ``make soak KILLS=100 SEED=7`` for a long time."""

import asyncio
import os
import random
import secrets
import sys
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from cyphr.foundation.clock import now
from tests.conftest import Server
from tests.e2e.messenger.faults.device import Device
from tests.e2e.messenger.faults.journey import Journey
from tests.e2e.messenger.faults.stage import Stage
from tests.e2e.messenger.faults.verdict import wrongs

T = TypeVar("T")

_ACCIDENTS_EACH = 5
_SENDS_BETWEEN = 20
_KILLS = int(os.environ.get("KILLS") or 40)
_SEED = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
_MOST_MEMORY = 96 * 1024 * 1024
"""What a messenger may hold in a journey more than when it had just started."""

_number = st.integers(0, 7)
_dice = st.integers(0, 2**32).map(random.Random)
_accident = st.sampled_from([None, None, None, "messenger", "immediate", "fast", "kill"])


class Fuzz(RuleBasedStateMachine):
    """Chooses what happens. One loop runs it all: between two steps nothing moves but the servers."""

    stage: ClassVar[Stage]
    loop: ClassVar[asyncio.AbstractEventLoop]
    most_accidents: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.memory = self.stage.memory()
        self.journey = self.run(Journey.begin(self.stage))
        self.accidents = 0
        _say("a new journey")

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    def device(self, number: int) -> Device:
        return self.journey.devices[number % len(self.journey.devices)]

    def allowed(self, accident: str | None) -> str | None:
        """Accidents cost seconds: a journey has a few, with something to lose between two."""
        lost_at_most = len(self.journey.ledger.sent) - _SENDS_BETWEEN * (self.accidents + 1)
        if accident is None or self.accidents >= self.most_accidents or lost_at_most < 0:
            return None
        self.accidents += 1
        self.memory = 0 if accident == "messenger" else self.memory
        return accident

    @rule(number=_number)
    def connect(self, number: int) -> None:
        self.run(self.device(number).go_online())

    @rule(number=_number)
    def disconnect(self, number: int) -> None:
        self.run(self.device(number).go_offline())

    @rule(number=_number)
    def cut(self, number: int) -> None:
        self.run(self.device(number).break_off())

    @rule(number=_number, chat=_number, dice=_dice, given_up=st.booleans())
    def cut_in_the_middle_of_a_frame(self, number: int, chat: int, dice: random.Random, given_up: bool) -> None:
        device = self.device(number)
        sent = self.journey.write(device, self.journey.chat_of(device, chat), dice)
        sent.given_up = given_up
        self.run(device.break_off(half_a_frame=sent))

    @rule(number=_number, chat=_number, back=st.integers(0, 20), changes=st.integers(0, 5))
    def lose_a_part_of_what_it_held(self, number: int, chat: int, back: int, changes: int) -> None:
        device = self.device(number)
        if device.online:
            return
        held = device.held.get(self.journey.chat_of(device, chat))
        if held is not None:
            device.forget_after(self.journey.chat_of(device, chat), held.head - back, held.change - changes)
        self.run(device.go_online())

    @rule(number=_number)
    def stop_reading(self, number: int) -> None:
        self.device(number).stop_reading()

    @rule(number=_number)
    def read_on(self, number: int) -> None:
        self.device(number).read_on()

    @rule(number=_number, chat=_number, count=st.integers(1, 30), dice=_dice)
    def send(self, number: int, chat: int, count: int, dice: random.Random) -> None:
        self.run(self.journey.send_burst(self.device(number), chat, count, dice))

    @rule(chat=_number, count=st.integers(1, 6), dice=_dice, accident=_accident)
    def everybody_sends(self, chat: int, count: int, dice: random.Random, accident: str | None) -> None:
        journey = self.journey
        talking = [journey.send_burst(one, chat, count, dice) for one in journey.devices if one.online]
        self.run(journey.amid(self.allowed(accident), *talking))

    @rule(number=_number, chat=_number, dice=_dice, accident=_accident, given_up=st.booleans())
    def send_by_http(self, number: int, chat: int, dice: random.Random, accident: str | None, given_up: bool) -> None:
        device = self.device(number)
        sent = self.journey.write(device, self.journey.chat_of(device, chat), dice)
        self.run(self.journey.amid(self.allowed(accident), self.journey.send_by_http(device, sent)))
        sent.given_up = given_up

    @rule(number=_number, which=st.integers(0, 1000))
    def send_again(self, number: int, which: int) -> None:
        device = self.device(number)
        mine = [sent for sent in self.journey.ledger.sent.values() if sent.sender_id == device.person.id]
        if mine:
            self.run(device.give(mine[which % len(mine)].frame()))

    @rule(number=_number, chat=_number, kind=st.sampled_from(["recv", "read"]), back=st.integers(0, 3))
    def mark(self, number: int, chat: int, kind: str, back: int) -> None:
        device = self.device(number)
        self.run(self.journey.mark(device, self.journey.chat_of(device, chat), kind, back))

    @rule(chat=_number, which=st.integers(0, 1000), words=st.integers(0, 9), accident=_accident)
    def edit(self, chat: int, which: int, words: int, accident: str | None) -> None:
        sent = self.journey.stored(self.journey.chats[chat % 4], which)
        if sent is not None:
            self.run(self.journey.amid(self.allowed(accident), self.journey.edit(sent, f"edited {words}")))

    @rule(chat=_number, which=st.integers(0, 1000), accident=_accident)
    def delete(self, chat: int, which: int, accident: str | None) -> None:
        sent = self.journey.stored(self.journey.chats[chat % 4], which)
        if sent is not None:
            self.run(self.journey.amid(self.allowed(accident), self.journey.delete(sent)))

    @rule(chat=_number, which=st.integers(0, 1000), who=_number, emoji=st.sampled_from("👍🎉🐈"), wanted=st.booleans())
    def react(self, chat: int, which: int, who: int, emoji: str, wanted: bool) -> None:
        chat_id = self.journey.chats[chat % 4]
        sent, members = self.journey.stored(chat_id, which), self.journey.members[chat_id]
        if sent is not None:
            self.run(self.journey.react(sent, members[who % len(members)], emoji, wanted))

    @rule(chat=st.integers(2, 3), who=_number, ban=st.booleans(), accident=_accident, dice=_dice)
    def take_out_who_is_sending(
        self, chat: int, who: int, ban: bool, accident: str | None, dice: random.Random
    ) -> None:
        journey, chat_id = self.journey, self.journey.chats[chat]
        others = journey.members[chat_id][1:]
        if not others:
            return
        person = others[who % len(others)]
        sending = [journey.send_burst(device, chat, 5, dice) for device in journey.devices if device.person is person]
        out = journey.take_out(chat_id, person, ban=ban)
        self.run(journey.amid(self.allowed(accident), *sending, out))

    @rule(chat=st.integers(2, 3), who=_number, accident=_accident)
    def take_in(self, chat: int, who: int, accident: str | None) -> None:
        journey, chat_id = self.journey, self.journey.chats[chat]
        out = [one for one in journey.people if (chat_id, one.id) in journey.ever_out]
        outside = [one for one in out if one not in journey.members[chat_id]]
        if outside:
            self.run(journey.amid(self.allowed(accident), journey.take_in(chat_id, outside[who % len(outside)])))

    @rule(milliseconds=st.integers(0, 50))
    def time_passes(self, milliseconds: int) -> None:
        self.run(asyncio.sleep(milliseconds / 1000))

    @rule(accident=st.sampled_from(["messenger", "immediate", "fast", "kill"]))
    def accident(self, accident: str) -> None:
        self.run(self.journey.amid(self.allowed(accident)))

    def teardown(self) -> None:
        journey = self.journey
        try:
            self.run(journey.settle())
            found = self.run(wrongs(journey))
            held = self.stage.memory() - self.memory if self.memory else 0
        finally:
            self.run(journey.end())
        ledger = journey.ledger
        stored = sum(sent.seq is not None for sent in ledger.sent.values())
        _say(f"{len(ledger.sent)} sent, {stored} acknowledged, {ledger.slowed_down} slowed, {self.accidents} accidents")
        assert found == [], "\n".join(found[:20])
        assert held < _MOST_MEMORY, f"the messenger grew by {held >> 20} MB"


def _say(text: str) -> None:
    sys.stdout.write(f"{now():%T} {text}\n")  # shown when it fails, or with -s


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def fuzz(
    loop: asyncio.AbstractEventLoop, durable_server: Server, tmp_path: Path, token_key: Path
) -> Iterator[type[Fuzz]]:
    setting = Stage.set(durable_server, tmp_path, token_key, connection_queue_length=100)
    stage = loop.run_until_complete(setting.__aenter__())
    fuzz = type("Fuzz", (Fuzz,), {"stage": stage, "loop": loop, "most_accidents": 1})
    yield fuzz
    loop.run_until_complete(setting.__aexit__(None, None, None))


# What happens is not the same in a second run: the servers' timing is not ours. So nothing is made smaller.
_WITHOUT_SHRINKING = settings(
    phases=[Phase.generate], deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def test_a_short_journey_loses_and_doubles_nothing(fuzz: type[Fuzz]) -> None:
    chosen = settings(_WITHOUT_SHRINKING, max_examples=3, stateful_step_count=40, derandomize=True)
    run_state_machine_as_test(fuzz, settings=chosen)


@pytest.mark.soak
def test_long_journeys_lose_and_double_nothing(fuzz: type[Fuzz]) -> None:
    _say(f"SEED={_SEED}")
    fuzz.most_accidents = _ACCIDENTS_EACH
    examples = -(-_KILLS // _ACCIDENTS_EACH)
    chosen = settings(_WITHOUT_SHRINKING, max_examples=examples, stateful_step_count=100)
    run_state_machine_as_test(seed(_SEED)(fuzz), settings=chosen)
