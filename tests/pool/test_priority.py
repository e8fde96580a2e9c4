"""Bulk work beside what somebody waits for: it yields, and is not starved."""

from __future__ import annotations

import asyncio

import pytest

from gateway.pool.failure import QueueFull
from gateway.pool.plan import HANDICAP

from .fakes import Holder, MakeRig, Rig
from .leases import ALICE, holders, use


async def bulks(rig: Rig, count: int) -> list[Holder]:
    made = [Holder(rig, ALICE, bulk=True) for _ in range(count)]
    await rig.calm()
    return made


async def test_bulk_work_leaves_a_connection_to_who_comes_next(make: MakeRig) -> None:
    rig = make(connections_per_account=3)
    working = await bulks(rig, 10)
    assert sum(one.held for one in working) == 2
    for _ in range(5):
        await use(rig)
    assert sum(one.held for one in working) == 2
    assert rig.server.most["alice"] == 3
    for one in working:
        await one.release()
    assert rig.server.attempts == 3


async def test_one_alone_is_shared_in_turns(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    (working,) = await bulks(rig, 1)
    assert working.held
    (waiting,) = await holders(rig, 1)
    assert not waiting.held
    await working.release()
    assert waiting.held
    await waiting.release()


async def test_who_comes_later_goes_before_bulk_work_but_not_for_ever(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    order: list[str] = []

    async def one(name: str, *, bulk: bool) -> None:
        async with rig.pool.lease(ALICE, bulk=bulk):
            order.append(name)
            await asyncio.sleep(0)

    (first,) = await holders(rig, 1)
    tasks = [asyncio.create_task(one("bulk", bulk=True))]
    await rig.calm()
    for number in range(2 * HANDICAP):
        tasks.append(asyncio.create_task(one(str(number), bulk=False)))
        await rig.calm()
    await first.release()
    await asyncio.gather(*tasks)
    assert order.index("bulk") == HANDICAP - 1
    assert [name for name in order if name != "bulk"] == [str(number) for number in range(2 * HANDICAP)]


async def test_under_a_steady_stream_of_requests_bulk_work_comes_to_its_end(make: MakeRig) -> None:
    rig = make(connections_per_account=2)
    done = asyncio.Event()

    async def requests() -> int:
        served = 0
        while not done.is_set():
            async with rig.pool.lease(ALICE):
                served += 1
                await asyncio.sleep(0)
        return served

    steady = [asyncio.create_task(requests()) for _ in range(8)]
    await rig.calm()

    async def work() -> None:
        async with rig.pool.lease(ALICE, bulk=True):
            for _ in range(10):
                await asyncio.sleep(0)

    async with asyncio.timeout(10):
        for _ in range(20):
            await work()
    done.set()
    assert min(await asyncio.gather(*steady)) > 0


async def test_bulk_work_does_not_fill_the_queue(make: MakeRig) -> None:
    rig = make(connections_per_account=1, lease_queue=10)
    (held,) = await holders(rig, 1)
    working = await bulks(rig, 8)
    full = [one for one in working if one.task.done()]
    assert len(full) == 3
    assert all(isinstance(one.task.exception(), QueueFull) for one in full)
    waiting = await holders(rig, 5)
    assert not any(one.task.done() for one in waiting)
    with pytest.raises(QueueFull):
        await use(rig)
    await held.release()
    for one in (*waiting, *working):
        if one not in full:
            await one.release()


async def test_who_waited_for_a_dead_connection_does_not_wait_again(make: MakeRig) -> None:
    """Bulk work as well: it had its turn."""
    rig = make(connections_per_account=1)
    session = await use(rig)
    rig.later(60)
    rig.server.cut = True
    gate = session.noop_gate = asyncio.Event()
    (working,) = await bulks(rig, 1)
    waiting = await holders(rig, 3)
    gate.set()
    await rig.calm()
    assert working.held
    rig.server.cut = False
    for one in (working, *waiting):
        await one.release()
