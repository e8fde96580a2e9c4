"""``python -m bench --streams``: what open event streams, watched accounts and a start cost one process."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.crowd import many_sockets
from bench.crowd_process import CrowdProcess
from bench.process import exact_cpu_seconds, resident_octets
from bench.pulse import Pulse
from bench.start import start_figures
from bench.streams_report import StreamFigure, StreamReport
from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.filling import append, letter
from tests.servers.tokens import TokenIssuer

SHARED: Final = 20
"""Accounts that the idle streams are of."""
WARM: Final = 40
"""Streams that are opened before anything is counted, for what a process needs once."""
SETTLE_SECONDS: Final = 1.0
"""What is left of a moment before is over by then."""


@dataclass(frozen=True, slots=True)
class Crowds:
    """Streams that are ``idle``, streams that are ``told`` of each of ``changes``, ``accounts`` of one stream each."""

    idle: int = 10_000
    told: int = 10_000
    changes: int = 5
    accounts: int = 1_000
    starts: int = 5


@dataclass(frozen=True, slots=True)
class StreamSite:
    """``gateway`` starts one that has not served yet."""

    server: Dovecot
    gateway: Callable[[], GatewayProcess]


@contextmanager
def stream_site(crowds: Crowds) -> Iterator[StreamSite]:
    keys = Path(tempfile.mkdtemp(prefix="gw-bench."))
    keys.chmod(0o755)  # Dovecot's login runs as another user
    try:
        issuer = TokenIssuer(keys)
        guests = crowds.accounts + 3 * SHARED + WARM
        options = DovecotOptions(oauth=OAuth(issuer.dovecot_keys, (issuer.issuer,)), guests=guests)
        with many_sockets(), Dovecot(options) as server:
            upstream = Upstream(
                "localhost", server.tls_port, server.ca_file, {"method": "pass_through", "mechanism": "OAUTHBEARER"}
            )
            room = {"limits": {"streams_per_account": crowds.idle + crowds.told + WARM}}
            yield StreamSite(server, lambda: GatewayProcess(upstream, issuer, settings=room))
    finally:
        shutil.rmtree(keys, ignore_errors=True)


def run_streams(crowds: Crowds, say: Callable[[str], None]) -> StreamReport:
    """Start everything, measure everything."""
    with stream_site(crowds) as place:
        found = []
        for measure in (_idle, _told, _accounts, _starts):
            found += measure(place, crowds)
            say("; ".join(f"{each.work}: {each.figure} {min(each.values):.2f}" for each in found[-3:]))
        return StreamReport(tuple(found))


def _idle(place: StreamSite, crowds: Crowds) -> list[StreamFigure]:
    work = f"{crowds.idle} idle streams of {SHARED} accounts"
    return _growth(place, work, accounts=SHARED, streams=crowds.idle, bar=20)


def _accounts(place: StreamSite, crowds: Crowds) -> list[StreamFigure]:
    work = f"{crowds.accounts} watched accounts over TLS, a stream each"
    return _growth(place, work, accounts=crowds.accounts, streams=crowds.accounts, bar=90)


def _growth(place: StreamSite, work: str, *, accounts: int, streams: int, bar: float) -> list[StreamFigure]:
    """What one more stream takes. Streams of few accounts are opened once before, so that all are watched already."""
    with place.gateway() as gateway, CrowdProcess(gateway.port) as crowd:
        users = [place.server.guest()[0] for _ in range(accounts)]
        every = [gateway.headers(user, ttl=3000) for user in users]
        first = every if accounts < streams else [gateway.headers(place.server.guest()[0], ttl=3000)]
        crowd.join([first[number % len(first)] for number in range(WARM)])
        time.sleep(SETTLE_SECONDS)
        resident, used = resident_octets(gateway.pid), exact_cpu_seconds(gateway.pid)
        crowd.join([every[number % accounts] for number in range(streams)])
        time.sleep(SETTLE_SECONDS)
        grown, spent = resident_octets(gateway.pid) - resident, exact_cpu_seconds(gateway.pid) - used
        return [
            StreamFigure(work, "KB each", (grown / streams / 1000,), bar),
            StreamFigure(work, "CPU ms to open one", (spent / streams * 1000,)),
        ]


def _told(place: StreamSite, crowds: Crowds) -> list[StreamFigure]:
    cpu: list[float] = []
    last: list[float] = []
    lag: list[float] = []
    with place.gateway() as gateway, CrowdProcess(gateway.port) as crowd:
        user = place.server.guest()[0]
        crowd.join([gateway.headers(user, ttl=3000)] * crowds.told)
        client = place.server.client(user)
        for number in range(crowds.changes):
            with Pulse(gateway.management_port) as pulse:
                time.sleep(SETTLE_SECONDS)
                quiet = pulse.worst()
                used, began = exact_cpu_seconds(gateway.pid), time.monotonic()
                append(client, "INBOX", (letter(10_000 + number),))
                last.append((crowd.hear(f"message {10_000 + number}") - began) * 1000)
                cpu.append((exact_cpu_seconds(gateway.pid) - used) / crowds.told * 1_000_000)
                lag.append(max(0.0, pulse.worst() - quiet) * 1000)
        client.logout()
    work = f"one change to {crowds.told} streams of one account"
    return [
        StreamFigure(work, "CPU µs a stream", tuple(cpu), 60),
        StreamFigure(work, "ms until the last was told", tuple(last)),
        StreamFigure(work, "ms that /healthz waits meanwhile", tuple(lag), 100),
    ]


def _starts(place: StreamSite, crowds: Crowds) -> list[StreamFigure]:
    return start_figures(place.gateway(), crowds.starts)
