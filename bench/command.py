"""``python -m bench``: one command, a few minutes, a table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.accounts import Fleet, run_accounts
from bench.comparison import against, run
from bench.emailengine_api import EmailEngineApi
from bench.gateway_api import GatewayApi
from bench.imapflow_api import ImapflowApi
from bench.large import run_large
from bench.large_mail import Sizes
from bench.large_report import LargeReport
from bench.letters import PAGE
from bench.profile import profile
from bench.report import put_into
from bench.round import Bounds
from bench.scale import Scale, run_scale
from bench.streams import Crowds, run_streams
from bench.streams_report import StreamReport
from bench.work import Subject, Work
from tests.servers.dovecot import MISSING, Dovecot

CONCURRENCIES = (1, 16)
FULL = Bounds(rounds=3, seconds=1.1, requests=2000)
QUICK = Bounds(rounds=2, seconds=0.2, requests=400)
MESSAGES = 500
QUICK_SIZES = Sizes(attachment=1, messages=2000, file=2, repeats=3)
QUICK_CROWDS = Crowds(idle=500, told=500, changes=2, accounts=50, starts=2)
QUICK_SCALE = Scale(large=20_000, deep=200, turns=10)
QUICK_FLEET = Fleet(accounts=40, rounds=3)
PAGE_FILE = Path(__file__).parents[1] / "docs" / "performance.md"
DATA_FILE = Path(__file__).parent / "results.json"
PLOTS = PAGE_FILE.with_suffix("")
ADAPTERS: Final[Mapping[str, Callable[[str, str, Mapping[str, str]], Subject]]] = {
    "gateway": lambda url, _, headers: GatewayApi(url, lambda _: headers),
    "imapflow": lambda url, account, headers: ImapflowApi(url, lambda _: (account, headers)),
    "emailengine": lambda url, account, headers: EmailEngineApi(url, lambda _: (account, headers)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.against and not asked.token_file:
        parser.error("--against needs --token-file")
    if asked.against and asked.adapter != "gateway" and not asked.account:
        parser.error(f"--adapter {asked.adapter} needs --account")
    bounds = QUICK if asked.quick else FULL
    if asked.profile:
        profile(Work[asked.profile.upper()], bounds, _progress(), sys.stdout)
        return 0
    if asked.against:
        headers = {"Authorization": f"Bearer {asked.token_file.read_text().strip()}"}
        subject = ADAPTERS[asked.adapter](asked.against, asked.account, headers)
        print(against(subject, bounds, CONCURRENCIES, _progress(), changes=asked.changes).table())
        return 0
    if not Dovecot.available():
        print(MISSING, file=sys.stderr)
        return 1
    if asked.large:
        return _tell(run_large(QUICK_SIZES if asked.quick else Sizes(), _progress()), quick=asked.quick)
    if asked.streams:
        return _tell(run_streams(QUICK_CROWDS if asked.quick else Crowds(), _progress()), quick=asked.quick)
    if asked.scale:
        return _tell(run_scale(QUICK_SCALE if asked.quick else Scale(), _progress()), quick=asked.quick)
    if asked.accounts:
        return _tell(run_accounts(QUICK_FLEET if asked.quick else Fleet(), _progress()), quick=asked.quick)
    report = run(bounds, CONCURRENCIES, MESSAGES, _progress())
    print(f"\n{report.whole()}")
    if not asked.quick:
        from bench.plots import draw  # half a second that nothing else needs

        DATA_FILE.write_text(report.json())
        draw(report.figures, PLOTS)
        put_into(PAGE_FILE, report)
    return 0


def _tell(report: LargeReport | StreamReport, *, quick: bool) -> int:
    print(f"\n{report.table()}\n\n{report.notes()}")
    if not quick:
        report.put_into(PAGE_FILE)
    return 0


def _progress() -> Callable[[str], None]:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    return say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the gateway on a real mail server, next to imapflow behind a small HTTP server, to a "
        f"program that connects for each request and to the bare protocol. Pages are of {PAGE} messages. Writes "
        "docs/performance.md with its plots, and bench/results.json.",
    )
    parser.add_argument("--quick", action="store_true", help="a look, in well under a minute; writes no file")
    parser.add_argument(
        "--large", action="store_true", help="measure large mail instead, in a minute; writes its part of the page"
    )
    parser.add_argument(
        "--streams",
        action="store_true",
        help="measure streams by the thousand, watched accounts and the start instead; writes its part of the page",
    )
    parser.add_argument(
        "--scale",
        action="store_true",
        help="measure pages of a folder of a million instead; writes its part of the page",
    )
    parser.add_argument(
        "--accounts",
        action="store_true",
        help="measure pages of many accounts over a slow network instead; writes its part of the page",
    )
    parser.add_argument(
        "--profile", metavar="WORK", choices=[work.name.lower() for work in Work], help="profile one work instead"
    )
    parser.add_argument("--against", metavar="URL", help="measure a service that runs already")
    parser.add_argument("--adapter", choices=sorted(ADAPTERS), default="gateway", help="which API it speaks")
    parser.add_argument("--account", default="", help="the account's name, for an API that has it in its paths")
    parser.add_argument("--token-file", type=Path, help="a file with the access token for --against")
    parser.add_argument("--changes", action="store_true", help="with --against: measure flag changes too")
    return parser
