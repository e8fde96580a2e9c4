"""The pool on a real Dovecot, and across a proxy that breaks the way to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Protocol

import pytest

from gateway.errors import ConnectFailed, ConnectionLost, GatewayError, SignInRefused, Unavailable
from gateway.imap.credential import Password
from gateway.imap.encode.fetch_item import Section
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.pool import lender
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.model import Limits
from tests.conftest import DovecotFactory
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions
from tests.servers.faultproxy import FaultProxy

from .fakes import Clock, Tally

INBOX = MailboxName(b"INBOX")
BODY = Section("1")


def to(where: Dovecot | FaultProxy, user: str, password: str) -> Target:
    return Target(f"id-{user}", "example", Endpoint(where.host, where.port, "none"), Password(user, Secret(password)))


class Pools(Protocol):
    def __call__(self, *, timer: Clock | None = None, **limits: float) -> Pool: ...


@pytest.fixture
async def pools() -> AsyncIterator[Pools]:
    """Makes pools of real sessions; afterwards each must be empty, and its numbers must say so."""
    made: list[tuple[Pool, Tally]] = []
    contexts = TlsContexts()
    deadlines = Deadlines(connect=5, greeting=5, command=10)

    async def opener(target: Target) -> Session:
        return await Session.open(
            target.endpoint, target.credential, deadlines=deadlines, ignore=target.ignore, tls=contexts
        )

    def make(*, timer: Clock | None = None, **limits: float) -> Pool:
        tally = Tally()
        bounds = Limits(**limits)  # type: ignore[arg-type]  # whole numbers are given where they must be whole
        timed = {} if timer is None else {"timer": timer}
        made.append((Pool(bounds, opener=opener, metrics=tally, **timed), tally))
        return made[-1][0]

    yield make
    for pool, tally in made:
        await pool.close(2)
        assert " open; no accounts; draining)" in repr(pool)
        assert repr(pool).startswith("Pool(0 of ")
        assert tally.open.total() == tally.leases == 0


async def until(who: Dovecot, user: str, count: int) -> None:
    """The server's own count of connections, which follows a LOGOUT by a moment."""
    async with asyncio.timeout(10):
        while await asyncio.to_thread(who.who, user) != count:
            await asyncio.sleep(0.02)


async def store(session: Session, text: bytes, folder: MailboxName = INBOX) -> int:
    mail = b"Subject: " + text + b"\r\n\r\n" + text + b"\r\n"
    result = await session.append(folder, len(mail), mail)
    assert result is not None
    return result.uid


async def test_fifty_requests_at_once_stay_within_the_cap(dovecot: Dovecot, pools: Pools) -> None:
    user, password = dovecot.guest()
    pool, target = pools(connections_per_account=3), to(dovecot, user, password)
    together = 0
    most = 0
    full = asyncio.Event()

    async def one() -> None:
        nonlocal together, most
        async with pool.lease(target, INBOX) as session:
            together += 1
            most = max(most, together)
            if together == 3:
                full.set()
            async with asyncio.timeout(10):
                await full.wait()
            await session.select(INBOX)
            await session.noop()
            together -= 1

    await asyncio.gather(*(one() for _ in range(50)))
    assert most == 3
    assert await asyncio.to_thread(dovecot.who, user) == 3
    await pool.close(2)
    await until(dovecot, user, 0)


async def test_a_servers_limit_of_three_refuses_nobody(dovecot_factory: DovecotFactory, pools: Pools) -> None:
    """Configured as the server is: requests and a watcher share what it allows."""
    server = dovecot_factory(DovecotOptions(max_connections=3))
    pool = pools(connections_per_account=3, provider_connections_per_account=3)
    target = to(server, "alice", "alicepw")

    async def one() -> None:
        async with pool.lease(target) as session:
            await session.noop()

    async with pool.watch(target) as watcher:
        await asyncio.gather(*(one() for _ in range(50)))
        await watcher.noop()
        await until(server, "alice", 3)  # the third may still be signing in when the others have served all
    assert "LIMIT" not in server.log_text()
    assert "Maximum number of connections" not in server.log_text()


