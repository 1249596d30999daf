"""Lanes: what comes while a transaction is under way shares the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

_LARGEST_BATCH = 256


class Lane(Generic[T]):
    """Gives what is added to ``store``, in order, one batch after the other. No timer: a lone item never waits."""

    def __init__(self, store: Callable[[list[T]], Awaitable[None]]) -> None:
        self.turn = asyncio.Lock()
        """Held while a batch is stored."""
        self._store = store
        self._waiting: deque[T] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, item: T) -> None:
        self._waiting.append(item)
        if self._task is None:
            self._task = asyncio.create_task(self._empty())

    async def _empty(self) -> None:
        try:
            while self._waiting:
                async with self.turn:
                    size = min(len(self._waiting), _LARGEST_BATCH)
                    await self._store([self._waiting.popleft() for _ in range(size)])
        finally:
            # Nothing was awaited since the lane was seen empty, so nothing can be left behind in it.
            self._task = None


class Lanes(Generic[T]):
    """A small fixed number of lanes. A chat is always on the same one, so what happens in it keeps its order."""

    def __init__(self, count: int, store: Callable[[list[T]], Awaitable[None]]) -> None:
        self._lanes = [Lane(store) for _ in range(count)]

    def add(self, chat_id: UUID, item: T) -> None:
        self._of(chat_id).add(item)

    def turn(self, chat_id: UUID) -> AbstractAsyncContextManager[None]:
        """While this is held, nothing of this chat is stored or told through its lane."""
        return self._of(chat_id).turn

    def _of(self, chat_id: UUID) -> Lane[T]:
        return self._lanes[chat_id.int % len(self._lanes)]
