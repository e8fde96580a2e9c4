"""Canaries in what links an account: used with success, and refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from gateway.accounts.keyring import new_key
from tests.servers.dovecot import Dovecot

from .canary import Canaries
from .linking import toml

AT_A_PROVIDER = {
    ("POST", "/v1/accounts/link"),
    ("GET", "/v1/accounts/link/callback"),
    ("POST", "/v1/accounts/link/finish"),
}
"""What needs a provider to sign in at has its canaries in test_linked_grants.py."""


def environ(server: Dovecot, directory: Path) -> dict[str, str]:
    """What makes a gateway link accounts, beside the one that the token names."""
    imap = {"host": "localhost", "port": server.tls_port, "ca_file": str(server.ca_file)}
    own, linked = {"method": "pass_through", "mechanism": "OAUTHBEARER"}, {"method": "linked"}
    served = [
        {"name": name, "domains": [domain], "imap": imap, "auth": auth}
        for name, domain, auth in (("test", "example.org", own), ("linked", "linked.example", linked))
    ]
    return {
        "GATEWAY__PROVIDERS": toml(served),
        "GATEWAY__ACCOUNTS__KEYS": '[{id = "one", env = "SEALING_KEY"}]',
        "GATEWAY__ACCOUNTS__DATABASE": f"sqlite+aiosqlite:///{directory / 'accounts.db'}",
        "SEALING_KEY": new_key(),
    }


async def use(root: str, c: Canaries, done: Callable[..., Awaitable[Any]]) -> None:
    """The caller's own mailbox under another address, with its password; one that is wrong on the way."""
    user = c["address"].partition("@")[0]
    c.know("password", f"{user}pw")
    wanted = {"address": f"{c['linkedaddress']}@linked.example", "username": user, "label": c["label"]}
    linked = await done("POST", f"{root}/v1/accounts", json={**wanted, "password": c["password"]})
    account = f"{root}/v1/accounts/{linked['id']}"
    await done("GET", f"{account}/folders")
    await done("PATCH", account, json={"password": c["password"], "label": c["otherlabel"]})
    await done("DELETE", account)


def bad(root: str, c: Canaries) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests that are refused."""
    wrong = {"address": f"{c['wrongaddress']}@linked.example", "password": c["wrongpassword"]}
    yield "POST", f"{root}/v1/accounts", {"json": wrong}
    yield "POST", f"{root}/v1/accounts", {"json": {**wrong, "imap": {"host": c["badhost"]}}}
    yield "POST", f"{root}/v1/accounts", {"json": {**wrong, "password": c["wrongpassword"] + "\0"}}
    yield "POST", f"{root}/v1/accounts/link", {"json": {"provider": "x", "returnTo": c["page"]}}
    yield "GET", f"{root}/v1/accounts/link/callback", {"params": {"state": c["state"], "code": c["code"]}}
    yield "POST", f"{root}/v1/accounts/link/finish", {"json": {"code": c["linkcode"]}}
    yield "PATCH", f"{root}/v1/accounts/me", {"json": {"password": c["wrongpassword"]}}
