from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.single_flight import SingleFlight


class Work:
    """Ends when it is let go, with how often it was done, or with ``fails``."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.done = 0
        self.go = asyncio.Event()
        self._fails = fails

    async def __call__(self) -> int:
        self.done += 1
        number = self.done
        await self.go.wait()
        if self._fails is not None:
            raise self._fails
        return number


async def joined(flights: SingleFlight[str, int], key: str, work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    flight = flights.join(key, work)
    assert flight is not None
    return await asyncio.shield(flight)


async def waiting(work: Work) -> None:
    while not work.done:
        await asyncio.sleep(0)


async def test_all_who_want_the_same_share_one_and_the_next_gets_another() -> None:
    flights, work = SingleFlight[str, int]("test"), Work()
    many = [asyncio.create_task(joined(flights, "a", work)) for _ in range(5)]
    await waiting(work)
    assert ("a" in flights, "b" in flights, len(flights)) == (True, False, 1)
    work.go.set()
    assert await asyncio.gather(*many) == [1] * 5
    assert "a" not in flights
    assert await joined(flights, "a", work) == 2


async def test_one_that_leaves_takes_nothing_from_the_others() -> None:
    flights, work = SingleFlight[str, int]("test"), Work()
    first, second = (asyncio.create_task(joined(flights, "a", work)) for _ in range(2))
    await waiting(work)
    first.cancel()
    await asyncio.wait((first,))
    work.go.set()
    assert await second == 1


async def test_a_failure_is_of_all_who_wait_and_of_nobody_after_them(caplog: pytest.LogCaptureFixture) -> None:
    flights, work = SingleFlight[str, int]("test"), Work(ValueError("no"))
    many = [asyncio.create_task(joined(flights, "a", work)) for _ in range(3)]
    await waiting(work)
    work.go.set()
    assert [str(error) for error in await asyncio.gather(*many, return_exceptions=True)] == ["no"] * 3
    again = Work()
    again.go.set()
    assert await joined(flights, "a", again) == 1
    lonely = flights.join("b", work)
    del lonely
    await asyncio.sleep(0)
    await flights.finish()
    assert caplog.records == [], "that nobody waits for one that fails is no warning"


async def test_there_is_room_for_so_many_and_for_who_joins_one_of_them() -> None:
    flights, work = SingleFlight[str, int]("test", most=2), Work()
    for key in ("a", "b", "a"):
        assert flights.join(key, work) is not None
    assert flights.join("c", work) is None
    work.go.set()
    await flights.finish()
    assert await joined(flights, "c", work) == 3


async def test_at_the_end_they_are_waited_for_or_broken_off() -> None:
    flights, work = SingleFlight[str, int]("test"), Work()
    flight = flights.join("a", work)
    await flights.close()
    assert flight is not None
    assert flight.cancelled()
    assert len(flights) == 0
