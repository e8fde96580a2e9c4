"""One timer for all who wait: in order, never early, hardly late."""

from __future__ import annotations

import asyncio

from gateway.live.wheel import SLICE, TICK, Wheel


async def test_calls_come_in_order_never_early_and_a_tick_late_at_most() -> None:
    loop, wheel = asyncio.get_running_loop(), Wheel()
    began, heard, done = loop.time(), list[tuple[float, float]](), asyncio.Event()

    def hear(seconds: float) -> None:
        heard.append((seconds, loop.time() - began))
        if len(heard) == 3:
            done.set()

    for seconds in (0.3, 0.0, 0.15):
        wheel.set(seconds, lambda seconds=seconds: hear(seconds))  # type: ignore[misc]
    async with asyncio.timeout(10):
        await done.wait()
    assert [seconds for seconds, _ in heard] == [0.0, 0.15, 0.3]
    assert all(seconds - 0.002 <= at for seconds, at in heard)


async def test_what_is_cancelled_is_not_called() -> None:
    wheel, heard, done = Wheel(), list[str](), asyncio.Event()
    spoke = wheel.set(0.01, lambda: heard.append("cancelled"))
    wheel.set(0.02, done.set)
    wheel.cancel(spoke)
    wheel.cancel(spoke)
    async with asyncio.timeout(10):
        await done.wait()
    assert not heard
    assert not wheel._slots


async def test_thousands_that_are_due_at_once_let_others_in_between() -> None:
    wheel, heard, between = Wheel(), list[int](), list[int]()
    for number in range(3 * SLICE):
        wheel.set(TICK, lambda number=number: heard.append(number))  # type: ignore[misc]
    async with asyncio.timeout(10):
        while len(heard) < 3 * SLICE:
            await asyncio.sleep(0)
            if heard and (not between or between[-1] != len(heard)):
                between.append(len(heard))
    assert heard == list(range(3 * SLICE))
    assert between[0] == SLICE


async def test_one_that_is_called_may_set_and_cancel_others() -> None:
    wheel, heard, done = Wheel(), list[str](), asyncio.Event()
    other = wheel.set(5.0, lambda: heard.append("other"))

    def first() -> None:
        wheel.cancel(other)
        wheel.set(0.0, done.set)

    wheel.set(0.0, first)
    async with asyncio.timeout(10):
        await done.wait()
    assert not heard
    assert not wheel._slots
