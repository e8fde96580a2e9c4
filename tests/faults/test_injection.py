"""IMAP injection over HTTP: wherever a client's text goes, it stays one argument of one command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.blackbox.mail import plain, stored
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import endpoint, gateway_before

INJECTED = "Injected"
PAYLOADS = (
    f'x\r\nA1 CREATE "{INJECTED}"\r\n',
    f"x\nA1 CREATE {INJECTED}\n",
    f'x"\r\nA1 CREATE {INJECTED}\r\n"',
    "{10}\r\n" + f"A1 CREATE {INJECTED}\r\n",
    "{10+}\r\n" + f"A1 CREATE {INJECTED}\r\n",
    "{10}",
    "~{5}",
    "x\0y",
    'x" CREATE "y',
    "x\\",
    "x\\\" {5}",
    "* (RETURN (ALL))",
    "INBOX (CONDSTORE)",
    "%/*",
    "\u2028A1 CREATE Injected",
    "\udc00",
    "&AA0ACg-A1 CREATE Injected",
)  # fmt: skip


def requests(made: str, payload: str) -> Iterator[tuple[str, str, object]]:
    """Every place of the API that takes a text or a name, each with the payload in it."""
    path = quote(payload.encode("utf-8", "surrogatepass"), safe="")
    for name in ("subject", "from", "to", "text", "body", "cursor", "keyword", "after", "limit", "since"):
        yield "GET", f"/folders/inbox/messages?{name}={path}", None
    yield "GET", f"/folders/{path}", None
    yield "GET", f"/folders/{path}/messages", None
    yield "GET", f"/folders/inbox/changes?since={path}", None
    yield "GET", f"/messages/{path}", None
    yield "GET", f"/messages/{made}/parts/{path}", None
    yield "PUT", f"/messages/{made}/flags/{path}", None
    yield "DELETE", f"/messages/{made}/flags/{path}", None
    yield "GET", f"/events?folders={path}&since={path}", None
    yield "POST", "/folders", {"name": payload}
    yield "POST", "/folders", {"name": "child", "parentId": payload}
    yield "PATCH", "/folders/archive", {"name": payload}
    yield "PATCH", f"/messages/{made}/flags", {"add": [payload]}
    yield "PATCH", f"/messages/{made}/flags", {"set": ["$seen", payload]}
    for verb in ("move", "copy"):
        yield "POST", f"/messages/{made}/{verb}", {"folder": payload}
        yield "POST", f"/folders/inbox/{verb}", {"ids": [payload], "folder": "archive"}
    yield (
        "POST",
        "/folders/inbox/flags",
        {"filter": {"subject": payload, "from": payload, "text": payload}, "add": ["$seen"]},
    )
    yield "POST", "/folders/inbox/delete", {"filter": {"keyword": payload}}


async def send(client: httpx.AsyncClient, method: str, url: str, body: object) -> httpx.Response:
    content = None if body is None else json.dumps(body).encode()
    headers = {} if content is None else {"Content-Type": "application/json"}
    return await client.request(method, url, content=content, headers=headers)


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
async def test_no_text_of_a_client_becomes_a_command(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str, payload: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        proxy.down.record()
        tried = 0
        for method, url, body in requests(made, payload):
            if url.startswith("/events"):
                async with client.stream(method, url) as stream:
                    status = stream.status_code
            else:
                status = (await send(client, method, url, body)).status_code
            assert status < 500, (method, url, body)
            tried += 1
        assert tried > 25
        assert (await client.get("/folders/inbox")).status_code == 200
        assert b" BAD " not in proxy.down.seen  # the server could parse each command
    other = await asyncio.to_thread(dovecot.client, user)
    assert (await asyncio.to_thread(other.status, INJECTED, "(MESSAGES)"))[0] == "NO"
    assert (await asyncio.to_thread(other.noop))[0] == "OK"
    await asyncio.to_thread(other.logout)


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
async def test_no_identifier_of_a_right_becomes_a_command(
    sharing_dovecot: Dovecot, tokens: TokenIssuer, payload: str
) -> None:
    user, _ = sharing_dovecot.guest()
    path = f"/folders/inbox/rights/{quote(payload.encode('utf-8', 'surrogatepass'), safe='')}"
    async with (
        FaultProxy(sharing_dovecot.host, sharing_dovecot.port) as proxy,
        gateway_before(endpoint(proxy.port), tokens) as gateway,
        gateway.client(user) as client,
    ):
        proxy.down.record()
        for method, body in (
            ("PUT", {"letters": "lr"}),
            ("PUT", {"letters": payload}),
            ("GET", None),
            ("DELETE", None),
        ):
            assert (await send(client, method, path, body)).status_code < 500
        entries = (await client.get("/folders/inbox/rights")).json()["entries"]
        assert len(entries) == 1  # what was put is removed again
        assert b" BAD " not in proxy.down.seen
    other = await asyncio.to_thread(sharing_dovecot.client, user)
    assert (await asyncio.to_thread(other.status, INJECTED, "(MESSAGES)"))[0] == "NO"
    await asyncio.to_thread(other.logout)


@pytest.mark.parametrize(
    "headers",
    [
        {"Last-Event-ID": "x A1 CREATE Injected"},
        {"Idempotency-Key": 'x" A1 CREATE Injected'},
        {"If-Match": '"x\\" A1 CREATE"'},
        {"X-Request-Id": "A1 CREATE Injected"},
        {"Range": "bytes=0-1) BODY[TEXT"},
    ],
    ids=str,
)
async def test_no_header_of_a_client_becomes_a_command(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, headers: dict[str, str]
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        proxy.up.record()
        for method, url, body in (
            ("GET", "/events?folders=inbox", None),
            ("PATCH", f"/messages/{made}/flags", {"add": ["$seen"]}),
            ("POST", f"/messages/{made}/copy", {"folder": "archive"}),
            ("GET", f"/messages/{made}/raw", None),
        ):
            content = None if body is None else json.dumps(body).encode()
            sent = {**headers, "Content-Type": "application/json"}
            async with client.stream(method, url, content=content, headers=sent) as answer:
                assert answer.status_code < 500
        assert b"CREATE" not in proxy.up.seen
        assert (await client.get("/folders/inbox")).status_code == 200
