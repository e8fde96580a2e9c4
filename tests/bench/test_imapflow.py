"""The imapflow baseline: it is installed by its lock, does the works, and where it can't be had that is said."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bench.command import ADAPTERS
from bench.comparison import against, run
from bench.imapflow_api import ImapflowApi
from bench.imapflow_process import HERE, ImapflowProcess, NotHere, install
from bench.letters import MARKER, PAGE, PART_OCTETS
from bench.round import Bounds
from bench.service import Service
from bench.site import Site, imapflow_of
from bench.work import Work, WrongAnswer

TINY = Bounds(rounds=1, seconds=0.05, requests=4)


@pytest.fixture(scope="module")
def flow(place: Site) -> Iterator[ImapflowProcess]:
    try:
        install()
    except NotHere as why:
        pytest.skip(f"imapflow can't be had: {why}")
    with ImapflowProcess("localhost", place.server.tls_port, place.server.ca_file) as process:
        yield process


@pytest.fixture
def service(place: Site, flow: ImapflowProcess) -> Iterator[Service]:
    user = place.users[0]
    made = Service(flow.url, place.gateway.headers(user, ttl=3000), f"/accounts/{user}@example.org/messages")
    yield made
    made.close()


def test_it_does_all_works_but_one(place: Site, flow: ImapflowProcess) -> None:
    client = imapflow_of(place, flow.url).client(1)
    assert client.can == set(Work) - {Work.SAME}
    for work in client.can:
        client.do(work)
        client.do(work)
    client.close()


def test_it_is_measured_as_any_service(place: Site, flow: ImapflowProcess) -> None:
    user = place.users[1]
    subject = ADAPTERS["imapflow"](flow.url, f"{user}@example.org", place.gateway.headers(user, ttl=3000))
    report = against(subject, TINY, (1, 2), lambda _: None, changes=False)
    assert {each.work for each in report.figures} == {work.value for work in Work} - {Work.SAME.value, Work.FLAG.value}
    assert report.bars() == ""


def test_a_page_is_the_newest_messages_newest_first(place: Site, service: Service) -> None:
    messages = service.json("GET", f"?limit={PAGE}")["messages"]
    assert [int(each["id"]) for each in messages] == list(reversed(place.mailbox.newest))
    assert messages[0]["envelope"]["from"][0]["name"].startswith("Sender")
    assert {"bodyStructure", "flags", "size", "internalDate"} <= set(messages[0])


def test_bodies_are_read_and_parts_are_decoded(place: Site, service: Service) -> None:
    for uid in place.mailbox.letters[:4]:
        body = service.json("GET", f"/{uid}/body")
        assert f"Grüße, {MARKER}" in body["text"]
        assert f"Grüße, {MARKER}" in body["html"]
    assert len(service.ask("GET", f"/{place.mailbox.large}/parts/2")) == PART_OCTETS


def test_flags_are_changed(place: Site, service: Service) -> None:
    uid, flag = place.mailbox.letters[5], quote("\\Answered")
    for method, expected in (("PUT", True), ("DELETE", False)):
        service.ask(method, f"/{uid}/flags/{flag}")
        assert ("\\Answered" in service.json("GET", f"/{uid}")["flags"]) is expected


def test_what_is_not_there_is_a_404(service: Service) -> None:
    for path in ("/999999", "/999999/body", "/999999/parts/2", "/1/nothing"):
        with pytest.raises(WrongAnswer, match="404"):
            service.ask("GET", path)


def test_a_password_does_as_well_and_a_wrong_one_does_not(place: Site, flow: ImapflowProcess) -> None:
    user = place.users[1]
    for password, right in ((place.server.password(user), True), ("wrong", False)):
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        subject = ImapflowApi(flow.url, lambda _, secret=secret: (user, {"Authorization": f"Basic {secret}"}))  # type: ignore[misc]
        if right:
            subject.client(0).close()
        else:
            with pytest.raises(WrongAnswer, match="401"):
                subject.client(0)


def test_without_node_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotHere, match="Node and npm are not installed"):
        install()


def test_where_it_is_not_here_the_rest_goes_on(needs_dovecot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> None:
        raise NotHere("Node and npm are not installed")

    monkeypatch.setattr("bench.imapflow_process.install", nowhere)
    said: list[str] = []
    report = run(TINY, (1,), PAGE + 10, said.append)
    assert said.count("imapflow is left out: Node and npm are not installed.") == 1
    assert "imapflow is left out: Node and npm are not installed." in report.notes()
    assert {each.subject for each in report.figures} == {"gateway", "IMAPClient, connecting", "open connection, raw"}
    assert "not measured: page of 50, first time: " in report.bars()


def test_an_installation_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("node", "echo v20.1.0"), ("npm", "echo 'no such registry' >&2; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("bench.imapflow_process._INSTALLED", tmp_path / "none")
    with pytest.raises(NotHere, match="npm ci failed: no such registry"):
        install()
    (tmp_path / "node").write_text("#!/bin/sh\necho v18.20.0\n")
    with pytest.raises(NotHere, match="needs Node 20, and v18"):
        install()


def test_the_lock_names_no_address() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert "node_modules/imapflow" in packages
    assert all("integrity" in each and "resolved" not in each for each in packages.values())
    assert "://" not in (HERE / "package-lock.json").read_text()
