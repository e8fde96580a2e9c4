"""Nothing of a person gets out but to that person: not into the log at debug, the metrics, or another's answers."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.http.table import table
from gateway.settings.model import Limits
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from . import canary_linking
from .audit_lines import lines_of
from .canary import Canaries
from .canary_use import a_letter, use_everything
from .conftest import PASS_THROUGH
from .gateway_process import GatewayProcess, Upstream

DEBUG: dict[str, dict[str, object]] = {
    "log": {"level": "debug"},
    "accounts": {"nameservers": ["127.0.0.1:9"], "find_seconds": 0.8},
}
SERVED = re.compile(r'imapgw_http_requests_total\{method="([A-Z]+)",route="([^"]+)",status="(\d+)"\}')
MESSAGE = {"Content-Type": "message/rfc822"}


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


@pytest.fixture(scope="module")
def gateway(
    sharing_dovecot: Dovecot, tokens: TokenIssuer, trail: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """One that says all it has to say."""
    upstream = Upstream("localhost", sharing_dovecot.tls_port, sharing_dovecot.ca_file, PASS_THROUGH)
    environ = canary_linking.environ(sharing_dovecot, tmp_path_factory.mktemp("canary"))
    audit = {"to": "file", "file": str(trail), "client": "forwarded"}
    with GatewayProcess(upstream, tokens, settings={**DEBUG, "audit": audit}, environ=environ) as process:
        yield process


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
async def client(
    gateway: GatewayProcess, sharing_dovecot: Dovecot, canaries: Canaries
) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(gateway, sharing_dovecot.guest()[0], canaries) as made:
        yield made


def client_of(gateway: GatewayProcess, user: str, c: Canaries) -> httpx.AsyncClient:
    """A user whose account and token are looked for as well."""
    c.know("address", f"{user}@example.org")
    headers = gateway.headers(user, sub=c["subclaim"], name=c["nameclaim"], ttl=600)
    payload, signature = headers["Authorization"].split(".")[1:]
    c.know("token", payload)
    c.know("signature", signature)
    headers |= {"User-Agent": c["agent"], "Cookie": f"a={c['cookie']}", "Referer": f"https://{c['referer']}.example"}
    url = f"{gateway.url}/v1/accounts/me"
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False)


def findings(gateway: GatewayProcess, c: Canaries) -> list[str]:
    """What of the planted can be read where operators read. Something has to stand there at all."""
    log = gateway.log.read_text()
    metrics = gateway.metrics()
    assert log.count('"event":"request"') > 3
    assert "imapgw_imap_commands_total" in metrics
    return c.found_in(log) + c.found_in(metrics)


def test_canaries_are_found() -> None:
    """Of the search itself: a canary is seen as it is, in other case, in a token's payload and in an id."""
    c = Canaries()
    word = c["subject"]
    for prefix in ("", "a", "ab", "abc"):
        inside = base64.urlsafe_b64encode(f"{prefix}{word}xyz".encode()).decode()
        assert c.found_in(f"id {inside}") == ["subject"]
    assert c.found_in(f"…{word.upper()}…") == ["subject"]
    assert c.found_in(word[:-1]) == []


async def test_of_what_is_served_nothing_is_told(
    gateway: GatewayProcess, sharing_dovecot: Dovecot, client: httpx.AsyncClient, canaries: Canaries
) -> None:
    await use_everything(client, canaries, sharing_dovecot.tls_port)
    assert findings(gateway, canaries) == []
    served = {(method, route) for method, route, status in SERVED.findall(gateway.metrics()) if status.startswith("2")}
    every = {(endpoint.method, endpoint.path) for endpoint in table(Limits())} - canary_linking.AT_A_PROVIDER
    assert every - served == set(), "an endpoint without its canary: use it in use_everything()"


async def test_the_audit_tells_who_and_nothing_else(
    gateway: GatewayProcess, sharing_dovecot: Dovecot, client: httpx.AsyncClient, canaries: Canaries, trail: Path
) -> None:
    """The token's subject is who it was; of all else that was planted there is nothing."""
    await use_everything(client, canaries, sharing_dovecot.tls_port)
    mine = await lines_of(trail, canaries["subclaim"], "rights-removed")
    told = {(line["event"], line["outcome"]) for line in mine}
    assert told >= {
        ("export-started", "ok"),
        ("export-confirmed", "ok"),
        ("export-run", "ok"),
        ("messages-deleted", "ok"),
        ("rights-changed", "ok"),
        ("rights-removed", "ok"),
    }
    assert all(line["requestId"] for line in mine)
    assert all(line["client"] == "127.0.0.1" for line in mine if not line["event"].startswith("account-"))
    everything = trail.read_text().replace(canaries["subclaim"], "")
    assert canaries.found_in(everything) == []


