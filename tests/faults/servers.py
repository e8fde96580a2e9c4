"""A gateway that may reach loopback for its users, names of the test's own, and what became of a verification."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.settings.accounts import Accounts
from tests.servers.certificates import Authority
from tests.servers.nameserver import NameServer
from tests.servers.tokens import TokenIssuer

from .gateway_here import endpoint, gateway_before

HOST = "imap.example.org"
SECRET = "canary-secret-word"


@dataclass
class Verified:
    """An answer: ``told`` are the steps by service and name."""

    status: int
    body: dict[str, Any]
    text: str

    @property
    def told(self) -> dict[str, dict[str, Any]]:
        return {f"{step['service']} {step['step']}": step for step in self.body["steps"]}

    def outcome(self, step: str) -> tuple[str, str | None]:
        found = self.told[f"imap {step}" if " " not in step else step]
        return found["outcome"], found["code"]


@dataclass
class Place:
    """The gateway, its DNS, and the authority that it trusts."""

    client: httpx.AsyncClient
    names: NameServer
    authority: Authority

    async def verify(self, port: int, *, tls: str = "implicit", host: str = HOST, **more: object) -> Verified:
        body = {"address": "alice@example.org", "imap": {"host": host, "port": port, "tls": tls}, **more}
        answer = await self.client.post("/v1/accounts/verify", json=body)
        found = Verified(answer.status_code, answer.json(), answer.text)
        assert SECRET not in answer.text
        assert answer.status_code == 200, answer.text
        assert found.body["ok"] == all(step["outcome"] != "failed" for step in found.body["steps"])
        for step in found.body["steps"]:
            assert (step["hint"] is not None) or step["outcome"] in ("ok", "skipped"), step
            assert (step["code"] is not None) == (step["outcome"] in ("failed", "warning")), step
        return found


@asynccontextmanager
async def place(
    authority: Authority, tokens: TokenIssuer, ports: tuple[int, ...], **settings: object
) -> AsyncIterator[Place]:
    """``settings`` are of the ``accounts`` table."""
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(NameServer())
        names.zone[HOST] = {"A": ["127.0.0.1"]}
        given: Mapping[str, object] = {
            "nameservers": (names.address,),
            "allowed_networks": ("127.0.0.1/32",),
            "ports": ports,
            "ca_file": str(authority.ca_file),
            **settings,
        }
        accounts = Accounts(**given)  # type: ignore[arg-type]
        limits = {"connect_seconds": 1, "greeting_seconds": 1, "command_seconds": 1}
        gateway = await stack.enter_async_context(gateway_before(endpoint(1), tokens, limits=limits, accounts=accounts))
        headers = {"Authorization": f"Bearer {tokens.token('alice', profile='keycloak', scope='mail.accounts')}"}
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30, trust_env=False, verify=False)
        )
        yield Place(client, names, authority)