async def test_a_lower_limit_of_the_server_is_learnt(dovecot_factory: DovecotFactory, pools: Pools) -> None:
    """Configured for more than the server allows: nobody fails, and the server is not asked over and over."""
    server = dovecot_factory(DovecotOptions(max_connections=2))
    pool, target = pools(connections_per_account=6), to(server, "bob", "bobpw")

    async def one() -> None:
        async with pool.lease(target) as session:
            await session.noop()

    async with pool.lease(target), pool.lease(target):
        crowd = [asyncio.create_task(one()) for _ in range(30)]
        async with asyncio.timeout(10):
            while pool.budget(target).allowed != 2:
                await asyncio.sleep(0.01)
        assert not any(task.done() for task in crowd)
    await asyncio.gather(*crowd)
    assert await asyncio.to_thread(server.who, "bob") <= 2
    assert pool.budget(target).allowed == 2


async def test_the_limit_is_taken_by_others(dovecot_factory: DovecotFactory, pools: Pools) -> None:
    server = dovecot_factory(DovecotOptions(max_connections=1))
    pool, target = pools(), to(server, "carol", "carolpw")
    other = await asyncio.to_thread(server.client, "carol")
    try:
        with pytest.raises(Unavailable) as caught:
            async with pool.lease(target):
                raise AssertionError("there was no connection to be had")
        assert caught.value.answer().status == 503
        assert caught.value.retry_after is not None
    finally:
        await asyncio.to_thread(other.logout)


async def test_killed_connections_are_replaced(dovecot: Dovecot, pools: Pools) -> None:
    user, password = dovecot.guest()
    pool, target = pools(), to(dovecot, user, password)
    async with pool.lease(target) as first, pool.lease(target) as second:
        await first.noop()
        await asyncio.to_thread(dovecot.kick, user)
        async with asyncio.timeout(10):
            await first.lost.wait()
            await second.lost.wait()
    async with pool.lease(target) as third:
        await third.noop()
        assert third not in (first, second)
    assert await asyncio.to_thread(dovecot.who, user) == 1


async def test_a_restart_of_the_server_is_survived(dovecot_factory: DovecotFactory, pools: Pools) -> None:
    server = dovecot_factory(DovecotOptions())
    clock = Clock()
    pool, target = pools(timer=clock), to(server, "alice", "alicepw")
    async with pool.lease(target) as session:
        await session.noop()
    await asyncio.to_thread(server.kick, "alice")
    await asyncio.to_thread(server.stop)
    async with asyncio.timeout(10):
        await session.lost.wait()
    with pytest.raises((ConnectFailed, ConnectionLost)):
        async with pool.lease(target):
            raise AssertionError("nobody is there")
    with pytest.raises(Unavailable):
        async with pool.lease(target):
            raise AssertionError("it is not tried again at once")
    await asyncio.to_thread(server.start)
    clock.now += 1
    async with pool.lease(target) as session:
        await session.noop()


async def test_a_half_open_connection_is_found_before_it_is_lent(
    dovecot: Dovecot, pools: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lender, "PROBE_SECONDS", 0.1)
    user, password = dovecot.guest()
    clock = Clock()
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:
        pool, target = pools(timer=clock), to(proxy, user, password)
        async with pool.lease(target) as old:
            await old.noop()
        proxy.up.stall()
        clock.now += 31
        waiting = asyncio.create_task(pool.lease(target).__aenter__())
        async with asyncio.timeout(10):
            await old.lost.wait()
        proxy.up.clear()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with pool.lease(target) as new:
            await new.noop()
        assert new is not old
        await pool.close(1)


async def test_wrong_passwords_reach_the_server_once(dovecot: Dovecot, pools: Pools) -> None:
    user, password = dovecot.guest()
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:
        pool, wrong = pools(), to(proxy, user, "wrong")
        for _ in range(20):
            with pytest.raises(SignInRefused):
                async with pool.lease(wrong):
                    raise AssertionError("the password is wrong")
        assert proxy.total == 1
        async with pool.lease(to(proxy, user, password)) as session:
            await session.noop()
        await pool.close(1)


