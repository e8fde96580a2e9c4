from __future__ import annotations

import json
from base64 import b64encode

import httpx
import msgspec
import pytest

from gateway.accounts.exchange import LONGEST_SECONDS, UNSAID_SECONDS
from gateway.accounts.token_endpoint import ANSWER_MAX
from gateway.errors import Forbidden, Unauthenticated, Unavailable
from gateway.secret import Secret

from .exchanging import GOOD, ISSUER, SETTINGS, Endpoint, Someone

JWT = "urn:ietf:params:oauth:token-type:jwt"


async def test_what_is_asked_and_who_asks() -> None:
    endpoint = Endpoint()
    settings = msgspec.structs.replace(SETTINGS, resource="https://imap.example.org", scope="imap")
    found = await endpoint.exchanger(settings).exchange(Someone())
    assert (found.token.reveal(), found.ends_at) == ("exchanged-1", 1300.0)
    assert str(endpoint.asked[0].url) == f"{ISSUER}/token"
    assert endpoint.forms() == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": "callers-token",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": "imap",
            "resource": "https://imap.example.org",
            "scope": "imap",
        }
    ]
    pair = b64encode(b"gate+way:se%3Acret").decode()
    assert endpoint.asked[0].headers["authorization"] == f"Basic {pair}"
    assert endpoint.outcomes == ["ok"]


async def test_a_client_in_the_form() -> None:
    endpoint = Endpoint()
    await endpoint.exchanger(msgspec.structs.replace(SETTINGS, client_auth="post")).exchange(Someone())
    assert endpoint.forms()[0].items() >= {"client_id": "gate way", "client_secret": "se:cret"}.items()
    assert "authorization" not in endpoint.asked[0].headers


async def test_the_endpoint_is_found_once_or_configured() -> None:
    endpoint = Endpoint()
    exchanger = endpoint.exchanger()
    for _ in range(3):
        await exchanger.exchange(Someone())
    assert endpoint.discovered == [(ISSUER, "token_endpoint")]
    settings = msgspec.structs.replace(SETTINGS, token_endpoint="https://sts.example.org/t")
    await endpoint.exchanger(settings).exchange(Someone())
    assert str(endpoint.asked[-1].url) == "https://sts.example.org/t"
    assert len(endpoint.discovered) == 1


async def test_a_token_is_shown_to_no_other_issuer() -> None:
    endpoint = Endpoint()
    for caller in (
        Someone(issuer="https://other.example.org"),
        Someone(issuer=f"{ISSUER}/"),
        Someone(token=Secret("")),
    ):
        with pytest.raises(Forbidden):
            await endpoint.exchanger().exchange(caller)
    assert endpoint.asked == []
    assert endpoint.discovered == []


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("invalid_request", 400, Unauthenticated),
        ("invalid_grant", 400, Unauthenticated),
        ("invalid_token", 401, Unauthenticated),
        ("access_denied", 403, Forbidden),
        ("invalid_target", 400, Forbidden),
        ("invalid_scope", 400, Forbidden),
        ("interaction_required", 400, Forbidden),
        ("invalid_client", 401, Unavailable),
        ("unsupported_grant_type", 400, Unavailable),
        ("something\nelse", 400, Unavailable),
    ],
)
@pytest.mark.parametrize("key", [None, "thumb"])
async def test_a_refusal_is_whose_it_is(code: str, status: int, kind: type[Exception], key: str | None) -> None:
    told = {"error": code, "error_description": "canary alice@example.org"}
    endpoint = Endpoint(lambda request: httpx.Response(status, json=told))
    with pytest.raises(kind) as refused:
        await endpoint.exchanger().exchange(Someone(key=key))
    assert "canary" not in str(refused.value)
    if isinstance(refused.value, Unauthenticated):
        assert (refused.value.code, refused.value.scheme) == ("invalid_token", "DPoP" if key else "Bearer")
    callers = kind is not Unavailable
    assert endpoint.outcomes == ["refused" if callers else "failed"]
    line = {"event": "exchange-refused", "issuer": ISSUER, "subject": "s1", "outcome": "refused", "code": code}
    assert endpoint.recorded == ([line] if callers else [])


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "with blank"},
        {"access_token": "x" * 16_385},
        {"access_token": 7},
        {"token_type": "DPoP"},
        {"token_type": "N_A"},
        {"token_type": None},
        {"issued_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"expires_in": 0},
        {"expires_in": -5},
        {"expires_in": True},
        {"expires_in": "soon"},
        {"expires_in": None},
        {"expires_in": []},
    ],
)
async def test_what_opens_no_mail_server_is_no_answer(change: dict[str, object]) -> None:
    endpoint = Endpoint(lambda request: httpx.Response(200, json={**GOOD, **change}))
    with pytest.raises(Unavailable):
        await endpoint.exchanger().exchange(Someone())
    assert endpoint.outcomes == ["failed"]


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ({"expires_in": "120"}, 120.0),
        ({"expires_in": 1.5}, 1.5),
        ({"expires_in": 10**15}, LONGEST_SECONDS),
        ({"issued_token_type": JWT, "token_type": "bearer"}, 300.0),
    ],
)
async def test_when_it_ends(change: dict[str, object], seconds: float) -> None:
    endpoint = Endpoint(lambda request: httpx.Response(200, json={**GOOD, **change}))
    assert (await endpoint.exchanger().exchange(Someone())).ends_at == 1000.0 + seconds


async def test_an_end_that_is_not_told() -> None:
    told = {name: value for name, value in GOOD.items() if name != "expires_in"}
    endpoint = Endpoint(lambda request: httpx.Response(200, json=told))
    assert (await endpoint.exchanger().exchange(Someone())).ends_at == 1000.0 + UNSAID_SECONDS


def down(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("canary")


@pytest.mark.parametrize(
    "answer",
    [
        down,
        lambda request: httpx.Response(500, json=dict(GOOD)),
        lambda request: httpx.Response(302, headers={"location": "https://evil.example"}),
        lambda request: httpx.Response(200, content=b"<html>"),
        lambda request: httpx.Response(200, content=b"[" * 10_000),
        lambda request: httpx.Response(200, json=[1]),
        lambda request: httpx.Response(200, content=json.dumps({**GOOD, "x": "y" * ANSWER_MAX}).encode()),
        lambda request: httpx.Response(200, content=b"x", headers={"content-encoding": "br"}),
    ],
)
async def test_an_endpoint_that_is_down_or_odd(answer: object) -> None:
    endpoint = Endpoint(answer)  # type: ignore[arg-type]
    exchanger = endpoint.exchanger()
    for _ in range(2):
        with pytest.raises(Unavailable) as failed:
            await exchanger.exchange(Someone())
        assert "canary" not in failed.value.detail
    assert len(endpoint.asked) == 2
    assert len(endpoint.discovered) == 2  # it may have moved
