"""Hostile HTML in a real browser: nothing runs, and no request leaves; with the policy, and by the sanitiser alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.http.html_page import page, page_headers
from gateway.message.html import ALLOWED, sanitise
from tests.browser.chromium import BINARY, MISSING, Chromium
from tests.browser.stage import OWN, Served, Shown
from tests.message import payloads

PATIENCE = 90  # seconds
# What attacks call is put in place before them, and tells the page around.
_HOOK = "<script>alert = () => top.ran('{path}')</script>"
_PAGE_ITSELF = {"html", "head", "body", "meta", "script", "tbody"}


@dataclass(frozen=True)
class Outcome:
    ran: list[str]
    left: Mapping[str, dict[str, Any]]
    strange: list[str]
    received: list[bytes]


def link(content_id: str) -> str | None:
    return OWN if content_id == "a@b" else None


def hooked(path: str, content: str) -> bytes:
    doctype, rest = page(content).split(b"\n", 1)
    return doctype + b"\n" + _HOOK.format(path=path).encode() + rest


def shown(pages: Mapping[str, Shown]) -> Outcome:
    with Served(pages) as served:
        with Chromium(served.stage.url, elsewhere=served.elsewhere.port):
            assert served.stage.told.wait(PATIENCE), "the browser did not finish"
        report = served.stage.report or {}
        return Outcome(report["ran"], report["left"], served.stage.strange, served.elsewhere.received)


@pytest.fixture(scope="module")
def browser() -> None:
    if not BINARY.exists():
        pytest.skip(MISSING)


def test_there_are_enough_payloads() -> None:
    assert len(set(payloads.ALL)) >= 200


@pytest.mark.usefixtures("browser")
def test_nothing_runs_and_nothing_leaves() -> None:
    pages: dict[str, Shown] = {}
    for number, payload in enumerate(payloads.ALL):
        safe = sanitise(payload, cid=link).html
        pages[f"/served/{number}"] = Shown(page(safe), page_headers("block"))
        pages[f"/bare/{number}"] = Shown(hooked(f"/bare/{number}", safe))
    outcome = shown(pages)
    assert outcome.ran == []
    assert outcome.strange == []
    assert outcome.received == []
    bare = {path: found for path, found in outcome.left.items() if path.startswith("/bare/")}
    assert len(bare) == len(payloads.ALL)
    for path, found in bare.items():
        payload = payloads.ALL[int(path.rpartition("/")[2])]
        assert set(found["elements"]) <= ALLOWED | _PAGE_ITSELF, payload
        assert found["elements"].count("script") == 1, payload
        assert found["handlers"] == [], payload
        for element, attribute, protocol in found["links"]:
            usual = (
                ("http:", "https:", "mailto:", "tel:") if (element, attribute) == ("a", "href") else ("http:", "data:")
            )
            assert protocol in usual, payload


@pytest.mark.usefixtures("browser")
def test_the_browser_would_tell() -> None:
    """Payloads as they came do run, and do call out: the test above can fail. (An alert() would stop it all.)"""
    some = [*payloads.HANDLER, *payloads.ENTITY, *payloads.MUTATION_MORE, *payloads.REMOTE[:12], *payloads.CSS]
    outcome = shown({f"/raw/{n}": Shown(hooked(f"/raw/{n}", payload)) for n, payload in enumerate(some)})
    assert len(set(outcome.ran)) > 20
    assert len(outcome.received) > 15
    assert outcome.strange
