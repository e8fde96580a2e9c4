"""Watchers and the limits of an account and of the process: how many connections there are at most."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import (
    TooManyRequests,
)

from .fakes import Holder, MakeRig, target
from .leases import ALICE, holders, use


async def test_watchers_count_in_the_budget_and_not_in_the_cap(make: MakeRig) -> None:
    rig = make(connections_per_account=2, provider_connections_per_account=5)
    watching = await holders(rig, 2, watch=True)
    held = await holders(rig, 4)
    assert all(one.held for one in watching)
    assert sum(one.held for one in held) == 2
    assert rig.pool.budget(ALICE) == (5, 2, 4, 4)
    assert rig.tally.open == {"pool": 2, "watcher": 2}


async def test_the_budget_is_shared_by_replicas(make: MakeRig) -> None:
    rig = make(connections_per_account=8, provider_connections_per_account=10, replicas=3)
    await holders(rig, 20)
    assert rig.server.most["alice"] == 2
    (watcher,) = await holders(rig, 1, watch=True)
    assert watcher.held
    assert rig.server.most["alice"] == 3


async def test_watchers_never_take_the_last_connection(make: MakeRig) -> None:
    rig = make(connections_per_account=3, provider_connections_per_account=3)
    watching = await holders(rig, 2, watch=True)
    assert all(one.held for one in watching)
    with pytest.raises(TooManyRequests):
        async with rig.pool.watch(ALICE):
            raise AssertionError("there was no room")
    assert (await use(rig)).alive
    assert rig.server.most["alice"] == 3


async def test_a_watcher_takes_over_an_idle_connection(make: MakeRig) -> None:
    rig = make()
    session = await use(rig)
    (watcher,) = await holders(rig, 1, watch=True)
    assert watcher.session is session
    assert rig.tally.open == {"pool": 0, "watcher": 1}
    await watcher.release()
    assert rig.tally.open == {"pool": 1, "watcher": 0}
    assert await use(rig) is session


async def test_a_connection_opened_for_a_watcher_is_not_lent_beyond_the_cap(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    (held,) = await holders(rig, 1)
    queued, watcher = Holder(rig, ALICE), Holder(rig, ALICE, watch=True)
    await rig.calm()
    assert held.held
    assert not queued.held, "the cap holds"
    assert watcher.held, "it stands in a lane of its own"
    await held.release()
    assert queued.held
    assert rig.tally.open == {"pool": 1, "watcher": 1}


async def test_the_process_total_evicts_whoever_is_idle_longest(make: MakeRig) -> None:
    rig = make(connections_total=3)
    sessions = []
    for name in ("u1", "u2", "u3"):
        sessions.append(await use(rig, target(name)))
        rig.clock.now += 1
    await use(rig, target("u4"))
    assert [session.alive for session in sessions] == [False, True, True]
    assert sum(rig.server.here.values()) == 3


async def test_the_process_total_is_never_exceeded_and_all_are_served(make: MakeRig) -> None:
    rig = make(connections_total=4)
    most = 0

    async def one(name: str) -> None:
        nonlocal most
        async with rig.pool.lease(target(name)):
            most = max(most, sum(rig.server.here.values()))
            await asyncio.sleep(0)

    await asyncio.gather(*(one(f"u{n % 30}") for n in range(120)))
    assert most <= 4
    assert max(rig.server.most.values()) <= 3
