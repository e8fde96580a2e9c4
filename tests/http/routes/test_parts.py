"""Attached messages and archives over HTTP."""

from __future__ import annotations

import httpx

from gateway.errors import NotFound
from tests.http.conftest import Gateway
from tests.http.doubles import CONTENT, TAG

MESSAGE = "/v1/accounts/me/messages/m1"


async def test_an_attached_message(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(f"{MESSAGE}/parts/2.1/message")
    assert (answer.status_code, answer.json()["partId"]) == (200, "2.1")
    assert gateway.verbs.calls == [("get_embedded", ("m1", "2.1", "/v1/accounts/me/messages/m1/parts/2.1"))]
    again = await client.get(f"{MESSAGE}/parts/2.1/message", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_its_body(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(f"{MESSAGE}/parts/2/body", params={"maxBytes": "100"})
    assert answer.json()["html"]["value"] == "<p>safe</p>"
    assert gateway.verbs.calls[-1][1] == ("m1", 100, "block", "/v1/accounts/me/messages/m1/parts/2", "2")
    page = await client.get(f"{MESSAGE}/parts/2/body", headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_archive(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(f"{MESSAGE}/attachments.zip", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, CONTENT, TAG)
    assert "content-length" not in answer.headers
    assert (await client.head(f"{MESSAGE}/attachments.zip")).status_code == 200
    assert all(chunks.closed for chunks in gateway.verbs.opened)
    gateway.verbs.fails = NotFound("the message has no attachments", field="message")
    assert (await client.get(f"{MESSAGE}/attachments.zip")).status_code == 404


async def test_reading_is_needed(gateway: Gateway) -> None:
    async with gateway.client("mail.metadata") as client:
        for tail in ("attachments.zip", "parts/2/message", "parts/2/body"):
            assert (await client.get(f"{MESSAGE}/{tail}")).status_code == 403
