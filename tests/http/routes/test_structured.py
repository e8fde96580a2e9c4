"""Calendars and reports over doubles."""

from __future__ import annotations

import httpx
import pytest

from gateway.errors import NotFound
from tests.http.conftest import Gateway

MESSAGE = "/v1/accounts/me/messages/m1"


@pytest.mark.parametrize("what", ["calendar", "report"])
async def test_what_is_told_may_be_kept(client: httpx.AsyncClient, gateway: Gateway, what: str) -> None:
    answer = await client.get(f"{MESSAGE}/{what}")
    assert (answer.status_code, answer.json()["id"]) == (200, "m1")
    assert gateway.verbs.calls == [(f"get_{what}", ("m1",))]
    same = await client.get(f"{MESSAGE}/{what}", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    refused = await client.get(f"{MESSAGE}/{what}", params={"fields": "x"})
    assert (refused.status_code, refused.json()["field"]) == (400, "fields")


@pytest.mark.parametrize("what", ["calendar", "report"])
async def test_both_are_of_the_body(gateway: Gateway, what: str) -> None:
    async with gateway.client("mail.metadata") as client:
        answer = await client.get(f"{MESSAGE}/{what}")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/insufficient-scope")


async def test_no_report_is_404(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.fails = NotFound("the message is no report", field="report")
    answer = await client.get(f"{MESSAGE}/report")
    assert (answer.status_code, answer.json()["field"]) == (404, "report")
