"""Leases on a fake server: time is moved by hand, and ``repr(pool)`` tells the truth."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from gateway.errors import (
    ConnectFailed,
    DeadlinePassed,
    GatewayError,
    LocalError,
    NotFound,
    Refused,
    SignInRefused,
    TooManyRequests,
    Unavailable,
)
from gateway.imap.endpoint import Endpoint
from gateway.imap.name import MailboxName
from gateway.pool.key import AccountKey
from gateway.pool.target import Target

from .fakes import FakeSession, Holder, MakeRig, Rig, target

ALICE, BOB = target("alice"), target("bob")


async def use(rig: Rig, wanted: Target = ALICE, mailbox: bytes | None = None) -> FakeSession:
    """One short lease."""
    async with rig.pool.lease(wanted, None if mailbox is None else MailboxName(mailbox)) as session:
        if mailbox is not None:
            session.select(mailbox)
    await rig.calm()
    return session


async def holders(rig: Rig, count: int, wanted: Target = ALICE, *, watch: bool = False) -> list[Holder]:
    made = [Holder(rig, wanted, watch=watch) for _ in range(count)]
    await rig.calm()
    return made


# Lending


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


# Identity


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


# Death, age and dirt


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


# Waiting


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


# Watching and budgets


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


# Failure to open


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


# Drain


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
