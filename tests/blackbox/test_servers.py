"""Finding and trying mail servers, as users of the real gateway see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.nameserver import NameServer
from tests.servers.tiny_imap import TinyImap, serving
from tests.servers.tokens import TokenIssuer

from .conftest import PASS_THROUGH, Site
from .gateway_process import GatewayProcess, Upstream

INSIDE = "canary-inside"


@dataclass
class Inside:
    """A mail server inside the network, which is loopback here, and a gateway without leave to reach it."""

    server: TinyImap
    names: NameServer
    client: httpx.AsyncClient
    start: Callable[..., Awaitable[httpx.AsyncClient]]

    def body(self, host: str) -> dict[str, object]:
        return {
            "address": "alice@example.net",
            "imap": {"host": host, "port": self.server.port},
            "password": "password",
        }


def client_of(gateway: GatewayProcess, user: str = "alice") -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=gateway.url, headers=gateway.headers(user, ttl=3000), timeout=40, trust_env=False)


@pytest.fixture
async def inside(tmp_path: Path, dovecot: Dovecot, tokens: TokenIssuer) -> AsyncIterator[Inside]:
    authority = Authority(tmp_path / "ca")
    certificate = authority.issue("mail.inside.example", "rebind.example.net", "localhost", "127.0.0.1")
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, PASS_THROUGH)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TinyImap(serving(certificate), greeting=f"* OK {INSIDE}\r\n".encode()))
        names = await stack.enter_async_context(NameServer())
        names.zone["mail.inside.example"] = {"A": ["127.0.0.1"]}
        shared: dict[str, object] = {
            "nameservers": [names.address],
            "ports": [server.port],
            "ca_file": str(authority.ca_file),
        }

        async def start(**more: object) -> httpx.AsyncClient:
            process = GatewayProcess(upstream, tokens, settings={"accounts": {**shared, **more}})
            await asyncio.to_thread(process.start)
            stack.push_async_callback(asyncio.to_thread, process.stop)
            return await stack.enter_async_context(client_of(process))

        yield Inside(server, names, await start(), start)


LOOPBACK = ["127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "0"]
LOOPBACK += ["0.0.0.0", "::1", "[::1]", "::", "[::]", "::ffff:127.0.0.1", "[::ffff:7f00:1]", "::127.0.0.1", "localhost"]
LOOPBACK += [
    "LOCALHOST.",
    "x.localhost",
    "64:ff9b::127.0.0.1",
    "2002:7f00:1::",
    "127.0.0.1.",
    "\uff11\uff12\uff17.0.0.1",
]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "fe80::1",
]
PRIVATE += [
    "fd00::1",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::ffff:10.0.0.1",
    "fec0::1",
    "ff02::1",
]
NAMED = {"A": ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"], "AAAA": ["::1", "::ffff:127.0.0.1", "fd00::1"]}


async def refused(inside: Inside, host: str) -> None:
    answer = await inside.client.post("/v1/accounts/verify", json=inside.body(host))
    assert answer.status_code == 200
    first, *rest = answer.json()["steps"]
    assert (first["step"], first["outcome"], first["code"]) == ("dns", "failed", "host-refused"), (host, first)
    assert {step["outcome"] for step in rest} == {"skipped"}
    assert INSIDE not in answer.text


async def test_nothing_inside_is_reached_by_any_spelling(inside: Inside) -> None:
    for host in LOOPBACK + PRIVATE:
        await refused(inside, host)
    assert inside.server.connections == 0


async def test_nor_by_a_name(inside: Inside) -> None:
    for kind, addresses in NAMED.items():
        for address in addresses:
            inside.names.zone["rebind.example.net"] = {kind: [address]}
            await refused(inside, "rebind.example.net")
    inside.names.zone["rebind.example.net"] = {"A": ["8.8.8.8", "127.0.0.1"]}
    await refused(inside, "rebind.example.net")
    assert inside.server.connections == 0


async def test_nor_by_a_name_that_changes(inside: Inside) -> None:
    """Allowed when it is checked, another one ever after: what was checked is connected to, and asked for once."""
    first = iter([{"A": ["127.0.0.2"]}])  # where nothing listens
    inside.names.zone["rebind.example.net"] = lambda: (
        next(first, {"A": ["127.0.0.1"]}) if inside.names.asked[-1][1] == "A" else {}
    )
    client = await inside.start(allowed_networks=["127.0.0.2/32"])
    answer = await client.post("/v1/accounts/verify", json=inside.body("rebind.example.net"))
    steps = {step["step"]: step for step in answer.json()["steps"]}
    assert steps["dns"]["detail"] == "127.0.0.2"
    assert (steps["tcp"]["outcome"], steps["tcp"]["code"]) == ("failed", "port-refused")
    assert inside.server.connections == 0
    assert [kind for name, kind in inside.names.asked if name == "rebind.example.net"].count("A") == 1
    again = await client.post("/v1/accounts/verify", json=inside.body("rebind.example.net"))
    assert again.json()["steps"][0]["code"] == "host-refused"


async def test_a_configured_private_host_works(inside: Inside) -> None:
    allowing = await inside.start(allowed_hosts=["mail.inside.example"])
    answer = await allowing.post("/v1/accounts/verify", json=inside.body("mail.inside.example"))
    assert answer.json()["ok"], answer.text
    for host in ("127.0.0.1", "localhost", "10.0.0.1"):
        other = await allowing.post("/v1/accounts/verify", json=inside.body(host))
        assert other.json()["steps"][0]["code"] == "host-refused"

    inside.names.zone["_imaps._tcp.inside.example"] = {"SRV": [f"0 1 {inside.server.port} mail.inside.example."]}
    found = (await allowing.post("/v1/accounts/discover", json={"address": "a@inside.example"})).json()
    (server,) = found["imap"]
    assert (server["source"], server["host"], server["needsConfirmation"]) == ("srv", "mail.inside.example", False)


async def test_nothing_inside_is_found_either(inside: Inside) -> None:
    inside.names.zone["_imaps._tcp.inside.example"] = {"SRV": [f"0 1 {inside.server.port} mail.inside.example."]}
    found = (await inside.client.post("/v1/accounts/discover", json={"address": "a@inside.example"})).json()
    assert not found["imap"]
    assert [each["code"] for each in found["rejected"] if each["source"] == "srv"] == ["host-refused"]
    assert inside.server.connections == 0


async def test_an_accounts_own_server_is_verified(site: Site, user: str) -> None:
    async with client_of(site.gateway, user) as client:
        answer = await client.post("/v1/accounts/me/verify")
    body = answer.json()
    assert answer.status_code == 200
    assert body["ok"], body
    names = [step["step"] for step in body["steps"]]
    assert names == ["dns", "tcp", "tls", "greeting", "capability", "auth", "select", "idle", "quota"]
    idle = next(step for step in body["steps"] if step["step"] == "idle")
    assert idle["outcome"] == ("warning" if site.name == "plain" else "ok")


async def test_it_takes_a_scope(on_dovecot: Site) -> None:
    site = on_dovecot
    async with client_of(site.gateway, "bob") as client:
        headers = site.gateway.headers("bob", scope="mail.read mail.modify")
        for path in ("discover", "verify", "me/verify"):
            denied = await client.post(f"/v1/accounts/{path}", headers=headers, json={"address": "a@b.example"})
            assert denied.status_code == 403
            assert "mail.accounts" in denied.headers["www-authenticate"]


NONSENSE: tuple[dict[str, object], ...] = (
    {},
    {"address": "a@b.example"},
    {"address": "a@b.example", "imap": {"host": ""}},
    {"address": "a@b.example", "imap": {"host": "h", "port": 0}},
    {"address": "a@b.example", "imap": {"host": "h", "tls": "none"}},
    {"address": "a@b.example", "imap": {"host": "h"}, "password": "a\r\nb"},
    {"address": "a\r\nb", "imap": {"host": "h"}},
    {"address": "a@b.example", "imap": {"host": "h"}, "password": "p", "token": "t"},
    {"address": "a@b.example", "imap": {"host": "h"}, "passwort": "p"},
)


async def test_a_request_that_makes_no_sense_is_refused(inside: Inside) -> None:
    for body in NONSENSE:
        assert (await inside.client.post("/v1/accounts/verify", json=body)).status_code == 400, body
    for path in ("discover", "verify"):
        assert (await inside.client.get(f"/v1/accounts/{path}")).status_code == 405
