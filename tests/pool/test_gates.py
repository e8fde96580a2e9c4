"""Many who open connections to one server at one time: as few at once as are allowed, and all of them served."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import ConnectFailed, GatewayError, Unavailable
from gateway.imap.endpoint import Endpoint
from gateway.pool.gates import Gates

from .fakes import MakeRig, Rig, target
from .leases import holders, use

CROWD = [target(f"user{number}") for number in range(60)]


async def watch_all(rig: Rig) -> list[GatewayError | None]:
    """Everybody's watcher begins at one moment; how it ended for each."""

    async def one(number: int) -> None:
        async with rig.pool.watch(CROWD[number]):
            pass

    ended = await asyncio.gather(*map(one, range(len(CROWD))), return_exceptions=True)
    assert all(each is None or isinstance(each, GatewayError) for each in ended)
    return [each if isinstance(each, GatewayError) else None for each in ended]


async def test_a_crowd_goes_in_a_few_at_a_time(make: MakeRig) -> None:
    rig = make(sign_ins_at_once=8)
    assert await watch_all(rig) == [None] * len(CROWD)
    assert rig.server.most_opening == 8
    assert rig.server.attempts == len(CROWD)
    await rig.calm()
    assert not len(rig.pool._keeper._gates)


async def test_requests_do_not_wait_for_watchers(make: MakeRig) -> None:
    rig = make(sign_ins_at_once=2)
    rig.server.gate = asyncio.Event()
    watching = asyncio.create_task(watch_all(rig))
    await rig.calm()
    assert rig.server.opening == 2
    asking = asyncio.create_task(use(rig, target("somebody else")))
    await rig.calm()
    assert rig.server.opening == 3
    rig.server.gate.set()
    await asyncio.gather(watching, asking)


async def test_another_server_is_another_gate(make: MakeRig) -> None:
    rig = make(sign_ins_at_once=1)
    rig.server.gate = asyncio.Event()
    tasks = [
        asyncio.create_task(use(rig, target("alice", endpoint=Endpoint(f"mail{number}.example.org", 993))))
        for number in range(5)
    ]
    await rig.calm()
    assert rig.server.opening == 5
    rig.server.gate.set()
    await asyncio.gather(*tasks)


async def test_who_waits_for_a_host_that_turns_out_to_be_down_waits_no_longer(make: MakeRig) -> None:
    rig = make(sign_ins_at_once=4)
    rig.server.gate = asyncio.Event()
    rig.server.errors.extend([ConnectFailed("refused")] * 4)
    watching = asyncio.create_task(watch_all(rig))
    await rig.calm()
    rig.clock.now += 0.2
    rig.server.gate.set()
    ended = await watching
    assert rig.server.attempts <= 8  # four that failed, and those who went in before the third had
    assert sum(isinstance(each, ConnectFailed) for each in ended) >= 4
    assert sum(isinstance(each, Unavailable) for each in ended) >= len(CROWD) - 8
    assert None not in ended[8:]
    rig.later(60)
    await use(rig, CROWD[0])  # one goes ahead
    assert await watch_all(rig) == [None] * len(CROWD)


async def test_one_who_leaves_makes_room(make: MakeRig) -> None:
    rig = make(sign_ins_at_once=1)
    rig.server.gate = asyncio.Event()
    await holders(rig, 1, target("alice"))
    waiting = asyncio.create_task(use(rig, target("bob")))
    await rig.calm()
    assert rig.server.attempts == 1
    rig.server.gate.set()
    await waiting
    assert rig.server.attempts == 2


async def test_a_gate_that_is_left_by_an_error_is_open() -> None:
    gates = Gates(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with gates.through("a"):
                raise ZeroDivisionError
    assert not len(gates)
