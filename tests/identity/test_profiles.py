"""Access tokens as issuers really send them are read; all else that the same issuers sign is refused."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gateway.accounts.naming import named_address
from gateway.errors import Forbidden, Unauthenticated
from gateway.identity.authenticator import Authenticator
from gateway.identity.principal import Principal
from gateway.settings.model import Issuer

from .forge import NOW, Forge, signed
from .shapes import NO_ACCESS_TOKEN, RECORDED, Recorded


@pytest.fixture
def read(key_file: Path, http: httpx.AsyncClient, forge: Forge) -> Reader:
    return Reader(key_file, http, forge)


class Reader:
    """A gateway that trusts the recorded token's issuer, with keys that the test has."""

    def __init__(self, key_file: Path, http: httpx.AsyncClient, forge: Forge) -> None:
        self._key_file, self._http, self._forge = key_file, http, forge

    def issuer(self, recorded: Recorded, **changes: object) -> Issuer:
        settings: dict[str, object] = {
            "issuer": recorded.issuer,
            "audience": recorded.audience,
            "profile": recorded.profile,
            "account_claim": recorded.account_claim,
            "jwks_file": str(self._key_file),
            "scopes": recorded.renamed,
        }
        return Issuer(**(settings | changes))  # type: ignore[arg-type]  # as a file would have it

    def token(self, recorded: Recorded) -> str:
        header: dict[str, object] = {"alg": "RS256", "kid": "key-RS256", "x5t": "key-RS256"}
        if recorded.typ is not None:
            header["typ"] = recorded.typ
        return signed(header, recorded.claims, "RS256", self._forge.keys["RS256"])

    async def __call__(self, recorded: Recorded, **changes: object) -> Principal:
        authenticator = Authenticator([self.issuer(recorded, **changes)], self._http, lambda: NOW)
        return await authenticator.authenticate(f"Bearer {self.token(recorded)}")


@pytest.mark.parametrize("name", RECORDED)
async def test_an_access_token_is_read(name: str, read: Reader) -> None:
    recorded = RECORDED[name]
    principal = await read(recorded)
    assert principal.issuer == recorded.issuer
    assert principal.subject == recorded.claims["sub"]
    assert principal.scopes == recorded.scopes
    assert recorded.audience in principal.audiences


@pytest.mark.parametrize("name", RECORDED)
async def test_it_names_a_mail_account_only_where_the_issuer_vouches_for_it(name: str, read: Reader) -> None:
    recorded = RECORDED[name]
    principal, issuer = await read(recorded), read.issuer(recorded)
    if recorded.address is None:
        with pytest.raises(Forbidden) as refused:
            named_address(issuer, principal)
        assert "alice" not in refused.value.detail
    else:
        assert str(named_address(issuer, principal)) == recorded.address


@pytest.mark.parametrize("name", NO_ACCESS_TOKEN)
async def test_anything_else_is_refused(name: str, read: Reader) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await read(NO_ACCESS_TOKEN[name])
    assert refused.value.code == "invalid_token"


async def test_scopes_may_be_said_to_be_elsewhere(read: Reader) -> None:
    recorded = RECORDED["Auth0 with permissions"]
    principal = await read(recorded, scope_claims=("permissions",))
    assert principal.scopes == {"mail.read", "mail.metadata", "mail.delete"}
    assert not (await read(recorded, scope_claims=("groups",))).scopes


async def test_an_issuer_names_accounts_of_its_own_domains_only(read: Reader) -> None:
    recorded = RECORDED["Keycloak"]
    principal = await read(recorded)
    assert named_address(read.issuer(recorded, domains=("Example.ORG",)), principal)
    for domains in (("example.net",), ("sub.example.org",), ("org",)):
        with pytest.raises(Forbidden, match="domain"):
            named_address(read.issuer(recorded, domains=domains), principal)


async def test_a_bound_token_of_keycloak_says_so_twice(read: Reader) -> None:
    bound = Recorded(
        "keycloak",
        RECORDED["Keycloak"].issuer,
        RECORDED["Keycloak"].audience,
        "JWT",
        RECORDED["Keycloak"].claims | {"typ": "DPoP", "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
    )
    with pytest.raises(Unauthenticated, match="not supported"):
        await read(bound)
    with pytest.raises(Unauthenticated, match="no bearer token"):
        await read(bound, dpop="allowed")
