"""Credentials that end while streams are open: renewed in time, nobody notices; refused, the streams end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest

from gateway.accounts.account import Account, Renewal
from gateway.errors import Forbidden, GatewayError, NotFound, SignInRefused, Unavailable
from gateway.live.event import Bye, Event, Hello
from gateway.live.stream import Stream
from gateway.mail.resource import Changes
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

from .account import Watched, watched

LIFE = 0.5  # seconds
LETTERS = 12


@dataclass
class Renewing:
    """An account whose credential lasts half a second, and the way to the next one; ``fails``: what comes instead."""

    base: Account
    until: float | None = None
    fails: list[GatewayError] = field(default_factory=list)
    given: int = 0

    def account(self) -> Account:
        return replace(self.base, expires_at=time.time() + LIFE, renewal=Renewal(self.until, self.fresh))

    async def fresh(self) -> Account:
        if self.fails:
            raise self.fails.pop()
        self.given += 1
        return self.account()


async def subjects(stream: Stream, count: int) -> list[str | None]:
    found: list[str | None] = []
    while len(found) < count:
        event: Event | None = await stream.next(20)
        assert isinstance(event, Changes), event
        found += [message.subject for message in event.created]
    return found


async def posted(account: Watched, numbers: Iterable[int], pause: float) -> None:
    """Letters over several lives of the credential."""
    client = await asyncio.to_thread(account.imap)
    for number in numbers:
        await asyncio.to_thread(append, client, "INBOX", (letter(number),))
        await asyncio.sleep(pause)
    await asyncio.to_thread(client.logout)


async def hello(stream: Stream) -> None:
    assert isinstance(await stream.next(10), Hello)


@pytest.mark.parametrize("ignore", [(), ("NOTIFY",), ("NOTIFY", "IDLE")])
async def test_a_stream_lives_through_many_lives_of_its_credential(dovecot: Dovecot, ignore: tuple[str, ...]) -> None:
    async with watched(dovecot, ignore=ignore, live={"poll_seconds": 0.1}) as account:
        renewing = Renewing(account.account)
        stream = await account.hub.subscribe(renewing.account(), ["inbox"], None)
        await hello(stream)
        heard, _ = await asyncio.gather(
            subjects(stream, LETTERS), posted(account, range(1, LETTERS + 1), 3 * LIFE / LETTERS)
        )
        assert heard == [f"message {number}" for number in range(1, LETTERS + 1)]
        assert renewing.given >= 3


async def test_an_issuer_that_is_down_for_a_moment_ends_no_stream(dovecot: Dovecot) -> None:
    async with watched(dovecot) as account:
        renewing = Renewing(account.account)
        stream = await account.hub.subscribe(renewing.account(), ["inbox"], None)
        await hello(stream)
        renewing.fails = [Unavailable("the issuer is down")]
        async with asyncio.timeout(10):
            while renewing.fails:
                await asyncio.sleep(0.02)
        heard, _ = await asyncio.gather(subjects(stream, 1), posted(account, [1], 0))
        assert heard == ["message 1"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Forbidden("no more"), "upstream-failed"),
        (SignInRefused("the grant has ended"), "upstream-refused"),
        (NotFound("unlinked"), "account-removed"),
    ],
)
async def test_a_renewal_that_is_refused_ends_the_streams(dovecot: Dovecot, error: GatewayError, reason: str) -> None:
    async with watched(dovecot) as account:
        renewing = Renewing(account.account)
        stream = await account.hub.subscribe(renewing.account(), ["inbox"], None)
        await hello(stream)
        renewing.fails = [error]
        bye = await stream.next(10)
        assert isinstance(bye, Bye)
        assert bye.reason == reason


async def test_of_several_streams_the_one_that_can_be_renewed_longest_carries_the_rest(dovecot: Dovecot) -> None:
    async with watched(dovecot) as account:
        short = replace(account.account, expires_at=time.time() + 1000)
        renewing = Renewing(account.account)
        first = await account.hub.subscribe(short, ["inbox"], None)
        second = await account.hub.subscribe(renewing.account(), ["inbox"], None)
        for stream in (first, second):
            await hello(stream)
        given = renewing.given
        second.close()
        heard, _ = await asyncio.gather(subjects(first, 3), posted(account, [1, 2, 3], LIFE))
        assert heard == ["message 1", "message 2", "message 3"]
        assert renewing.given == given, "who has left is asked for nothing"
