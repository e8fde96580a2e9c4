"""Leases on a fake server: time is moved by hand, and ``repr(pool)`` tells the truth."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from gateway.errors import (
    LocalError,
    SignInRefused,
    Unavailable,
)
from gateway.imap.endpoint import Endpoint
from gateway.pool.key import AccountKey

from .fakes import Holder, MakeRig, target
from .leases import ALICE, BOB, holders, use


async def test_a_returned_connection_is_lent_again(make: MakeRig) -> None:
    rig = make()
    assert await use(rig) is await use(rig)
    assert rig.server.attempts == 1
    assert "1 of 2000 open" in repr(rig.pool)
    assert "1 idle; 0 waiting" in repr(rig.pool)


async def test_a_lease_is_exclusive(make: MakeRig) -> None:
    rig = make()
    one, two = await holders(rig, 2)
    assert one.session is not two.session
    assert rig.server.here["alice"] == 2


async def test_the_connection_with_the_folder_open_is_preferred(make: MakeRig) -> None:
    rig = make()
    one, two = Holder(rig, ALICE), Holder(rig, ALICE)
    await rig.calm()
    assert one.session is not None
    assert two.session is not None
    one.session.select(b"INBOX")
    two.session.select(b"Work")
    await one.release()
    await two.release()
    assert await use(rig, mailbox=b"Work") is two.session
    assert await use(rig, mailbox=b"INBOX") is one.session


async def test_the_cap_holds_and_connections_grow_one_at_a_time(make: MakeRig) -> None:
    rig = make(connections_per_account=3)
    held = await holders(rig, 50)
    assert rig.server.most["alice"] == 3
    assert rig.server.most_opening == 1
    assert sum(one.held for one in held) == 3
    assert "3 lent; 47 waiting" in repr(rig.pool)
    for one in held:
        await one.release()
    assert rig.server.attempts == 3


async def test_the_queue_is_first_come_first_served(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    order: list[int] = []

    async def one(number: int) -> None:
        async with rig.pool.lease(ALICE):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(20)))
    assert order == list(range(20))


async def test_accounts_do_not_wait_for_each_other(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    await holders(rig, 5)
    assert (await use(rig, BOB)).owner == "bob"


async def test_a_connection_never_changes_whose_it_is(make: MakeRig) -> None:
    rig = make(connections_per_account=2)
    wanted = {
        "alice": target("alice"),
        "bob": target("bob"),
        "alice elsewhere": target("alice", endpoint=Endpoint("other.example.org", 993)),
        "alice by another port": target("alice", endpoint=Endpoint("mail.example.org", 143, "starttls")),
        "alice as another account": target("alice", account_id="id-shared"),
        "alice's new password": target("alice", password="new"),
        "alice by token": target("alice", token="t"),
    }
    seen = {name: await use(rig, one) for name, one in wanted.items()}
    assert len({id(session) for session in seen.values()}) == len(wanted)


async def test_random_requests_with_cancellations_never_meet_somebody_elses_connection(make: MakeRig) -> None:
    rig = make(connections_per_account=3, provider_connections_per_account=5, connections_total=40)
    random = Random(4)
    users = [target(f"user{n}") for n in range(50)]
    mismatches = 0

    async def one(n: int) -> None:
        nonlocal mismatches
        async with rig.pool.lease(users[n]) as session:
            mismatches += session.owner != f"user{n}"
            session.clean = random.random() < 0.7
            session.settles_to = random.random() < 0.7
            if random.random() < 0.1:
                session.die()
            await asyncio.sleep(0)
            mismatches += session.owner != f"user{n}"
            session.clean = session.clean or random.random() < 0.5

    for _ in range(100):
        tasks = [asyncio.create_task(one(random.randrange(50))) for _ in range(100)]
        for task in tasks:
            if random.random() < 0.3:
                asyncio.get_running_loop().call_soon(task.cancel)
            if random.random() < 0.1:
                await asyncio.sleep(0)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError)
    assert mismatches == 0
    assert max(rig.server.most.values()) <= 3
    assert sum(rig.server.here.values()) <= 40
    await rig.pool.close(1)
    assert sum(rig.server.here.values()) == 0
    assert rig.tally.open.total() == 0
    assert rig.tally.leases == 0


async def test_a_defect_in_opening_is_told_and_leaks_nothing(make: MakeRig) -> None:
    rig = make()
    rig.server.errors.append(KeyError("a defect"))
    seen: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))
    with pytest.raises(LocalError):
        await use(rig)
    await rig.calm()
    assert isinstance(seen[0]["exception"], KeyError)
    assert "0 of 2000 open; no accounts" in repr(rig.pool)
    rig.later(5)
    assert (await use(rig)).alive


async def test_a_new_token_makes_connections_of_the_old_one_stale(make: MakeRig) -> None:
    rig = make(connections_per_account=3)
    old = await use(rig, target(token="one"))
    new = await use(rig, target(token="two"))
    assert old is not new
    rig.later(10.1)
    await rig.calm()
    assert not old.alive
    assert old.said_logout


async def test_connections_of_all_credentials_count_together(make: MakeRig) -> None:
    rig = make(connections_per_account=2)
    for n in range(10):
        await use(rig, target(token=f"token{n}"))
    assert rig.server.most["alice"] <= 2


async def test_an_expired_token_opens_nothing_and_its_connections_are_not_lent(make: MakeRig) -> None:
    rig = make()
    wanted = target(token="t", expires_at=rig.clock.now + 3)
    holder = Holder(rig, wanted)
    await rig.calm()
    idle = await use(rig, wanted)
    rig.later(3)
    await rig.calm()
    assert not idle.alive
    with pytest.raises(SignInRefused) as caught:
        await use(rig, wanted)
    assert caught.value.answer().status == 401
    assert holder.session is not None
    assert holder.session.alive, "what is in use is not cut"
    await holder.release()
    assert not holder.session.alive
    assert rig.server.here["alice"] == 0


async def test_a_token_that_expires_in_the_queue_is_refused_there(make: MakeRig) -> None:
    rig = make(connections_per_account=1)
    (holder,) = await holders(rig, 1)
    late = Holder(rig, target(token="t", expires_at=rig.clock.now + 3))
    await rig.calm()
    rig.clock.now += 4
    await holder.release()
    with pytest.raises(SignInRefused):
        await late.task


async def test_forget_closes_what_is_idle_now_and_what_is_lent_later(make: MakeRig) -> None:
    rig = make()
    held, other = await holders(rig, 2)
    await other.release()
    rig.pool.forget(AccountKey.of(ALICE))
    await rig.calm()
    assert other.session is not None
    assert held.session is not None
    assert not other.session.alive
    assert held.session.alive
    await held.release()
    assert not held.session.alive


async def test_drain_waits_for_leases_and_says_logout(make: MakeRig) -> None:
    rig = make(connections_per_account=2)
    held, idle = await holders(rig, 2)
    queued = await holders(rig, 1)
    closing = asyncio.create_task(rig.pool.close(30))
    await rig.calm()
    with pytest.raises(Unavailable):
        await queued[0].task
    with pytest.raises(Unavailable):
        await use(rig)
    assert not closing.done()
    await idle.release()
    await held.release()
    await closing
    assert all(session.said_logout for session in rig.server.opened)
    assert rig.server.here["alice"] == 0
    assert rig.tally.open.total() == 0


async def test_drain_ends_with_its_grace(make: MakeRig) -> None:
    rig = make()
    (held,) = await holders(rig, 1)
    idle = await use(rig, BOB)
    await rig.pool.close(0.01)
    assert idle.said_logout
    assert held.session is not None
    assert not held.session.alive
    await held.release()
    assert rig.server.here.total() == 0


async def test_drain_gives_up_what_is_being_opened(make: MakeRig) -> None:
    rig = make()
    rig.server.gate = asyncio.Event()
    (waiting,) = await holders(rig, 1)
    await rig.pool.close(5)
    with pytest.raises(Unavailable):
        await waiting.task
    assert len(rig.pool._keeper.errands) == 0
    assert rig.server.opening == 0


async def test_a_connection_that_ends_while_idle_counts_no_more_at_once(make: MakeRig) -> None:
    rig = make()
    idle = await use(rig)
    assert rig.tally.open["pool"] == 1
    idle.die()
    await rig.calm()
    assert rig.tally.open["pool"] == 0
    assert rig.pool.budget(ALICE).in_use == 0


async def test_nothing_personal_shows(make: MakeRig) -> None:
    rig = make()
    await use(rig, target("canary-user", password="canary-secret", account_id="canary-account"))
    assert "canary" not in repr(rig.pool)
    assert "canary" not in repr(AccountKey.of(target("canary-user", account_id="canary-account")))
