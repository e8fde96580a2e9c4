"""From a real token to a real mailbox: what the directory makes opens the caller's account only."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.accounts.directory import Directory
from gateway.errors import Forbidden, SignInRefused
from gateway.identity.authenticator import Authenticator
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.settings.model import Auth, Endpoint, Issuer, MasterUser, PassThrough, Provider, Settings
from tests.servers.dovecot import Dovecot
from tests.servers.tokens import TokenIssuer

AUTHS: dict[str, Auth] = {
    "OAUTHBEARER": PassThrough(mechanism="OAUTHBEARER"),
    "XOAUTH2": PassThrough(mechanism="XOAUTH2"),
    "authzid": MasterUser(user="gateway", password_env="MASTER"),
    "separator": MasterUser(user="gateway", password_env="MASTER", style="separator"),
}


@pytest.fixture
async def authenticator(tokens: TokenIssuer) -> AsyncIterator[Authenticator]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Authenticator([trusted(tokens)], http, time.time)


def trusted(tokens: TokenIssuer) -> Issuer:
    # this Dovecot knows tokens of the type JWT only
    return Issuer(issuer=tokens.issuer, audience=tokens.audience, jwks_file=str(tokens.jwks_file), profile="keycloak")


def directory(tokens: TokenIssuer, dovecot: Dovecot, auth: Auth, master_password: str = "masterpw") -> Directory:
    imap = Endpoint(host=dovecot.host, port=dovecot.port, tls="none", allow_plaintext=True)
    provider = Provider(name="real", imap=imap, auth=auth)
    return Directory(Settings(issuers=(trusted(tokens),), providers=(provider,)), {"MASTER": master_password})


async def open_as(user: str, served: Directory, authenticator: Authenticator, tokens: TokenIssuer) -> Session:
    principal = await authenticator.authenticate(f"Bearer {tokens.token(user, profile='keycloak')}")
    account = await served.resolve(principal, "me")
    return await Session.open(account.endpoint, account.credential, deadlines=Deadlines(5, 5, 10))


@pytest.mark.parametrize("name", AUTHS)
async def test_a_token_opens_its_own_mailbox(
    name: str, dovecot: Dovecot, tokens: TokenIssuer, authenticator: Authenticator
) -> None:
    served = directory(tokens, dovecot, AUTHS[name])
    alice, _ = dovecot.guest()
    bob, _ = dovecot.guest()
    mine = MailboxName.from_text(f"Of {alice}")
    session = await open_as(alice, served, authenticator, tokens)
    try:
        await session.create(mine)
    finally:
        await session.logout()
    assert mine in await folders(await open_as(alice, served, authenticator, tokens))
    assert mine not in await folders(await open_as(bob, served, authenticator, tokens))


async def folders(session: Session) -> list[MailboxName]:
    try:
        return [listed.listed.name for listed in await session.list()]
    finally:
        await session.logout()


async def test_an_address_that_says_master_user_opens_nothing(
    dovecot: Dovecot, tokens: TokenIssuer, authenticator: Authenticator
) -> None:
    for auth in (AUTHS["authzid"], AUTHS["separator"]):
        served = directory(tokens, dovecot, auth)
        for user in ("alice*gateway", "alice*gateway@example.org", "gateway", "alice\0bob", "alice\r\nA1 LOGIN x y"):
            token = tokens.token("bob", profile="keycloak", email=user)
            with pytest.raises(Forbidden):
                await served.resolve(await authenticator.authenticate(f"Bearer {token}"), "me")


async def test_a_wrong_master_password_is_refused_by_the_server(
    dovecot: Dovecot, tokens: TokenIssuer, authenticator: Authenticator
) -> None:
    served = directory(tokens, dovecot, AUTHS["authzid"], "wrong")
    with pytest.raises(SignInRefused):
        await open_as("carol", served, authenticator, tokens)
