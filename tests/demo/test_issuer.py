"""The development issuer: codes work once, for the page alone, and a real mailbox needs the terminal's code."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.demo.issuer.app import issuer_app
from gateway.demo.issuer.grants import CLIENT_ID, Denied, Grants
from gateway.demo.issuer.tokens import SCOPES, Subject, TokenMaker

PAGE = "http://127.0.0.1:8080"
SAME_PAGE = "http://localhost:8080"
ISSUER = "http://127.0.0.1:9000"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def query(**changed: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{PAGE}/",
        "state": "s",
        "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **changed,
    }


def form(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{PAGE}/",
        "code": code,
        "code_verifier": VERIFIER,
    }


def grants(code: str | None = None, clock: Clock | None = None) -> Grants:
    return Grants(frozenset({f"{PAGE}/"}), code, clock or Clock())


def client(sign_in_code: str | None = None, host: str = "127.0.0.1:9000") -> httpx.AsyncClient:
    clock = Clock()
    maker = TokenMaker(ISSUER, PAGE, Subject("demo", "demo@example.org"), clock)
    app = issuer_app(maker, grants(sign_in_code, clock), [PAGE, SAME_PAGE])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{host}")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "another"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:8080.example.com/"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:8080/elsewhere"}, "invalid_client"),
        ({"response_type": "token"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "mail.read mail.admin"}, "invalid_scope"),
    ],
)
def test_a_wrong_authorization_request_is_denied(changed: dict[str, str], error: str) -> None:
    with pytest.raises(Denied) as denied:
        grants().check(query(**changed))
    assert denied.value.error == error


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "another"},
        {"redirect_uri": "http://127.0.0.1:8081/"},
        {"client_id": "another"},
        {"code": "another"},
        {"grant_type": "password"},
    ],
)
def test_a_code_with_anything_wrong_beside_it_is_worth_nothing(changed: dict[str, str]) -> None:
    ours = grants()
    code = ours.grant(ours.check(query()), "")
    with pytest.raises(Denied):
        ours.redeem(form(code) | changed)


def test_a_code_works_once_and_for_a_minute() -> None:
    clock = Clock()
    ours = grants(clock=clock)
    code = ours.grant(ours.check(query()), "")
    assert ours.redeem(form(code)).scopes == SCOPES
    with pytest.raises(Denied):
        ours.redeem(form(code))

    late = ours.grant(ours.check(query()), "")
    clock.now += 61
    with pytest.raises(Denied):
        ours.redeem(form(late))


def test_a_real_mailbox_needs_the_code_of_the_terminal_and_guessing_ends() -> None:
    ours = grants("c0de")
    asked = ours.check(query())
    assert ours.grant(asked, " c0de ")
    for _ in range(20):
        with pytest.raises(Denied):
            ours.grant(asked, "guess")
    with pytest.raises(Denied):
        ours.grant(asked, "c0de")


async def test_the_consent_page_shows_nothing_that_the_query_brings() -> None:
    async with client("c0de") as ours:
        page = await ours.get("/authorize", params=query(state='"><script>alert(1)</script>'))

    assert page.status_code == 200
    assert "<script" not in page.text
    assert 'name="typed"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_a_denied_request_is_never_redirected() -> None:
    async with client("c0de") as ours:
        wrong = await ours.post("/authorize", params=query(redirect_uri="https://evil.example.com/"), content=b"")
        guessed = await ours.post("/authorize", params=query(), data={"typed": "guess"})

    assert (wrong.status_code, guessed.status_code) == (403, 403)
    assert "location" not in {*wrong.headers, *guessed.headers}


async def test_the_token_is_what_rfc_9068_wants_and_its_key_is_published() -> None:
    async with client() as ours:
        agreed = await ours.post("/authorize", params=query(), content=b"")
        code = httpx.URL(agreed.headers["location"]).params["code"]
        answer = (await ours.post("/token", data=form(code))).json()
        metadata = (await ours.get("/.well-known/oauth-authorization-server")).json()
        keys = (await ours.get(metadata["jwks_uri"].removeprefix(ISSUER))).json()

    token = jwt.decode(answer["access_token"], KeySet.import_key_set(keys), algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    assert {"iss", "sub", "aud", "exp", "iat", "jti", "client_id"} <= token.claims.keys()
    assert token.claims["aud"] == PAGE
    assert metadata["issuer"] == token.claims["iss"] == ISSUER
    assert all("d" not in key for key in keys["keys"])


@pytest.mark.parametrize("origin", [PAGE, SAME_PAGE])
async def test_the_page_redeems_its_code_by_either_name(origin: str) -> None:
    async with client() as ours:
        page = await ours.get("/authorize", params=query())
        answer = await ours.post("/token", data=form("x"), headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    assert origin in page.headers["content-security-policy"].partition("form-action")[2]


async def test_another_web_site_neither_reads_the_token_nor_lends_its_name() -> None:
    async with client() as ours:
        answer = await ours.post("/token", data=form("x"), headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in answer.headers
    async with client(host="evil.example.com") as rebound:
        assert (await rebound.get("/authorize", params=query())).status_code == 400


async def test_a_form_without_end_is_not_read() -> None:
    async with client() as ours:
        answer = await ours.post("/token", content=b"a=" + b"x" * 100_000)
    assert answer.status_code == 400
