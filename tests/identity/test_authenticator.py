from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from gateway.errors import Unauthenticated, Unavailable
from gateway.identity.authenticator import Authenticator
from gateway.identity.metadata import protected_resource
from gateway.metrics import Metrics
from gateway.settings.model import Issuer
from tests.servers.tokens import Key

from .forge import AUDIENCE, ISSUER, NOW, Forge


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(issuer: Issuer, http: httpx.AsyncClient, clock: Clock) -> Authenticator:
    return Authenticator([issuer], http, clock)


async def test_a_principal_says_what_the_token_says(authenticator: Authenticator, forge: Forge) -> None:
    token = forge.token(aud=[AUDIENCE, "imap"], scope="openid mail.read mail.events")
    principal = await authenticator.authenticate(f"bearer {token}")
    assert principal.issuer == ISSUER
    assert principal.subject == "subject-alice"
    assert principal.scopes == {"mail.read", "mail.metadata", "mail.events"}
    assert principal.audiences == {AUDIENCE, "imap"}
    assert principal.expires_at == NOW + 300
    assert principal.claims["email"] == "alice@example.org"
    assert principal.token.reveal() == token


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": None}, set()),
        ({"scope": ""}, set()),
        ({"scope": " mail.send  mail.send "}, {"mail.send"}),
        ({"scope": ["mail.send"]}, {"mail.send"}),
        ({"scope": None, "scp": "mail.send"}, {"mail.send"}),
        ({"scope": "mail.send", "scp": ["mail.delete"]}, {"mail.send", "mail.delete"}),
        ({"scope": "mail.read\tmail.send"}, set()),
        ({"scope": "MAIL.SEND"}, set()),
    ],
)
async def test_scopes_are_found_where_issuers_put_them(
    authenticator: Authenticator, forge: Forge, claims: dict[str, object], scopes: set[str]
) -> None:
    assert (await authenticator.authenticate(f"Bearer {forge.token(**claims)}")).scopes == scopes


@pytest.mark.parametrize(
    ("claims", "accepted"),
    [
        ({"exp": NOW - 59}, True),
        ({"exp": NOW - 60}, False),
        ({"exp": NOW + 0.5}, True),
        ({"nbf": NOW + 60}, True),
        ({"nbf": NOW + 61}, False),
        ({"iat": NOW + 60}, True),
        ({"iat": NOW + 61}, False),
        ({"iat": 0}, True),
    ],
)
async def test_clocks_may_differ_by_the_leeway(
    authenticator: Authenticator, forge: Forge, claims: dict[str, object], accepted: bool
) -> None:
    header = f"Bearer {forge.token(**claims)}"
    if accepted:
        await authenticator.authenticate(header)
    else:
        with pytest.raises(Unauthenticated) as error:
            await authenticator.authenticate(header)
        assert error.value.code == "invalid_token"


async def test_a_remembered_token_is_still_refused_when_it_ends(
    timed: Authenticator, forge: Forge, clock: Clock
) -> None:
    header = f"Bearer {forge.token(exp=NOW + 5)}"
    assert (await timed.authenticate(header)).expires_at == NOW + 5
    clock.now = NOW + 4.9
    assert await timed.authenticate(header) is await timed.authenticate(header)
    clock.now = NOW + 5
    assert (await timed.authenticate(header)).expires_at == NOW + 65  # within the leeway
    clock.now = NOW + 65
    with pytest.raises(Unauthenticated):
        await timed.authenticate(header)


async def test_a_remembered_token_is_refused_when_its_key_is_withdrawn(
    tmp_path: Path, http: httpx.AsyncClient, forge: Forge, signing_keys: dict[str, Key]
) -> None:
    path = tmp_path / "jwks.json"

    def publish(*algs: str) -> None:
        path.write_text(json.dumps({"keys": [signing_keys[alg].as_dict(private=False) for alg in algs]}))

    publish("ES256", "RS256")
    authenticator = Authenticator([Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(path))], http, lambda: NOW)
    header, other = f"Bearer {forge.token()}", f"Bearer {forge.token('RS256')}"
    await authenticator.authenticate(header)
    await authenticator.authenticate(other)
    publish("RS256")
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(header)
    await authenticator.authenticate(other)


async def test_renamed_scopes(key_file: Path, http: httpx.AsyncClient, forge: Forge) -> None:
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(key_file), scopes={"mail.read": "Mail.Read"})
    authenticator = Authenticator([issuer], http, lambda: NOW)
    token = forge.token(scope="Mail.Read mail.send")
    assert (await authenticator.authenticate(f"Bearer {token}")).scopes == {"mail.read", "mail.metadata", "mail.send"}
    assert not (await authenticator.authenticate(f"Bearer {forge.token(scope='mail.read')}")).scopes
    document = protected_resource("https://mail.example.org", [issuer])
    assert document.authorization_servers == [ISSUER]
    assert document.bearer_methods_supported == ["header"]
    assert "Mail.Read" in document.scopes_supported
    assert "mail.read" not in document.scopes_supported


async def test_refusals_are_counted_by_kind(issuer: Issuer, http: httpx.AsyncClient, forge: Forge) -> None:
    metrics = Metrics()
    authenticator = Authenticator([issuer], http, lambda: NOW, metrics=metrics)
    for header in (None, "Bearer", "Bearer a b", f"Bearer {forge.token(exp=1)}"):
        with pytest.raises(Unauthenticated):
            await authenticator.authenticate(header)
    counted = {
        reason: metrics.registry.get_sample_value("imapgw_token_refusals_total", {"reason": reason})
        for reason in ("missing", "malformed", "invalid")
    }
    assert counted == {"missing": 1, "malformed": 2, "invalid": 1}


async def test_an_issuer_that_was_never_reached_makes_it_unavailable(http: httpx.AsyncClient, forge: Forge) -> None:
    down = Issuer(issuer="http://127.0.0.1:1", audience=AUDIENCE)
    authenticator = Authenticator([down], http, lambda: NOW)
    await authenticator.start()
    assert not authenticator.ready
    with pytest.raises(Unavailable):
        await authenticator.authenticate(f"Bearer {forge.token(iss=down.issuer)}")
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(f"Bearer {forge.token()}")
    await authenticator.close()


async def test_one_issuer_that_is_down_does_not_disturb_another(
    issuer: Issuer, http: httpx.AsyncClient, forge: Forge
) -> None:
    down = Issuer(issuer="http://127.0.0.1:1", audience=AUDIENCE)
    authenticator = Authenticator([down, issuer], http, lambda: NOW)
    await authenticator.start()
    assert authenticator.ready
    await authenticator.authenticate(f"Bearer {forge.token()}")
    await authenticator.close()
