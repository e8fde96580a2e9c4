"""Pages of many accounts at one time are measured as it says, and a wrong answer is noticed."""

from __future__ import annotations

import pytest

from bench.accounts import Fleet, run_accounts
from bench.pages_at_once import PagesAtOnce
from bench.served import served
from bench.slow_network import SlowNetwork
from bench.work import WrongAnswer

SMALL = Fleet(accounts=3, messages=60, seconds=0.005, rounds=2)


def test_a_whole_run(needs_dovecot: None) -> None:
    said: list[str] = []
    report = run_accounts(SMALL, said.append)
    assert len({(each.work, each.figure) for each in report.figures}) == len(report.figures) == 12
    assert len(said) == 13
    cold, _, again = (each.values for each in report.figures if each.figure == "p50 ms")
    assert min(cold) > 1000 * 2 * SMALL.seconds * 4, "TCP, TLS, signing in and a page take a round trip each"
    assert min(again) > 1000 * 2 * SMALL.seconds


def test_a_page_that_is_refused_is_noticed(needs_dovecot: None) -> None:
    with (
        served(1) as place,
        SlowNetwork("localhost", place.server.tls_port, 0.001) as network,
        place.gateway({}, network.port) as gateway,
    ):
        pages = PagesAtOnce(gateway.port, [{"Authorization": "Bearer nonsense"}])
        with pytest.raises(WrongAnswer):
            pages.round()
        pages.close()
