"""What comes while a batch is stored shares the next one, in order, and a lone item never waits."""

import asyncio
from uuid import UUID

from cyphr.messenger.messages.lanes import Lane, Lanes


class Store:
    """Keeps the batches it is given, each when it is let through."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Semaphore(0)
        self.under_way = 0

    async def store(self, batch: list[int]) -> None:
        self.under_way += 1
        assert self.under_way == 1
        await self.gate.acquire()
        self.batches.append(batch)
        self.under_way -= 1

    async def let_through(self, count: int) -> None:
        for _ in range(count):
            wanted = len(self.batches) + 1
            self.gate.release()
            while len(self.batches) < wanted:
                await asyncio.sleep(0)


async def test_what_comes_while_a_batch_is_stored_shares_the_next_one() -> None:
    store = Store()
    lane = Lane(store.store)
    lane.add(1)
    await asyncio.sleep(0)
    for number in (2, 3, 4):
        lane.add(number)
    await store.let_through(2)
    assert store.batches == [[1], [2, 3, 4]]
    lane.add(5)
    await store.let_through(1)
    assert store.batches[-1] == [5], "a lane that was empty begins again"


async def test_a_batch_has_a_bound() -> None:
    store = Store()
    lane = Lane(store.store)
    for number in range(600):
        lane.add(number)
    await store.let_through(3)
    assert [len(batch) for batch in store.batches] == [256, 256, 88]
    assert [number for batch in store.batches for number in batch] == list(range(600))


async def test_nothing_is_stored_in_somebody_elses_turn() -> None:
    store = Store()
    lanes: Lanes[int] = Lanes(4, store.store)
    chat, neighbour = UUID(int=6), UUID(int=2)
    async with lanes.turn(chat):
        lanes.add(neighbour, 1)
        await asyncio.sleep(0)
        assert store.under_way == 0
    await store.let_through(1)
    assert store.batches == [[1]]


async def test_a_chat_is_always_on_the_same_lane_and_another_lane_does_not_wait_for_it() -> None:
    store, other = Store(), UUID(int=3)
    lanes: Lanes[int] = Lanes(2, store.store)
    async with lanes.turn(UUID(int=2)):
        lanes.add(other, 1)
        await store.let_through(1)
    assert store.batches == [[1]]
