"""Connections that can't be opened: what is told, and when it is tried again."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import (
    ConnectFailed,
    Refused,
    SignInRefused,
    Unavailable,
)
from gateway.imap.endpoint import Endpoint
from gateway.pool.key import AccountKey

from .fakes import MakeRig, target
from .leases import ALICE, holders, use


async def test_a_refused_sign_in_is_not_repeated_by_itself(make: MakeRig) -> None:
    rig = make()
    for _ in range(3):
        rig.server.errors.append(SignInRefused("wrong", code="AUTHENTICATIONFAILED"))
    results = await asyncio.gather(*(use(rig) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(result, SignInRefused) for result in results)
    assert len({id(result) for result in results}) == 50
    assert rig.server.attempts == 1
    with pytest.raises(SignInRefused):
        await use(rig)
    assert rig.server.attempts == 1
    rig.later(40)
    with pytest.raises(SignInRefused):
        await use(rig)
    assert rig.server.attempts == 2


async def test_another_credential_is_tried_at_once(make: MakeRig) -> None:
    rig = make()
    rig.server.errors.append(SignInRefused("expired"))
    with pytest.raises(SignInRefused):
        await use(rig, target(token="old"))
    assert (await use(rig, target(token="new"))).alive


async def test_a_refused_sign_in_retires_what_the_credential_opened_before(make: MakeRig) -> None:
    rig = make()
    (held,) = await holders(rig, 1)
    rig.server.errors.append(SignInRefused("revoked"))
    with pytest.raises(SignInRefused):
        await use(rig)
    assert held.session is not None
    await held.release()
    assert not held.session.alive


async def test_forget_lets_a_refused_credential_be_tried_again(make: MakeRig) -> None:
    rig = make()
    rig.server.errors.append(SignInRefused("no"))
    with pytest.raises(SignInRefused):
        await use(rig)
    rig.pool.forget(AccountKey.of(ALICE))
    assert (await use(rig)).alive


async def test_a_broken_reconnect_backs_off_and_recovers(make: MakeRig) -> None:
    rig = make()
    rig.server.errors.extend([ConnectFailed("refused")] * 2)
    with pytest.raises(ConnectFailed):
        await use(rig)
    with pytest.raises(Unavailable) as caught:
        await use(rig)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 0.6
    rig.later(0.6)
    with pytest.raises(ConnectFailed):
        await use(rig)
    rig.later(0.6)
    with pytest.raises(Unavailable):
        await use(rig)
    rig.later(0.6)
    assert (await use(rig)).alive
    assert rig.server.attempts == 3
    assert rig.tally.opens == {"unreachable": 2, "ok": 1}


async def test_a_dead_host_is_not_hammered_by_many_accounts(make: MakeRig) -> None:
    rig = make()
    rig.server.errors.extend([ConnectFailed("dead")] * 100)
    for n in range(100):
        with pytest.raises((ConnectFailed, Unavailable)):
            await use(rig, target(f"user{n}"))
    assert rig.server.attempts == 3
    rig.server.errors.clear()
    elsewhere = target("x", endpoint=Endpoint("alive.example.org", 993))
    assert (await use(rig, elsewhere)).alive


async def test_a_failed_growth_leaves_the_waiters_to_what_is_open(make: MakeRig) -> None:
    rig = make(connections_per_account=3)
    (held,) = await holders(rig, 1)
    rig.server.errors.append(ConnectFailed("no more"))
    (queued,) = await holders(rig, 1)
    assert not queued.task.done()
    await held.release()
    assert queued.session is held.session
    await queued.release()


async def test_a_lower_limit_of_the_server_is_learnt(make: MakeRig) -> None:
    rig = make(connections_per_account=5)
    rig.server.limit, rig.server.limit_error = 3, Refused("Maximum number of connections", code="LIMIT")
    held = await holders(rig, 10)
    assert sum(one.held for one in held) == 3
    attempts = rig.server.attempts
    assert attempts == 4
    for one in held:
        await one.release()
    assert all(one.task.exception() is None for one in held)
    assert rig.server.attempts == attempts


async def test_a_limit_without_a_connection_of_ours_is_503(make: MakeRig) -> None:
    rig = make()
    rig.server.limit, rig.server.limit_error = 0, Refused("Maximum number of connections", code="LIMIT")
    with pytest.raises(Unavailable) as caught:
        await use(rig)
    assert caught.value.answer().status == 503
    assert caught.value.retry_after is not None


async def test_a_server_that_still_counts_what_was_closed_is_asked_again(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    session = await use(rig)
    session.die()
    rig.server.errors.append(Refused("Maximum number of connections", code="LIMIT"))
    assert (await use(rig)).alive
    assert rig.server.attempts == 3
