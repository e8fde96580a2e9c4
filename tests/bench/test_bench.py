"""The benchmark measures what it says: one tiny run of everything; its figures are not judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.command import main
from bench.comparison import against, run
from bench.figures import Spent, figures
from bench.gateway_api import GatewayApi
from bench.letters import PAGE, PART_OCTETS, Mailbox
from bench.per_request import PerRequest
from bench.raw_imap import RawImap
from bench.report import BEGIN, END, Report, put_into
from bench.round import Bounds, Round, run_round
from bench.site import Site, api_of
from bench.work import Subject, Work, WrongAnswer

TINY = Bounds(rounds=1, seconds=0.05, requests=4)


@pytest.fixture(params=["gateway", "per request", "raw"])
def subject(request: pytest.FixtureRequest, place: Site) -> Subject:
    made: dict[str, Callable[[Site], Subject]] = {"gateway": api_of, "per request": PerRequest, "raw": RawImap}
    return made[request.param](place)


@pytest.mark.parametrize("work", Work)
def test_each_subject_does_each_work(subject: Subject, work: Work) -> None:
    clients = [subject.client(0), subject.client(1)]
    done = run_round(clients, work, TINY)
    for client in clients:
        client.close()
    assert 2 <= len(done.latencies) <= TINY.requests
    assert 0 < max(done.latencies) <= done.seconds * 1.01


def test_the_api_offers_all_that_is_measured(place: Site) -> None:
    client = api_of(place).client(0)
    assert client.can == set(Work)
    client.close()


def test_a_flag_that_does_not_change_is_noticed(place: Site) -> None:
    """The same letter, flagged behind the client's back between its own two changes."""
    client = RawImap(place).client(0)
    client.do(Work.FLAG)
    client.ask(f"UID STORE {place.mailbox.newest[2]} -FLAGS (\\Flagged)")
    with pytest.raises(WrongAnswer):
        client.do(Work.FLAG)
    client.close()


def test_a_whole_run_has_a_figure_for_everything(needs_dovecot: None) -> None:
    said: list[str] = []
    report = run(TINY, (1, 2), PAGE + 10, said.append)
    flow = [] if report.left_out else ["imapflow"]
    subjects = ["gateway", *flow, "IMAPClient, connecting", "open connection, raw"]
    assert len(report.figures) == len(Work) * 2 * len(subjects) - 2 * len(flow)
    assert all(each.cpu_ms for each in report.figures)
    ours = [each for each in report.figures if each.subject == "gateway"]
    assert {each.work for each in ours} == {work.value for work in Work}
    first, again = (next(each for each in ours if each.work == work.value) for work in (Work.FIRST, Work.PAGE))
    assert (first.imap_octets or 0) > 3 * (again.imap_octets or 0) > 0
    part = next(each for each in ours if each.work == Work.PART.value)
    assert part.imap_octets is not None
    assert part.imap_octets > PART_OCTETS
    assert list(report.memory) == ["gateway", *flow]
    assert min(report.memory.values()) > 1_000_000
    assert report.round_trips[Work.FLAG.value] == 1
    assert report.round_trips[Work.BODY.value] > 1
    assert sum(" x2: " in line for line in said) == len(Work)
    assert "held: flag change: 1 IMAP round trips (at most 1)" in report.whole()


def test_against_a_service_that_runs_nothing_is_changed_unless_allowed(place: Site) -> None:
    every = {work.value for work in Work if work is not Work.FIRST}
    subject = GatewayApi(place.gateway.url, lambda number: place.gateway.headers(place.users[number]))
    for changes, expected in ((False, every - {Work.FLAG.value}), (True, every)):
        report = against(subject, TINY, (1,), lambda _: None, changes=changes)
        assert {each.work for each in report.figures} == expected
        assert all(each.cpu_ms is None for each in report.figures)


def test_against_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--against", "http://127.0.0.1:1"])
    assert "--token-file" in capsys.readouterr().err


def test_figures_of_known_rounds() -> None:
    rounds = [Round((0.001, 0.002, 0.003), 0.5), Round((0.004, 0.005), 0.25)]
    found = figures("subject", Work.PAGE, 3, rounds, [Spent(0.01, 100), Spent(0.02, 400)])
    assert figures("subject", Work.PAGE, 3, rounds, [Spent(0.01)]).imap_octets is None
    assert found.requests == 5
    assert [found.median_ms, found.per_second, found.cpu_ms, found.imap_octets] == pytest.approx([3, 7, 6, 100])
    assert found.p10_ms < found.median_ms < found.p90_ms


def test_the_table_is_put_between_the_marks(tmp_path: Path) -> None:
    slow = figures("slow", Work.PAGE, 1, [Round((0.004,), 1.0)])
    fast = figures("fast", Work.PAGE, 1, [Round((0.001,), 1.0)])
    report = Report((fast, slow))
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold \\1\n{END}\nbelow\n")
    put_into(page, report)
    text = page.read_text()
    assert "above" in text
    assert "below" in text
    assert "old" not in text
    assert report.ratio(slow) == pytest.approx(4)
    assert json.loads(report.json())["figures"][1]["subject"] == "slow"
    put_into(page, report)
    assert page.read_text().count("slow") == 1
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no place"):
        put_into(page, report)


def test_the_mailbox_is_the_same_in_every_run() -> None:
    mailbox = Mailbox.of(PAGE + 10)
    assert mailbox.large in mailbox.newest
    assert mailbox.large not in mailbox.letters
    assert len(mailbox.letters) == PAGE - 1