async def test_a_dead_host_is_not_hammered(dovecot: Dovecot, pools: Pools) -> None:
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:
        proxy.refuse = True
        pool = pools(timer=Clock())
        for n in range(60):
            with pytest.raises((Unavailable, ConnectFailed, ConnectionLost)):
                async with pool.lease(to(proxy, f"nobody{n}", "x")):
                    raise AssertionError("nobody is there")
        assert proxy.total == 3


async def test_a_thousand_cancellations_leave_clean_connections(dovecot: Dovecot, pools: Pools) -> None:
    """Each body that is read after one names the message that was asked for."""
    user, password = dovecot.guest()
    pool, target = pools(connections_per_account=3), to(dovecot, user, password)
    random = Random(3)
    async with pool.lease(target) as session:
        uids = {await store(session, b"message %d" % n): b"message %d\r\n" % n for n in range(20)}
    read = 0

    async def one(uid: int) -> None:
        nonlocal read
        async with pool.lease(target, INBOX) as session:
            await session.select(INBOX, readonly=True)
            sections = await session.fetch_sections(uid, [BODY])
            assert list(sections.values()) == [uids[uid]]
            read += 1

    for _ in range(50):
        tasks = [asyncio.create_task(one(random.choice(list(uids)))) for _ in range(20)]
        for task in tasks:
            asyncio.get_running_loop().call_later(random.random() * 0.02, task.cancel)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError)
    await one(next(iter(uids)))
    assert read > 20
    assert await asyncio.to_thread(dovecot.who, user) <= 3
    await pool.close(2)
    await until(dovecot, user, 0)


async def test_no_request_ever_meets_somebody_elses_mail(dovecot: Dovecot, pools: Pools) -> None:
    """Many users, few connections, cancellations and kicks: every body carries its owner's name."""
    users = [dovecot.guest() for _ in range(12)]
    pool = pools(connections_per_account=2, connections_total=10)
    random = Random(9)
    mismatches = answers = 0
    for user, password in users:
        async with pool.lease(to(dovecot, user, password)) as session:
            await store(session, user.encode())

    async def one(user: str, password: str) -> None:
        nonlocal mismatches, answers
        async with pool.lease(to(dovecot, user, password), INBOX) as session:
            await session.select(INBOX, readonly=True)
            sections = await session.fetch_sections(1, [BODY])
            mismatches += list(sections.values()) != [user.encode() + b"\r\n"]
            answers += 1

    for lap in range(15):
        chosen = [random.choice(users) for _ in range(40)]
        tasks = [asyncio.create_task(one(*user)) for user in chosen]
        for task in random.sample(tasks, 12):
            asyncio.get_running_loop().call_later(random.random() * 0.05, task.cancel)
        if lap % 5 == 4:
            await asyncio.to_thread(dovecot.kick, users[0][0])
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for whose, result in zip(chosen, results, strict=True):
            cut_off = whose == users[0] and isinstance(result, ConnectionLost | Unavailable)
            assert result is None or isinstance(result, asyncio.CancelledError) or cut_off
    assert mismatches == 0
    assert answers > 300


async def test_a_folder_stays_selected_for_who_comes_next(dovecot: Dovecot, pools: Pools) -> None:
    user, password = dovecot.guest()
    pool, target = pools(), to(dovecot, user, password)
    work = MailboxName(b"Work")
    async with pool.lease(target) as one, pool.lease(target) as two:
        await one.create(work)
        await one.select(work)
        await two.select(INBOX)
    async with pool.lease(target, work) as session:
        assert session is one
    async with pool.lease(target, INBOX) as session:
        assert session is two


async def test_drain_says_logout(dovecot: Dovecot, pools: Pools) -> None:
    user, password = dovecot.guest()
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:
        pool, target = pools(), to(proxy, user, password)
        async with pool.lease(target), pool.watch(target):
            pass
        proxy.up.record()
        await pool.close(5)
        assert proxy.up.seen.count(b"LOGOUT") == 2
    with pytest.raises(GatewayError):
        async with pool.lease(target):
            raise AssertionError("it has drained")
