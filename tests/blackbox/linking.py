"""A gateway whose users link accounts: with passwords, and by grants of providers that behave as the big ones do."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.accounts.keyring import Keyring, new_key
from gateway.settings.accounts import SealingKey
from tests.servers.dovecot import Dovecot
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.tokens import TokenIssuer

from .gateway_process import GatewayProcess, Upstream

SESSION = 5
"""Seconds that an access token of the providers lives."""
PAGE = "https://app.example.test/linked"
KEY = new_key()


def toml(value: object) -> str:
    """A value in one line, as a variable may hold it."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{name} = {toml(inner)}" for name, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def providers(mail: Dovecot, idp: OpenIdProvider | None) -> list[dict[str, Any]]:
    """`passwords` serves example.org; `googlelike` and `mslike` are known by their name."""
    imap = {"host": "localhost", "port": mail.tls_port, "ca_file": str(mail.ca_file)}
    made: list[dict[str, Any]] = [
        {"name": "passwords", "domains": ["example.org"], "imap": imap, "auth": {"method": "linked"}}
    ]
    if idp is None:
        return made
    for name, kind in (("googlelike", "google"), ("mslike", "oidc")):
        grant = {"kind": kind, "issuer": idp.issuer, "client_id": name, "client_secret_env": "LINK_SECRET"}
        made.append(
            {
                "name": name,
                "domains": [f"{name}.example"],
                "imap": imap,
                "auth": {"method": "linked", **grant, "client_secret_env": f"SECRET_{name.upper()}"},
            }
        )
    return made


def start(
    mail: Dovecot,
    tokens: TokenIssuer,
    database: str,
    idp: OpenIdProvider | None = None,
    *,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    environ: Mapping[str, str] | None = None,
    key: str = KEY,
) -> GatewayProcess:
    """Not started yet. Its key and database are given by variables."""
    upstream = Upstream("localhost", mail.tls_port, mail.ca_file, {"method": "pass_through"})
    made = GatewayProcess(upstream, tokens, settings=settings or {})
    made.environ = {
        "GATEWAY__PROVIDERS": toml(providers(mail, idp)),
        "GATEWAY__ACCOUNTS__DATABASE": database,
        "GATEWAY__ACCOUNTS__KEYS": '[{id = "one", env = "SEALING_KEY"}]',
        "GATEWAY__ACCOUNTS__RETURN_TO": toml([PAGE]),
        "GATEWAY__SERVER__PUBLIC_URL": made.url,
        "SEALING_KEY": key,
        "SECRET_GOOGLELIKE": "googlelike-secret",
        "SECRET_MSLIKE": "mslike-secret",
        **(environ or {}),
    }
    return made


def keyring(key: str = KEY) -> Keyring:
    """As these gateways have it."""
    return Keyring.open_all([SealingKey(id="one", env="SEALING_KEY")], {"SEALING_KEY": key})


class Following:
    """A stream of an account, read in the background; its hello has come."""

    def __init__(self, who: Person, account: str) -> None:
        self._heard: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._who, self._url = who, f"{who.gateway.url}/v1/accounts/{account}/events"
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.next()[0] == "hello"
        return self

    def __exit__(self, *_: object) -> None:
        """Its end is the test's to bring about: the reader goes with it."""
        self._thread.join(20)

    def next(self, timeout: float = 20) -> tuple[str, Any]:
        """Kind and data of the next event, or the status and text of the refusal."""
        return self._heard.get(timeout=timeout)

    def _read(self) -> None:
        headers = self._who.gateway.headers(self._who.name, **self._who.claims)
        with httpx.stream("GET", self._url, headers=headers, timeout=60, trust_env=False) as answer:
            if answer.status_code != 200:
                self._heard.put((str(answer.status_code), answer.read().decode()))
            kind = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self._heard.put((kind, json.loads(value)))


@dataclass
class Person:
    """A caller of the gateway."""

    gateway: GatewayProcess
    name: str
    claims: Mapping[str, object]

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        sent = {**self.gateway.headers(self.name, **self.claims), **headers}
        url = f"{self.gateway.url}{path}"
        return httpx.request(method, url, json=body, headers=sent, timeout=40, trust_env=False)

    def link_password(self, address: object, password: object, **more: object) -> httpx.Response:
        return self.ask("POST", "/v1/accounts", {"address": address, "password": password, **more})

    def begin(self, provider: str, **more: object) -> httpx.Response:
        return self.ask("POST", "/v1/accounts/link", {"provider": provider, "returnTo": PAGE, **more})

    def sign_in(self, idp: OpenIdProvider, url: str, user: str) -> dict[str, str]:
        """Through the provider and the gateway's callback to the page: what the page is told."""
        back = idp.walk(url, user, f"{self.gateway.url}/v1/accounts/link/callback")
        answer = httpx.get(back, trust_env=False, timeout=20)
        assert answer.status_code == 303, answer.text
        return told(answer.headers["location"])

    def finish(self, code: str) -> httpx.Response:
        return self.ask("POST", "/v1/accounts/link/finish", {"code": code})

    def link(self, idp: OpenIdProvider, provider: str, user: str) -> str:
        """The id of the account that is linked then."""
        begun = self.begin(provider)
        assert begun.status_code == 201, begun.text
        page = self.sign_in(idp, begun.json()["url"], user)
        done = self.finish(page["link_code"])
        assert done.status_code in (200, 201), done.text
        return str(done.json()["id"])


def told(location: str) -> dict[str, str]:
    """The parameters that the page is given."""
    assert location.startswith(f"{PAGE}?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def person(gateway: GatewayProcess, name: str) -> Person:
    """Of a domain that no provider serves: all its accounts are linked ones."""
    return Person(gateway, f"{name}@elsewhere.example", {"ttl": 3000})


def folders(who: Person, account: str = "me") -> httpx.Response:
    return who.ask("GET", f"/v1/accounts/{account}/folders")


def marked(mail: Dovecot, user: str) -> str:
    """A folder that tells whose mailbox it is."""
    name = f"of-{user}"
    with mail.client(user) as imap:
        imap.create(name)
    return name


def refresh_tokens(database: str, account: str) -> list[str]:
    """What the database holds of an account, opened with the key."""
    ring: Keyring = keyring()
    if database.startswith("sqlite"):
        with sqlite3.connect(Path(database.partition("///")[2])) as connection:
            rows = connection.execute("SELECT refresh_token FROM linked_accounts WHERE id = ?", (account,)).fetchall()
    else:
        import psycopg

        with psycopg.connect(database.replace("+psycopg", "")) as session:
            rows = session.execute("SELECT refresh_token FROM linked_accounts WHERE id = %s", (account,)).fetchall()
    return [ring.open(bytes(row[0]), account, "refresh_token").reveal() for row in rows]
