"""``python -m bench --large``: works whose cost must not grow with the mail around them, or in memory not at all."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.large_downloads import AT_ONCE, RawPart, at_once, by_turns
from bench.large_mail import LargeMail, Sizes
from bench.large_report import LargeFigures, LargeReport
from bench.large_works import Do, LargeClient
from bench.process import exact_cpu_seconds, forget_peak, peak_octets, resident_octets
from bench.slow_network import SlowNetwork
from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.tokens import TokenIssuer

DEAREST_SECONDS: Final = 8.0
"""A work is not repeated for longer than this, but done three times at least."""
AWAY_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class LargeSite:
    """One account; ``native`` may use the server's own previews, ``plain`` is told that it has none.

    ``afar``, which is not started yet, is a round trip of ``AWAY_SECONDS`` away from the mail server, which is at
    ``port_afar`` for others.
    """

    native: GatewayProcess
    plain: GatewayProcess
    afar: GatewayProcess
    port_afar: int
    server: Dovecot
    user: str
    mail: LargeMail


@contextmanager
def large_site(sizes: Sizes, say: Callable[[str], None]) -> Iterator[LargeSite]:
    """Neither gateway remembers summaries: each page is a first one."""
    keys = Path(tempfile.mkdtemp(prefix="gw-bench."))
    keys.chmod(0o755)  # Dovecot's login runs as another user
    try:
        issuer = TokenIssuer(keys)
        options = DovecotOptions(
            oauth=OAuth(issuer.dovecot_keys, (issuer.issuer,)), guests=1, mdbox=True, max_connections=3 * AT_ONCE
        )
        with Dovecot(options) as server:
            user = server.guest()[0]
            mail = LargeMail.of(sizes)
            mail.fill(server, user)
            say(f"Dovecot with {sizes.messages} messages, {sizes.page} of them with a large file, and a larger file")
            auth = {"method": "pass_through", "mechanism": "OAUTHBEARER"}
            native = Upstream("localhost", server.tls_port, server.ca_file, auth)
            plain = replace(native, ignore=("PREVIEW",))
            room = {"connections_per_account": AT_ONCE + 1, "provider_connections_per_account": AT_ONCE + 4}
            none = {"limits": {"summaries_octets": 0, **room}}
            with (
                SlowNetwork("127.0.0.1", server.tls_port, AWAY_SECONDS / 2) as network,
                GatewayProcess(native, issuer, settings=none) as first,
                GatewayProcess(plain, issuer, settings=none) as second,
            ):
                third = GatewayProcess(replace(native, port=network.port), issuer, settings=none)
                yield LargeSite(first, second, third, network.port, server, user, mail)
    finally:
        shutil.rmtree(keys, ignore_errors=True)


def run_large(sizes: Sizes, say: Callable[[str], None]) -> LargeReport:
    """Start everything, measure everything."""
    with large_site(sizes, say) as place:
        return measure_large(place, say)


def measure_large(place: LargeSite, say: Callable[[str], None]) -> LargeReport:
    """Every work, one after the other, by one client."""
    native, plain = (
        LargeClient(gateway.url, gateway.headers(place.user, ttl=3000), place.mail)
        for gateway in (place.native, place.plain)
    )
    found = []
    for title, gateway, do in _works(place, native, plain):
        found.append(_measure(title, gateway, do, place.mail.sizes.repeats))
        say(f"{title}: {found[-1].median_ms:.1f} ms, {found[-1].imap_octets:.0f} IMAP octets")
    for each in _downloads(place, native):
        found.append(each)
        say(f"{each.work}: {each.median_ms:.1f} ms, {each.imap_octets:.0f} IMAP octets")
    native.close()
    plain.close()
    return LargeReport(tuple(found))


def _works(place: LargeSite, native: LargeClient, plain: LargeClient) -> Iterator[tuple[str, GatewayProcess, Do]]:
    sizes = place.mail.sizes
    page = len(place.mail.block) * sizes.attachment // 1_000_000
    yield f"readable body of {sizes.parts} parts", place.native, native.body
    yield f"page of {sizes.page}, {page} MB files, previews made", place.plain, plain.page
    yield f"page of {sizes.page}, {page} MB files, server's previews", place.native, native.page
    yield f"search {sizes.messages}: unseen", place.native, native.unseen
    yield f"search {sizes.messages}: subject", place.native, native.subject
    yield f"search {sizes.messages}: text", place.native, native.text
    yield f"64 KB in the middle of {place.mail.file_octets // 1_000_000} MB", place.native, native.stretch


def _downloads(place: LargeSite, native: LargeClient) -> Iterator[LargeFigures]:
    work, repeats = f"{place.mail.file_octets // 1_000_000} MB attachment", place.mail.sizes.repeats
    headers = place.native.headers(place.user, ttl=3000)
    raw = RawPart(place.server, place.user, place.server.tls_port)
    yield from by_turns(work, place.native, native.whole, raw, repeats)
    raw.close()
    raw = RawPart(place.server, place.user, place.port_afar)
    with place.afar as gateway:  # an idle process's memory may be taken from it, and seem to grow when it is used
        afar = LargeClient(gateway.url, gateway.headers(place.user, ttl=3000), place.mail)
        afar.body()  # as the other gateway, it has what a first request loads
        yield from by_turns(f"{work}, {AWAY_SECONDS * 1000:.0f} ms away", gateway, afar.whole, raw, repeats)
        afar.close()
    raw.close()
    title = f"{work}, {AT_ONCE} at once"
    yield at_once(title, place.native, native.part, headers, place.mail.file_octets, max(1, repeats // 4))


def _measure(title: str, gateway: GatewayProcess, do: Do, repeats: int) -> LargeFigures:
    """The first time is told by itself: the mail server reads then what it has cached later."""
    resident = resident_octets(gateway.pid)
    forget_peak(gateway.pid)
    began = time.perf_counter()
    do()
    first = time.perf_counter() - began
    wall: list[float] = []
    cpu: list[float] = []
    octets: list[float] = []
    while len(wall) < min(3, repeats) or (len(wall) < repeats and sum(wall) < DEAREST_SECONDS):
        drawn = gateway.metric("imapgw_imap_bytes_total")
        used, began = exact_cpu_seconds(gateway.pid), time.perf_counter()
        do()
        wall.append(time.perf_counter() - began)
        cpu.append(exact_cpu_seconds(gateway.pid) - used)
        octets.append(gateway.metric("imapgw_imap_bytes_total") - drawn)
    grown = max(0, peak_octets(gateway.pid) - resident)
    return LargeFigures.of(title, first, wall, cpu, octets, grown)