async def test_of_what_is_refused_nothing_is_told(
    gateway: GatewayProcess, client: httpx.AsyncClient, canaries: Canaries
) -> None:
    seen = {
        (await client.request(method, path, **more)).status_code async for method, path, more in bad(client, canaries)
    }
    assert seen >= {400, 401, 404, 405, 410, 412, 413, 415, 416, 422}
    assert max(seen - {501}) < 500  # 501: a method that nothing here has
    await garbage(gateway, canaries)
    assert findings(gateway, canaries) == []


async def test_another_user_is_told_nothing(
    gateway: GatewayProcess, sharing_dovecot: Dovecot, client: httpx.AsyncClient, canaries: Canaries
) -> None:
    """The same requests, ids, conditions and keys from somebody else: no answer holds a word of the first user's."""
    message, folder = await a_letter(client, canaries)
    account = (await client.get(f"{gateway.url}/v1/accounts")).json()["accounts"][0]["id"]
    page = await client.get("/folders/inbox/messages")
    headers = {"Idempotency-Key": "thesame", "If-None-Match": page.headers["etag"]}
    name = {"name": canaries["keyed"]}
    assert (await client.post("/folders", json=name, headers=headers)).status_code == 201
    reads = [
        "/folders", "/folders/inbox", f"/folders/{folder}", f"/folders/{folder}/messages", "/folders/inbox/messages",
        f"/messages/{message}", f"/messages/{message}/body", f"/messages/{message}/raw", f"/messages/{message}/parts/2",
        f"/messages/{message}/flags", f"/folders/inbox/changes?since={page.json()['state']}",
        f"{gateway.url}/v1/accounts/{account}", f"{gateway.url}/v1/accounts/{account}/folders",
    ]  # fmt: skip
    async with client_of(gateway, sharing_dovecot.guest()[0], Canaries()) as other:
        answers = [await other.get(path, headers=headers) for path in reads]
        answers.append(await other.post("/folders", json={"name": "Mine"}, headers=headers))
        answers.append(await other.post(f"/messages/{message}/move", json={"folder": folder}))
        answers.append(await other.post("/folders/inbox/delete", json={"ids": [message], "permanent": True}))
    for answer in answers:
        assert answer.status_code < 500
        sent = answer.request.url.raw_path.decode().split("/")[-2:]  # ids of the request may be named in the answer
        said = f"{answer.text} {answer.headers!r}"
        for part in (*sent, message, folder):
            said = said.replace(part.partition("?")[0], "…")
        assert canaries.found_in(said) == []
    assert answers[-3].status_code == 201
    assert (await client.get(f"/messages/{message}")).status_code == 200


async def test_of_a_failing_mail_server_nothing_is_told(
    dovecot: Dovecot, tokens: TokenIssuer, canaries: Canaries
) -> None:
    """It may quote what it likes in what goes wrong: a mail, a command, a token."""
    word = canaries["said"].encode()
    faults: list[tuple[bytes, bytes]] = [
        (b"ENVELOPE (", b"ENVELOPE (((%b" % word),
        (b"* LIST", b"* %b\r\n* LIST (%b" % (word, word)),
        (b" OK ", b" NO [%b] %b " % (word, word)),
        (b" OK ", b" BAD %b " % word),
        (b" OK ", b" NO [SERVERBUG] %b " % word),
        (b"* ", b"* BYE %b\r\n* " % word),
        (b"\r\n", b" {%b}\r\n" % word),
    ]
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:
        upstream = Upstream("127.0.0.1", proxy.port, None, PASS_THROUGH, tls="none")
        with GatewayProcess(upstream, tokens, settings=DEBUG) as gateway:
            async with client_of(gateway, dovecot.guest()[0], canaries) as client:
                message, folder = await a_letter(client, canaries)
                paths = (f"/messages/{message}", "/folders", f"/folders/{folder}/messages")
                seen: list[int] = []
                for before, after in faults:
                    proxy.down.rewrite(lambda data, old=before, new=after: data.replace(old, new))  # type: ignore[misc]
                    answers = [await client.get(path) for path in paths]
                    answers.append(await client.post("/folders", json={"name": canaries["made"]}))
                    seen += [answer.status_code for answer in answers]
                    proxy.down.clear()
                    proxy.cut_all()
                proxy.refuse = True
                seen.append((await client.get("/folders")).status_code)
            assert sum(status >= 500 for status in seen) > len(faults)
            assert findings(gateway, canaries) == []


