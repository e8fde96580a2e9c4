from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from gateway.audit import NoAudit, Trail, digest, shown

NOW = 1_790_000_000.25


def recorded(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def trail(lines: list[bytes]) -> Trail:
    return Trail(lines.append, lambda: NOW, process="p1")


def test_a_line_says_who_did_what_when_and_how_it_ended() -> None:
    lines: list[bytes] = []
    audit = trail(lines)
    with bound_contextvars(request_id="req-1"):
        audit.record("account-linked", issuer="https://login.example.org", subject="alice", account="a1", provider="p")
    audit.record("sign-in-refused", issuer="https://login.example.org", subject="bob", outcome="refused", count=3)
    assert recorded(lines) == [
        {
            "time": "2026-09-21T14:13:20.250Z",
            "process": "p1",
            "number": 1,
            "event": "account-linked",
            "issuer": "https://login.example.org",
            "subject": "alice",
            "account": "a1",
            "outcome": "ok",
            "provider": "p",
            "requestId": "req-1",
        },
        {
            "time": "2026-09-21T14:13:20.250Z",
            "process": "p1",
            "number": 2,
            "event": "sign-in-refused",
            "issuer": "https://login.example.org",
            "subject": "bob",
            "outcome": "refused",
            "count": 3,
        },
    ]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)


@pytest.mark.parametrize(
    "value",
    ["alice@example.org", "Projekte/Geheim 2026", "a\nb", 'say "x"', "Entwürfe", "", " x", "w" * 257, "\ud800", "a,b"],
)
def test_what_is_no_plain_word_is_a_digest(value: str) -> None:
    lines: list[bytes] = []
    trail(lines).record("exported", issuer="https://i.example", subject=value, account=value, folder=value)
    (line,) = recorded(lines)
    assert line["subject"] == line["account"] == line["folder"] == digest(value) != value
    assert value == "" or value.encode("utf-8", "surrogatepass") not in lines[0]


WORDS = ["auth0|5f7c", "::1", "192.0.2.7", "https://login.example.org/realms/a", "8f14e45f-ceea", "deleted", "0"]


@pytest.mark.parametrize("value", WORDS)
def test_plain_words_stay(value: str) -> None:
    assert shown(value) == value


def test_a_detail_can_not_pass_for_another_member() -> None:
    lines: list[bytes] = []
    details: dict[str, Any] = {"Event x": "y", "missing": None, "confirmed": True}
    trail(lines).record("exported", issuer="i", subject="s", **details)
    (line,) = recorded(lines)
    assert set(line) == {"time", "process", "number", "event", "issuer", "subject", "outcome", "confirmed"}
    assert line["confirmed"] is True


async def test_tasks_carry_the_request_they_were_started_in() -> None:
    lines: list[bytes] = []
    audit = trail(lines)

    async def later() -> None:
        audit.record("exported", issuer="i", subject="s")

    with bound_contextvars(request_id="req-1"):
        task = asyncio.create_task(later())
    with bound_contextvars(request_id="req-2"):
        await task
        audit.record("exported", issuer="i", subject="s")
    audit.record("exported", issuer="i", subject="s")
    assert [line.get("requestId") for line in recorded(lines)] == ["req-1", "req-2", None]


def test_nothing_is_noted_where_it_is_off() -> None:
    NoAudit().record("exported", issuer="i", subject="s", account="a", outcome="ok")


async def test_a_line_tells_the_client_of_the_request_that_it_belongs_to() -> None:
    lines: list[bytes] = []
    audit = trail(lines)

    async def record() -> None:
        audit.record("account-linked", issuer="https://login.example.org", subject="alice")

    with audit.asked_from("192.0.2.1"):
        task = asyncio.create_task(record())
    with audit.asked_from("192.0.2.2"):
        await task
        await record()
        with audit.asked_from(None):
            await record()
    await record()
    assert [line.get("client") for line in recorded(lines)] == ["192.0.2.1", "192.0.2.2", None, None]
