"""What streams hear of the account's fullness: what was crossed since they heard last, and how often that is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from gateway.errors import ConnectionLost, GatewayError, Refused
from gateway.imap.capability import Capabilities
from gateway.imap.name import MailboxName
from gateway.imap.response import Quota
from gateway.imap.session import Session
from gateway.live.gauge import FAILURES, HURRY, Gauge
from gateway.live.mark import Mark
from gateway.live.stream import UNTAKEN, Stream, Told
from gateway.mail.quota_level import QuotaNews
from gateway.mail.resource import Changes, Coverage
from gateway.settings.model import Live

EVERY = 300.0


class Server:
    """A session of one whose mailbox is as full as the next of ``percents``."""

    def __init__(self, percents: Iterable[int | GatewayError], capabilities: str = "QUOTA") -> None:
        self.capabilities = Capabilities.of(capabilities.split())
        self.asked = 0
        self._percents = list(percents)

    async def get_quota_root(self, name: MailboxName) -> Sequence[Quota]:
        assert name.is_inbox
        self.asked += 1
        percent = self._percents.pop(0)
        if isinstance(percent, GatewayError):
            raise percent
        return [Quota(b"r", {"MESSAGE": (percent, 100)})]


async def looked(gauge: Gauge, server: Server, now: float = 0.0) -> None:
    await gauge.look(cast("Session", server), now)


def joined(gauge: Gauge) -> Stream:
    stream = Stream(gauge.leave)
    stream.taken = gauge.taken
    gauge.join(stream)
    return stream


async def heard(stream: Stream) -> tuple[int, int, bool] | None:
    """How full, which threshold, and whether it was reached."""
    event = await stream.next(0.01)
    if event is None:
        return None
    assert isinstance(event, QuotaNews)
    assert stream.state is None
    (crossed,) = event.crossed
    return event.resources[0].percent, crossed.threshold, crossed.rising


def fill(stream: Stream) -> None:
    for number in range(UNTAKEN):
        event = Changes(folder_id="f", old_state="a", new_state="b", mode="qresync", coverage=Coverage())
        stream.offer(Told(event, Mark("some", {}), MailboxName(b"%d" % number)))


async def test_each_stream_hears_what_was_crossed_since_it_came() -> None:
    gauge, server = Gauge(Live()), Server([70, 81, 85, 96, 10])
    first = joined(gauge)
    await looked(gauge, server)
    assert await heard(first) is None
    await looked(gauge, server)
    assert await heard(first) == (81, 80, True)
    second = joined(gauge)
    await looked(gauge, server)
    assert (await heard(first), await heard(second)) == (None, None)
    await looked(gauge, server)
    assert (await heard(first), await heard(second)) == ((96, 95, True), (96, 95, True))
    await looked(gauge, server)
    assert (await heard(first), await heard(second)) == ((10, 80, False), (10, 80, False))


async def test_who_is_slow_hears_once_how_it_is_by_then_and_nothing_of_what_came_and_went() -> None:
    gauge, server = Gauge(Live()), Server([70, 81, 91, 70, 70])
    slow, gone = joined(gauge), joined(gauge)
    await looked(gauge, server)
    for stream in (slow, gone):
        fill(stream)
    for _ in range(2):
        await looked(gauge, server)
    for _ in range(UNTAKEN):
        assert isinstance(await slow.next(0.01), Changes)
    assert await heard(slow) == (91, 90, True)
    assert await heard(slow) is None
    await looked(gauge, server)
    for _ in range(UNTAKEN):
        assert isinstance(await gone.next(0.01), Changes)
    assert await heard(gone) is None
    assert await heard(slow) == (70, 80, False)


async def test_one_that_waits_is_not_joined_by_a_second() -> None:
    gauge, server = Gauge(Live()), Server([70, 81, 96])
    stream = joined(gauge)
    for _ in range(3):
        await looked(gauge, server)
    assert await heard(stream) == (81, 80, True)
    assert await heard(stream) == (96, 95, True)


async def test_looks_come_now_and_then_and_sooner_after_a_change() -> None:
    gauge, server = Gauge(Live(quota_seconds=EVERY)), Server([1, 1, 1])
    assert not gauge.due(0), "nobody would be told"
    stream = joined(gauge)
    assert gauge.due(0)
    await looked(gauge, server, 0)
    assert not gauge.due(EVERY - 1)
    assert gauge.changed(1) == EVERY / HURRY - 1
    assert gauge.changed(2) is None, "one reminder is enough"
    assert not gauge.due(EVERY / HURRY - 1)
    assert gauge.due(EVERY / HURRY)
    await looked(gauge, server, EVERY / HURRY)
    assert not gauge.due(EVERY)
    assert gauge.due(EVERY + EVERY / HURRY)
    stream.close()
    assert not gauge.due(10 * EVERY)


async def test_nothing_is_asked_where_nothing_would_be_told() -> None:
    silent = Gauge(Live(quota_percents=()))
    joined(silent)
    assert (silent.due(0), silent.changed(0)) == (False, None)
    gauge, server = Gauge(Live()), Server([], "IDLE")
    joined(gauge)
    await looked(gauge, server)
    assert (server.asked, gauge.changed(0)) == (0, None)


async def test_a_refusal_is_no_news_and_what_breaks_connections_is_not_asked_for_ever() -> None:
    gauge = Gauge(Live())
    stream = joined(gauge)
    await looked(gauge, Server([Refused("not for you", command="GETQUOTAROOT")]))
    assert await heard(stream) is None
    broken = Server([ConnectionLost("the server said nonsense")] * FAILURES)
    for time in range(FAILURES):
        assert gauge.due(EVERY * (time + 1))
        try:
            await looked(gauge, broken, EVERY * (time + 1))
        except ConnectionLost:
            continue
        raise AssertionError("it was not told")
    assert not gauge.due(EVERY * 100)
