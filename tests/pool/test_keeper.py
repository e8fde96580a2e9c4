"""Connections that die, age, or come back dirty."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import (
    GatewayError,
    NotFound,
    Unavailable,
)

from .fakes import FakeSession, Holder, MakeRig
from .leases import ALICE, holders, use


async def test_a_dead_client_is_not_lent(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    dead = await use(rig)
    dead.die()
    assert await use(rig) is not dead
    assert rig.server.attempts == 2


async def test_a_session_that_dies_in_a_lease_is_replaced(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    async with rig.pool.lease(ALICE) as session:
        session.die()
    assert (await use(rig)).alive


async def test_a_server_that_hangs_up_after_the_sign_in_is_not_hammered(make: MakeRig) -> None:
    rig = make()
    opener = rig.server.open

    async def hang_up(wanted: object) -> FakeSession:
        session = await opener(ALICE)
        session.die()
        return session

    rig.pool._keeper._opener = hang_up
    with pytest.raises(GatewayError):
        await use(rig)
    with pytest.raises(Unavailable):
        await use(rig)
    assert rig.server.attempts == 1


async def test_idle_connections_are_closed_in_time(make: MakeRig) -> None:
    rig = make(idle_connection_seconds=120)
    session = await use(rig)
    rig.later(119)
    await rig.calm()
    assert session.alive
    rig.later(1)
    await rig.calm()
    assert session.said_logout
    assert "0 of 2000 open; no accounts" in repr(rig.pool)


async def test_idle_connections_are_closed_by_themselves(make: MakeRig) -> None:
    """The timer of a connection fires without anybody asking: here the event loop's own, very soon."""
    rig = make(idle_connection_seconds=0.001)
    session = await use(rig)
    rig.clock.now += 1
    async with asyncio.timeout(5):
        while session.alive:
            await asyncio.sleep(0.005)
    assert session.said_logout


async def test_a_connection_is_replaced_after_its_lifetime(make: MakeRig) -> None:
    rig = make(connection_lifetime_seconds=100, idle_connection_seconds=1000)
    first = await use(rig)
    rig.clock.now += 99
    assert await use(rig) is first
    rig.later(1)
    assert await use(rig) is not first
    assert not first.alive


async def test_lifetimes_are_jittered(make: MakeRig) -> None:
    ends = set()
    for chance in (0.0, 0.5, 0.999):
        rig = make(connection_lifetime_seconds=100, idle_connection_seconds=1000)
        rig.chance = chance
        session = await use(rig)
        born = rig.clock.now
        while session.alive:
            rig.later(1)
            await rig.calm()
        ends.add(rig.clock.now - born)
    assert min(ends) == 90
    assert max(ends) == 110
    assert len(ends) == 3


async def test_a_long_unused_connection_is_proven_before_it_is_lent(make: MakeRig) -> None:
    rig = make()
    session = await use(rig)
    rig.clock.now += 29
    await use(rig)
    assert session.noops == 0
    rig.clock.now += 30
    assert await use(rig) is session
    assert session.noops == 1


async def test_a_half_open_connection_is_replaced_without_the_caller_noticing(make: MakeRig) -> None:
    rig = make()
    one, two = await holders(rig, 2)
    await one.release()
    await two.release()
    rig.clock.now += 31
    rig.server.cut = True
    session = await use(rig)
    assert session not in (one.session, two.session)
    assert session.alive
    assert rig.server.here["alice"] == 1, "those unused as long went too"
    assert rig.server.attempts == 3


async def test_cancellation_while_a_connection_is_proven_loses_nothing(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    session = await use(rig)
    session.noop_gate = asyncio.Event()
    rig.clock.now += 31
    holder = Holder(rig, ALICE)
    await rig.calm()
    assert session.noops == 1
    await holder.cancel()
    assert not session.alive
    assert (await use(rig)).alive
    assert rig.server.here["alice"] == 1


async def test_a_cancelled_lease_is_settled_before_it_is_lent_again(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    holder = Holder(rig, ALICE)
    await rig.calm()
    session = holder.session
    assert session is not None
    session.settle_gate = asyncio.Event()
    session.clean = False
    await holder.cancel()
    after = Holder(rig, ALICE)
    await rig.calm()
    assert not after.held
    assert "1 settling; 1 waiting" in repr(rig.pool)
    session.settle_gate.set()
    await rig.calm()
    assert after.session is session
    await after.release()


async def test_a_session_that_does_not_come_clean_is_dropped(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    for _ in range(3):
        holder = Holder(rig, ALICE)
        await rig.calm()
        assert holder.session is not None
        holder.session.clean = holder.session.settles_to = False
        await holder.cancel()
        assert not holder.session.alive
    assert rig.server.attempts == 3
    assert rig.server.here["alice"] == 0


async def test_a_session_left_dirty_by_a_body_that_succeeded_is_settled_too(make: MakeRig) -> None:
    rig = make()
    async with rig.pool.lease(ALICE) as session:
        session.clean = False
    await rig.calm()
    assert session.settles == 1
    assert await use(rig) is session


async def test_an_ordinary_error_keeps_the_connection(make: MakeRig) -> None:
    rig = make()
    with pytest.raises(NotFound):
        async with rig.pool.lease(ALICE) as session:
            raise NotFound("no such message")
    await rig.calm()
    assert await use(rig) is session


async def test_a_client_that_leaves_during_the_trial_says_nothing_of_the_other_connections(make: MakeRig) -> None:
    rig = make()
    for holder in await holders(rig, 2):
        await holder.release()
    rig.clock.now += 31
    for session in rig.server.opened:
        session.noop_gate = asyncio.Event()
    leaving = Holder(rig, ALICE)
    await rig.calm()
    await leaving.cancel()
    assert [session.alive for session in rig.server.opened if not session.noops] == [True]
