"""Opaque tokens: the one issuer is asked, as seldom as can be, and believed as far as a signed token would be."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from gateway.errors import Unauthenticated, Unavailable
from gateway.identity.authenticator import Authenticator
from gateway.identity.opaque import REFUSED_FOR, WAITING_MAX
from gateway.identity.secrets import IdentitySecrets
from gateway.metrics import Metrics
from gateway.settings.model import Dpop, Introspection, Issuer
from tests.servers.tokens import Key

from .forge import AUDIENCE, NOW, Forge, segment
from .issuer_server import INTROSPECTION, OPENID, Answer, IssuerServer

GOOD: dict[str, object] = {
    "active": True,
    "scope": "openid mail.read",
    "client_id": "webmail",
    "token_type": "Bearer",
    "exp": NOW + 300,
    "iat": NOW - 5,
    "sub": "subject-alice",
    "aud": AUDIENCE,
    "email": "alice@example.org",
}
SECRET = "s:e&c r+ét"


@dataclass
class Desk:
    """A gateway, and the issuer that it asks. ``says`` is what that tells of any token."""

    server: IssuerServer
    http: httpx.AsyncClient
    now: float = NOW
    says: dict[str, object] = field(default_factory=lambda: dict(GOOD))
    metrics: Metrics = field(default_factory=Metrics)

    def answer(self, token: str) -> Answer:
        return Answer(json.dumps(self.says | {"iss": self.server.url}).encode())

    def authenticator(self, *others: Issuer, **settings: object) -> Authenticator:
        asking: dict[str, object] = {"client_id": "gate way", "client_secret_env": "CLIENT"}
        issuer = Issuer(
            issuer=self.server.url,
            audience=AUDIENCE,
            introspection=Introspection(**(asking | settings)),  # type: ignore[arg-type]  # as a file would have it
        )
        issuers = [*others, issuer]
        secrets = IdentitySecrets.open(issuers, Dpop(), {"CLIENT": SECRET})
        return Authenticator(issuers, self.http, lambda: self.now, metrics=self.metrics, secrets=secrets)

    @property
    def asked(self) -> int:
        return self.server.asked[INTROSPECTION]


@pytest.fixture
async def desk(http: httpx.AsyncClient, signing_keys: dict[str, Key]) -> AsyncIterator[Desk]:
    server = IssuerServer()
    await server.start()
    server.publish([signing_keys["ES256"]])
    desk = Desk(server, http)
    server.introspect = desk.answer
    yield desk
    server.gate.set()
    await server.stop()


async def refused(authenticator: Authenticator, token: str) -> str:
    with pytest.raises(Unauthenticated) as error:
        await authenticator.authenticate(f"Bearer {token}")
    assert error.value.code == "invalid_token"
    assert token not in error.value.detail
    return error.value.detail


async def test_what_the_issuer_tells_is_the_principal(desk: Desk) -> None:
    principal = await desk.authenticator().authenticate("Bearer opaque-token")
    assert (principal.issuer, principal.subject) == (desk.server.url, "subject-alice")
    assert principal.scopes == {"mail.read", "mail.metadata"}
    assert principal.audiences == {AUDIENCE}
    assert principal.expires_at == NOW + 300
    assert principal.claims["email"] == "alice@example.org"
    assert principal.token.reveal() == "opaque-token"


async def test_the_gateway_says_who_it_is_in_the_header(desk: Desk) -> None:
    """RFC 6749 section 2.3.1: each of id and secret is encoded as in a form first."""
    await desk.authenticator().authenticate("Bearer opaque-token")
    head, body = desk.server.received[-1]
    pair = base64.b64encode(b"gate+way:s%3Ae%26c+r%2B%C3%A9t").decode()
    assert f"authorization: basic {pair}".lower() in head.lower()
    assert body == "token=opaque-token&token_type_hint=access_token"


async def test_or_in_the_form(desk: Desk) -> None:
    await desk.authenticator(client_auth="post").authenticate("Bearer opaque-token")
    head, body = desk.server.received[-1]
    assert "authorization" not in head.lower()
    assert body.endswith("&client_id=gate+way&client_secret=s%3Ae%26c+r%2B%C3%A9t")


async def test_the_endpoint_may_be_configured(desk: Desk) -> None:
    del desk.server.answers[OPENID]
    await desk.authenticator(endpoint=desk.server.url + INTROSPECTION).authenticate("Bearer opaque-token")
    assert desk.server.asked[OPENID] == 0


async def test_a_token_is_asked_about_once_a_minute(desk: Desk) -> None:
    authenticator = desk.authenticator()
    for _ in range(5):
        await authenticator.authenticate("Bearer opaque-token")
    desk.now += 59.9
    await authenticator.authenticate("Bearer opaque-token")
    assert desk.asked == 1
    desk.now += 0.1
    await authenticator.authenticate("Bearer opaque-token")
    assert desk.asked == 2
    await authenticator.authenticate("Bearer opaque-token-2")
    assert desk.asked == 3


async def test_and_again_when_it_ends(desk: Desk) -> None:
    authenticator = desk.authenticator()
    desk.says["exp"] = NOW + 7
    await authenticator.authenticate("Bearer opaque-token")
    desk.now += 7
    desk.says["active"] = False
    assert "not active" in await refused(authenticator, "opaque-token")
    assert desk.asked == 2


async def test_a_revoked_token_is_refused_within_a_minute(desk: Desk) -> None:
    authenticator = desk.authenticator()
    await authenticator.authenticate("Bearer opaque-token")
    desk.says = {"active": False}
    desk.now += 60
    await refused(authenticator, "opaque-token")


async def test_a_refusal_is_remembered_briefly(desk: Desk) -> None:
    authenticator = desk.authenticator()
    desk.says = {"active": False}
    for _ in range(5):
        await refused(authenticator, "opaque-token")
    assert desk.asked == 1
    desk.says = dict(GOOD)
    desk.now += REFUSED_FOR
    await authenticator.authenticate("Bearer opaque-token")
    assert desk.asked == 2


async def test_a_clock_set_back_does_not_keep_a_refusal(desk: Desk) -> None:
    authenticator = desk.authenticator()
    desk.says = {"active": False}
    await refused(authenticator, "opaque-token")
    desk.says = dict(GOOD)
    desk.now -= 86_400
    desk.says |= {"iat": desk.now - 5}
    await authenticator.authenticate("Bearer opaque-token")


async def test_many_requests_with_one_token_ask_once(desk: Desk) -> None:
    authenticator = desk.authenticator()
    desk.server.gate.clear()
    waiting = [asyncio.create_task(authenticator.authenticate("Bearer opaque-token")) for _ in range(100)]
    await desk.server.arrived.wait()
    waiting.pop().cancel()  # one that leaves takes nothing from the others
    desk.server.gate.set()
    assert len({principal.subject for principal in await asyncio.gather(*waiting)}) == 1
    assert desk.asked == 1


async def test_a_flood_of_made_up_tokens_is_bounded(desk: Desk) -> None:
    authenticator = desk.authenticator()
    desk.server.gate.clear()
    flood = [
        asyncio.create_task(authenticator.authenticate(f"Bearer made-up-{number}")) for number in range(WAITING_MAX)
    ]
    await desk.server.arrived.wait()
    with pytest.raises(Unavailable):
        await authenticator.authenticate("Bearer one-more")
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    await authenticator.close()


UNUSABLE: dict[str, Answer] = {
    "an error": Answer(b'{"active": true}', 500),
    "unauthorized": Answer(b'{"error": "invalid_client"}', 401),
    "a redirect": Answer(b"", 302, (("Location", "/elsewhere"),)),
    "no JSON": Answer(b"<html>"),
    "a list": Answer(b"[true]"),
    "nothing": Answer(b""),
    "no active": Answer(b'{"sub": "subject-alice"}'),
    "active a string": Answer(b'{"active": "true"}'),
    "active a number": Answer(b'{"active": 1}'),
    "active twice": Answer(b'{"active": false, "active": true}'),
    "too large": Answer(b'{"active": true, "x": "' + b"x" * 600_000 + b'"}'),
    "nested deeply": Answer(b"[" * 100_000),
}


@pytest.mark.parametrize("name", UNUSABLE)
async def test_an_answer_that_is_none_makes_it_unavailable(name: str, desk: Desk) -> None:
    desk.server.introspect = lambda token: UNUSABLE[name]
    authenticator = desk.authenticator()
    with pytest.raises(Unavailable):
        await authenticator.authenticate("Bearer opaque-token")
    desk.server.introspect = desk.answer  # and nothing bad is remembered
    await authenticator.authenticate("Bearer opaque-token")


async def test_an_issuer_that_is_down_makes_it_unavailable_until_it_is_back(desk: Desk) -> None:
    authenticator = desk.authenticator()
    await authenticator.authenticate("Bearer opaque-token")
    await desk.server.stop()
    await authenticator.authenticate("Bearer opaque-token")  # remembered
    with pytest.raises(Unavailable):
        await authenticator.authenticate("Bearer another")
    desk.now += 60
    with pytest.raises(Unavailable):
        await authenticator.authenticate("Bearer opaque-token")
    await desk.server.start()
    await authenticator.authenticate("Bearer opaque-token")


async def test_an_issuer_that_hangs_makes_it_unavailable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.fetch.DEADLINE", 0.2)
    desk.server.gate.clear()
    with pytest.raises(Unavailable):
        await desk.authenticator().authenticate("Bearer opaque-token")


BAD: dict[str, dict[str, object]] = {
    "not active": {"active": False},
    "for another audience": {"aud": "https://other.example"},
    "for no audience": {"aud": None},
    "of another issuer": {"iss": "https://evil.example"},
    "without an end": {"exp": None},
    "ended": {"exp": NOW - 60},
    "with an end of text": {"exp": "later"},
    "not begun": {"nbf": NOW + 61},
    "without a subject": {"sub": None},
    "with a subject of no text": {"sub": 7},
    "a refresh token": {"token_type": "Refresh"},
    "a refresh token by use": {"token_use": "refresh_token"},
    "an ID token by use": {"token_use": "id"},
    "an ID token by type": {"typ": "ID"},
    "of a type of no text": {"token_type": ["Bearer"]},
    "bound to a key": {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
    "bound to a certificate": {"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}},
    "with scopes of no text": {"scope": 1},
}


@pytest.mark.parametrize("name", BAD)
async def test_an_active_token_is_checked_as_a_signed_one(name: str, desk: Desk) -> None:
    changes = BAD[name]
    desk.server.introspect = lambda token: Answer(
        json.dumps({key: value for key, value in (desk.says | changes).items() if value is not None}).encode()
    )
    await refused(desk.authenticator(), "opaque-token")


def compact(forge: Forge, change: Callable[[str], str]) -> str:
    return change(forge.token(iss="https://foreign.example"))


JWTS: dict[str, Callable[[Forge], str]] = {
    "of a foreign issuer": lambda forge: compact(forge, str),
    "of a foreign issuer, cut": lambda forge: compact(forge, lambda token: token.rpartition(".")[0]),
    "of a foreign issuer, padded": lambda forge: compact(forge, lambda token: token + "="),
    "with a segment more": lambda forge: compact(forge, lambda token: token + ".AAAA"),
    "encrypted": lambda forge: ".".join([segment({"alg": "dir", "enc": "A256GCM"}), "", "AAAA", "AAAA", "AAAA"]),
    "with a header that is no header": lambda forge: segment({"x": 1}) + ".AAAA.AAAA",
}


@pytest.mark.parametrize("name", JWTS)
async def test_a_jwt_is_never_shown_to_an_issuer(name: str, desk: Desk, forge: Forge) -> None:
    await refused(desk.authenticator(), JWTS[name](forge))
    assert desk.asked == 0


async def test_only_the_issuer_for_opaque_tokens_is_asked(desk: Desk, signing_keys: dict[str, Key]) -> None:
    other = IssuerServer()
    await other.start()
    other.publish([signing_keys["ES256"]])
    try:
        authenticator = desk.authenticator(Issuer(issuer=other.url, audience=AUDIENCE))
        assert (await authenticator.authenticate("Bearer opaque-token")).issuer == desk.server.url
        assert other.asked[INTROSPECTION] == 0
    finally:
        await other.stop()


async def test_without_such_an_issuer_an_opaque_token_is_refused(authenticator: Authenticator) -> None:
    await refused(authenticator, "opaque-token")


async def test_signed_tokens_of_the_same_issuer_are_not_asked_about(desk: Desk, forge: Forge) -> None:
    principal = await desk.authenticator().authenticate(f"Bearer {forge.token(iss=desk.server.url)}")
    assert principal.subject == "subject-alice"
    assert desk.asked == 0


async def test_questions_are_counted(desk: Desk) -> None:
    authenticator = desk.authenticator()
    await authenticator.authenticate("Bearer good")
    desk.says = {"active": False}
    await refused(authenticator, "bad")
    await desk.server.stop()
    with pytest.raises(Unavailable):
        await authenticator.authenticate("Bearer unknown")
    for outcome in ("active", "inactive", "failed"):
        assert desk.metrics.registry.get_sample_value("imapgw_introspections_total", {"outcome": outcome}) == 1
