"""Waiting for a lease: first come, first served, for a bounded time and in a bounded queue."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from gateway.errors import (
    DeadlinePassed,
    TooManyRequests,
)

from .fakes import Holder, MakeRig
from .leases import ALICE, holders, use


async def test_a_timeout_in_the_queue_is_429(make: MakeRig) -> None:
    rig = make(connections_per_account=1, lease_wait_seconds=0.02)
    (held,) = await holders(rig, 1)
    with pytest.raises(TooManyRequests):
        await use(rig)
    assert "0 waiting" in repr(rig.pool)
    assert rig.tally.waits["timeout"] == 1
    await held.release()
    await use(rig)


async def test_a_full_queue_is_429_at_once(make: MakeRig) -> None:
    rig = make(connections_per_account=1, lease_queue=2)
    held = await holders(rig, 1) + await holders(rig, 2)
    with pytest.raises(TooManyRequests):
        await use(rig)
    assert rig.tally.waits["queue-full"] == 1
    await held[1].cancel()
    last = Holder(rig, ALICE)
    await held[0].release()
    await held[2].release()
    await last.release()


async def test_an_open_that_is_too_slow_is_504_for_who_waits_for_it(make: MakeRig) -> None:
    rig = make(lease_wait_seconds=0.02)
    rig.server.gate = asyncio.Event()
    with pytest.raises(DeadlinePassed):
        await use(rig)
    rig.server.gate.set()
    await rig.calm()
    assert "1 idle" in repr(rig.pool), "it came too late for one and goes to the next"


async def test_cancellation_in_the_queue_makes_room_there(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    first, second, third = await holders(rig, 3)
    await second.cancel()
    await first.release()
    assert third.held
    await third.release()
    assert rig.server.attempts == 1


async def test_cancellation_just_as_a_connection_is_given_passes_it_on(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    first, second, third = await holders(rig, 3)
    first._let_go.set()
    while "settling" not in repr(rig.pool) and first.session is not None and not first.task.done():
        await asyncio.sleep(0)
    second.task.cancel()  # it has been given the connection, and has not run since
    await rig.calm()
    assert second.task.cancelled()
    assert third.held
    await third.release()
    assert rig.server.attempts == 1


async def test_an_open_whose_waiter_left_goes_to_the_next(make: MakeRig) -> None:
    rig = make()
    rig.server.gate = asyncio.Event()
    (first,) = await holders(rig, 1)
    await first.cancel()
    rig.server.gate.set()
    await rig.calm()
    assert "1 idle" in repr(rig.pool)
    await use(rig)
    assert rig.server.attempts == 1


async def test_a_thousand_cancellations_leak_nothing(make: MakeRig) -> None:
    rig = make(connections_per_account=3)
    random = Random(1)
    for _ in range(100):
        tasks = [Holder(rig, ALICE) for _ in range(10)]
        for _ in range(random.randrange(8)):
            await asyncio.sleep(0)
        for holder in tasks:
            if holder.session is not None:
                holder.session.clean = random.random() < 0.5
            holder.task.cancel()
        await asyncio.wait([holder.task for holder in tasks])
    await rig.calm()
    assert rig.server.most["alice"] <= 3
    assert rig.server.here["alice"] == rig.tally.open["pool"] <= 3
    assert "0 waiting" in repr(rig.pool) or "no accounts" in repr(rig.pool)
    await rig.pool.close(1)
    assert rig.server.here["alice"] == 0
