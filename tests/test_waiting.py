"""What waits, in little memory, as asyncio's own does."""

from __future__ import annotations

import asyncio
import sys
from collections import deque

from gateway.waiting import Pipeline, Signal


async def test_a_signal_wakes_all_that_wait_and_is_cleared() -> None:
    signal, heard = Signal(), list[int]()

    async def wait(number: int) -> None:
        await signal.wait()
        heard.append(number)

    waiting = [asyncio.create_task(wait(number)) for number in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    assert not heard
    signal.set()
    await asyncio.wait(waiting)
    assert heard == [0, 2]
    await signal.wait()
    signal.clear()
    assert not signal.is_set()


async def test_it_is_small() -> None:
    assert sys.getsizeof(Signal()._waiters) < sys.getsizeof(deque()) / 5


def test_a_pipeline_is_first_come_first_served() -> None:
    pipeline = Pipeline()
    assert not pipeline
    for number in range(3):
        pipeline.appendleft(number)
    assert [pipeline.pop() for _ in range(3)] == [0, 1, 2]
