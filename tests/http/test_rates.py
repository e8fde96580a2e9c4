from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.rates import MemoryRates, RateKey, Verdict, rate_of
from gateway.settings.model import Rate, Rates

ALICE = RateKey("requests", "caller", ("https://i.example", "alice"))
RATE = Rate(per_minute=60, burst=3)  # one a second


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_burst_then_as_many_as_the_rate_says() -> None:
    clock = Clock()
    store = MemoryRates(clock)
    assert [(await store.take(ALICE, RATE)).left for _ in range(3)] == [2, 1, 0]
    assert await store.take(ALICE, RATE) == Verdict(0, 3.0, wait=1.0)
    clock.now += 0.75
    assert await store.take(ALICE, RATE) == Verdict(0, 2.25, wait=0.25)
    clock.now += 0.25
    assert await store.take(ALICE, RATE) == Verdict(0, 3.0)
    clock.now += 3600
    assert await store.take(ALICE, RATE) == Verdict(2, 1.0)


async def test_nobody_uses_up_what_is_anothers() -> None:
    store = MemoryRates(Clock())
    for _ in range(5):
        await store.take(ALICE, RATE)
    others = [
        ALICE._replace(counted="bulk"),
        ALICE._replace(whose="account"),
        ALICE._replace(names=("https://j.example", "alice")),
        ALICE._replace(names=("https://i.example", "bob")),
    ]
    for key in others:
        assert (await store.take(key, RATE)).left == 2
    assert (await store.take(ALICE, RATE)).wait is not None


async def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    clock = Clock()
    store = MemoryRates(clock)
    await store.take(ALICE, RATE)
    clock.now -= 50
    assert (await store.take(ALICE, RATE)).left == 1


async def test_buckets_are_bounded_and_the_stillest_is_forgotten() -> None:
    store = MemoryRates(Clock(), max_buckets=3)
    for _ in range(3):
        await store.take(ALICE, RATE)
    for number in range(2):
        await store.take(ALICE._replace(names=(str(number),)), RATE)
    assert (await store.take(ALICE, RATE)).wait is not None
    await store.take(ALICE._replace(names=("2",)), RATE)
    assert len(store) == 3
    assert (await store.take(ALICE, RATE)).wait is not None, "it was touched last but one"


@pytest.mark.parametrize("counted", ["requests", "bulk", "sign-in"])
def test_every_kind_has_its_rate(counted: str) -> None:
    rates = Rates(
        requests=Rate(per_minute=1, burst=1), bulk=Rate(per_minute=2, burst=2), sign_in=Rate(per_minute=3, burst=3)
    )
    assert rate_of(rates, counted).burst == ["requests", "bulk", "sign-in"].index(counted) + 1  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 10), st.floats(1, 600))
async def test_in_no_stretch_of_time_are_more_taken_than_burst_and_rate(
    gaps: list[float], burst: int, per_minute: float
) -> None:
    clock, rate = Clock(), Rate(per_minute=per_minute, burst=burst)
    store, taken = MemoryRates(clock), list[float]()
    for gap in gaps:
        clock.now += gap
        verdict = await store.take(ALICE, rate)
        assert 0 <= verdict.left < burst or verdict.left == 0
        if verdict.wait is None:
            taken.append(clock.now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            span = taken[last] - taken[first]
            assert last - first + 1 <= burst + span * per_minute / 60 + 1e-6