async def bad(client: httpx.AsyncClient, c: Canaries) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
    """Requests that are refused, each for a reason of its own, with something personal at the very place."""
    message, folder = await a_letter(client, c)
    letter_ = f"/messages/{message}"
    gone = await client.post("/folders", json={"name": c["gone"]})
    await client.delete(f"/folders/{gone.json()['id']}")
    yield "GET", f"/folders/{gone.json()['id']}/messages", {}
    yield "POST", f"{letter_}/move", {"json": {"folder": gone.json()["id"]}}
    yield "GET", f"/folders/{c['badfolder']}/messages", {}
    yield "GET", f"/messages/{c['badmessage']}/body", {}
    yield "GET", f"/messages/{expired(message)}", {}
    yield "GET", f"/folders/{folder}/changes", {"params": {"since": c["badstate"]}}
    yield "GET", "/folders/inbox/messages", {"params": {"cursor": c["badcursor"]}}
    yield "GET", "/folders/inbox/messages", {"params": {c["parameter"]: c["value"]}}
    yield "GET", "/folders/inbox/messages", {"params": {"since": c["baddate"], "limit": c["badlimit"]}}
    yield "GET", f"{letter_}/parts/99", {"headers": {"Range": f"bytes={c['badrange']}"}}
    yield "GET", f"{letter_}/parts/2", {"headers": {"Range": "bytes=999999-"}}
    yield "GET", letter_, {"headers": {"If-None-Match": c["badtag"]}}
    yield "PUT", f"{letter_}/flags/x", {"headers": {"If-Match": f'"{c["tag"]}"'}}
    yield "PUT", f"{letter_}/flags/{c['badflag']}(%25", {}
    yield "POST", "/folders", {"json": {c["member"]: c["membervalue"]}}
    yield (
        "POST",
        "/folders",
        {"content": f'{{"name": "{c["nojson"]}'.encode(), "headers": {"Content-Type": "application/json"}},
    )
    yield "POST", "/folders", {"content": c["notype"].encode(), "headers": {"Content-Type": f"text/{c['type']}"}}
    yield "POST", "/folders", {"json": {"name": c["large"] * 100_000}}
    yield "POST", "/folders", {"json": {"name": c["folder"]}}
    yield "POST", "/folders", {"json": {"name": f"{c['control']}\x01"}}
    for name in (c["keyed"], c["keyedagain"]):
        yield "POST", "/folders", {"json": {"name": name}, "headers": {"Idempotency-Key": c["key"]}}
    yield "POST", "/folders", {"json": {"name": "x"}, "headers": {"Idempotency-Key": f"{c['badkey']} with blanks"}}
    yield "GET", "/events", {"params": {"folders": c["badwatched"]}}
    yield "GET", "/events", {"headers": {"Last-Event-ID": f"{c['badlast']} {c['badlast']}"}}
    root = str(client.base_url).partition("/v1")[0]
    for method, path, json in canary_linking.bad(root, c):
        yield method, path, json
    yield c["method"].upper()[:3], f"/{c['nowhere']}", {}
    yield "PATCH", "/folders", {"params": {c["otherparameter"]: "x"}}
    yield "GET", f"/{c['nowhere']}", {}
    for token in (
        f"Bearer {c['token1']}",
        f"Bearer {c['token2']}.{c['token3']}.e30",
        f"Basic {c['basic']}",
        c["scheme"],
    ):
        yield "GET", "/folders", {"headers": {"Authorization": token}}


def expired(message: str) -> str:
    """The id as it would be had the folder been rebuilt: another UIDVALIDITY."""
    octets = bytearray(base64.urlsafe_b64decode(message + "=" * (-len(message) % 4)))
    octets[4] ^= 1
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


async def garbage(gateway: GatewayProcess, c: Canaries) -> None:
    """What no HTTP client would send."""
    for octets in (
        f"{c['nohttp']}\r\n\r\n".encode(),
        f"GET /{c['nohost']} HTTP/1.1\r\n\r\n".encode(),
        f"GET /{c['long']} HTTP/1.1\r\nHost: {c['host']}\r\nX: {'a' * 100_000}\r\n\r\n".encode(),
        f"GET /{c['upgraded']} HTTP/1.1\r\nHost: {c['host']}\r\nConnection: upgrade\r\nUpgrade: {c['upgrade']}\r\n"
        "Connection: close\r\n\r\n".encode(),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(octets)
        async with asyncio.timeout(10):
            assert b"HTTP/1.1 4" in await reader.read()
        writer.close()
