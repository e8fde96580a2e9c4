"""Credentials that are refused: asked of the server once, and nobody learns from the refusal who exists."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import httpx
import pytest

from gateway.accounts.account import Account
from gateway.accounts.directory import Directory
from gateway.identity.principal import Principal
from gateway.imap.credential import Password
from gateway.secret import Secret
from gateway.settings.model import Issuer, MasterUser, Provider, Settings
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import endpoint, gateway_before


@dataclass
class Passwords:
    """Accounts that sign in with a password each; who has none here has a wrong one."""

    port: int
    tokens: TokenIssuer
    passwords: dict[str, str]

    def __post_init__(self) -> None:
        imap = endpoint(self.port)
        issuer = Issuer(issuer=self.tokens.issuer, audience=self.tokens.audience)
        auth = MasterUser(user="none", password_env="NONE")
        settings = Settings(issuers=(issuer,), providers=(Provider(name="test", imap=imap, auth=auth),))
        self._directory = Directory(settings, {"NONE": "none"})

    async def accounts(self, caller: Principal) -> list[Account]:
        accounts = await self._directory.accounts(caller)
        user = str(caller.claims["email"]).partition("@")[0]
        own = Password(user, Secret(self.passwords.get(user, "wrong")))
        return [replace(account, credential=own) for account in accounts]

    async def resolve(self, caller: Principal, ref: str) -> Account:
        return (await self.accounts(caller))[0]


async def crowd(client: httpx.AsyncClient, count: int) -> list[httpx.Response]:
    """Half of them in a row, half at once."""
    answers = [await client.get("/folders/inbox") for _ in range(count // 2)]
    return answers + await asyncio.gather(*(client.get("/folders/inbox") for _ in range(count // 2)))


async def test_wrong_credentials_are_tried_once(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    accounts = Passwords(proxy.port, tokens, {})
    async with (
        gateway_before(endpoint(proxy.port), tokens, directory=accounts) as gateway,
        gateway.client(user) as client,
    ):
        answers = await crowd(client, 40)
        assert {answer.status_code for answer in answers} == {403}
        assert {answer.json()["type"] for answer in answers} == {"/problems/account-reauth-required"}
        assert proxy.total == 1


async def test_one_refused_account_stops_no_other(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, dovecot: Dovecot
) -> None:
    other, word = dovecot.guest()
    accounts = Passwords(proxy.port, tokens, {other: word})
    async with (
        gateway_before(endpoint(proxy.port), tokens, directory=accounts) as gateway,
        gateway.client(user) as client,
        gateway.client(other) as neighbour,
    ):
        assert {answer.status_code for answer in await crowd(client, 10)} == {403}
        assert (await neighbour.get("/folders/inbox")).status_code == 200


async def test_a_new_credential_is_tried_at_once(proxy: FaultProxy, tokens: TokenIssuer, dovecot: Dovecot) -> None:
    user, word = dovecot.guest()
    accounts = Passwords(proxy.port, tokens, {user: "wrong"})
    async with (
        gateway_before(endpoint(proxy.port), tokens, directory=accounts) as gateway,
        gateway.client(user) as client,
    ):
        assert (await client.get("/folders/inbox")).status_code == 403
        accounts.passwords[user] = word
        assert (await client.get("/folders/inbox")).status_code == 200
        accounts.passwords[user] = "wrong again"
        assert (await client.get("/folders/inbox")).status_code == 403


async def test_a_throttling_server_is_left_alone(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    """It says that it can't check now: nothing about the credentials, so 503 and a back-off."""

    def throttled(piece: bytes) -> bytes:
        tag, _, rest = piece.partition(b" ")
        return tag + b" NO [UNAVAILABLE] try later\r\n" if tag != b"*" and rest.startswith(b"OK [CAP") else piece

    proxy.down.rewrite(throttled)
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        answers = await crowd(client, 40)
        assert {answer.status_code for answer in answers} == {503}
        assert all(float(answer.headers["retry-after"]) >= 1 for answer in answers)
        assert proxy.total <= 6


@pytest.mark.parametrize("path", ["/folders", "/folders/inbox/messages", "/events"])
async def test_unknown_user_and_bad_password_look_the_same(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, path: str
) -> None:
    accounts = Passwords(proxy.port, tokens, {})
    shapes = []
    async with gateway_before(endpoint(proxy.port), tokens, directory=accounts) as gateway:
        for who in (user, "nobody-of-this-name"):
            async with gateway.client(who) as client:
                shapes.append(shape(await client.get(path)))
    assert shapes[0] == shapes[1]
    assert shapes[0][0] == 403


def shape(answer: httpx.Response) -> tuple[int, dict[str, object], dict[str, str]]:
    """All that a caller can compare, without what is random in every answer."""
    body = answer.json()
    assert body.pop("requestId")
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, body, headers


async def test_no_token_is_served_by_a_connection_of_another(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    """The pooled connection of one token is idle, and the same user's next token does not get it."""
    async with (
        gateway_before(endpoint(proxy.port), tokens) as gateway,
        gateway.client(user) as client,
        gateway.client(user) as second,
    ):
        for count, each in enumerate((client, second), 1):
            assert (await each.get("/folders/inbox")).status_code == 200
            assert proxy.total == count


async def test_a_connection_does_not_outlive_the_password_that_opened_it(
    proxy: FaultProxy, tokens: TokenIssuer, dovecot: Dovecot
) -> None:
    """A changed password (another credential) is never served by a connection that the old one opened."""
    user, word = dovecot.guest()
    accounts = Passwords(proxy.port, tokens, {user: word})
    async with (
        gateway_before(endpoint(proxy.port), tokens, directory=accounts) as gateway,
        gateway.client(user) as client,
    ):
        assert (await client.get("/folders/inbox")).status_code == 200
        accounts.passwords[user] = "revoked"
        assert (await client.get("/folders/inbox")).status_code == 403
