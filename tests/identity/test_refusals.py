"""Every forged token through the whole application: 401 with RFC 6750's challenge, never a 5xx, nothing of it told."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.http import doubles

from .forge import NOW, Forge, signed
from .resource import PUBLIC, Resource, issuer
from .shapes import NO_ACCESS_TOKEN
from .test_forged import FORGED, KEYCLOAK

METADATA = f'resource_metadata="{PUBLIC}/.well-known/oauth-protected-resource"'


@pytest.fixture
def plain(key_file: Path, http: httpx.AsyncClient, verbs: doubles.Verbs) -> Resource:
    return Resource((issuer(key_file),), lambda: NOW, http, verbs=verbs)


def refuses(answer: httpx.Response, token: str, *codes: str) -> None:
    header = answer.headers["www-authenticate"]
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["type"] == "/problems/unauthenticated"
    assert any(header.startswith(f'Bearer error="{code}", error_description="') for code in codes), header
    assert f'scope="mail.metadata", {METADATA}' in header
    told = answer.text + str(answer.headers)
    assert "alice" not in told
    assert not any(len(part) > 3 and part in told for part in token.split("."))


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_token(name: str, plain: Resource, forge: Forge) -> None:
    token = FORGED[name](forge)
    refuses(await plain.ask({"Authorization": f"Bearer {token}"}), token, "invalid_token", "invalid_request")
    assert plain.verbs is not None
    assert not plain.verbs.calls


@pytest.mark.parametrize("name", KEYCLOAK)
async def test_another_token_of_keycloak(
    name: str, key_file: Path, http: httpx.AsyncClient, forge: Forge, verbs: doubles.Verbs
) -> None:
    resource = Resource((issuer(key_file, profile="keycloak"),), lambda: NOW, http)
    token = signed(forge.header(typ="JWT"), KEYCLOAK[name](forge), "ES256", forge.keys["ES256"])
    refuses(await resource.ask({"Authorization": f"Bearer {token}"}), token, "invalid_token")


@pytest.mark.parametrize("name", NO_ACCESS_TOKEN)
async def test_another_token_of_a_real_issuer(
    name: str, key_file: Path, http: httpx.AsyncClient, forge: Forge, verbs: doubles.Verbs
) -> None:
    recorded = NO_ACCESS_TOKEN[name]
    trusted = issuer(key_file, issuer=recorded.issuer, audience=recorded.audience, profile=recorded.profile)
    header = {"alg": "RS256", "kid": "key-RS256", **({"typ": recorded.typ} if recorded.typ else {})}
    token = signed(header, recorded.claims, "RS256", forge.keys["RS256"])
    resource = Resource((trusted,), lambda: NOW, http)
    refuses(await resource.ask({"Authorization": f"Bearer {token}"}), token, "invalid_token")


async def test_a_good_token_is_served(plain: Resource, forge: Forge) -> None:
    """Without this, the matrix would show nothing."""
    assert (await plain.ask({"Authorization": f"Bearer {forge.token()}"})).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "Basic YWxpY2U6c2VjcmV0"}])
async def test_without_a_token_there_is_no_error(headers: dict[str, str], plain: Resource) -> None:
    """RFC 6750 section 3.1"""
    answer = await plain.ask(headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'Bearer scope="mail.metadata", {METADATA}'


async def test_a_token_in_the_url_is_none(plain: Resource, forge: Forge) -> None:
    answer = await plain.ask({}, path=f"/v1/accounts/me/folders?access_token={forge.token()}")
    assert answer.status_code == 401
    assert "error=" not in answer.headers["www-authenticate"]


STEP_UP: dict[str, tuple[str, str, str, object, str]] = {
    # granted, method, path, body, what a client is to ask for
    "a route's scope": ("mail.metadata", "PUT", "/v1/accounts/me/messages/m1/flags/$seen", None, "mail.modify"),
    "nothing": ("openid", "GET", "/v1/accounts/me/folders", None, "mail.metadata"),
    "reading": ("mail.metadata", "GET", "/v1/accounts/me/messages/m1/body", None, "mail.read"),
    "what a parameter needs, and what it implies": (
        "mail.metadata",
        "GET",
        "/v1/accounts/me/folders/inbox/messages?text=x",
        None,
        "mail.read",
    ),
    "what a parameter needs beside the route's": (
        "mail.modify",
        "POST",
        "/v1/accounts/me/folders/inbox/flags",
        {"filter": {"text": "x"}, "add": ["$seen"]},
        "mail.modify mail.read",
    ),
}


@pytest.mark.parametrize("name", STEP_UP)
async def test_a_token_that_grants_too_little_is_told_what_to_ask_for(name: str, plain: Resource, forge: Forge) -> None:
    """RFC 6750 section 3.1: all that the request needs, so that the next token is enough."""
    granted, method, path, body, needed = STEP_UP[name]
    headers = {"Authorization": f"Bearer {forge.token(scope=granted)}"}
    answer = await plain.ask(headers, method=method, path=path, body=body)
    assert answer.status_code == 403, answer.text
    assert answer.json()["type"] == "/problems/insufficient-scope"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('Bearer error="insufficient_scope", error_description="')
    assert challenge.endswith(f'scope="{needed}", {METADATA}')


async def test_it_is_told_by_the_names_that_its_issuer_knows(
    key_file: Path, http: httpx.AsyncClient, forge: Forge, verbs: doubles.Verbs
) -> None:
    renamed = issuer(key_file, scopes={"mail.read": "Mail.Read", "mail.metadata": "Mail.Basic"})
    other = issuer(key_file, issuer="https://other.example")
    alone, both = (Resource(each, lambda: NOW, http) for each in ((renamed,), (renamed, other)))
    unknown = [(await each.ask({})).headers["www-authenticate"] for each in (alone, both)]
    assert 'scope="Mail.Basic"' in unknown[0]
    assert 'scope="mail.metadata"' in unknown[1]  # nobody knows whom the client will ask
    known = {
        "Mail.Read": forge.token(scope="Mail.Basic"),
        "mail.read": forge.token(scope="mail.metadata", iss="https://other.example"),
    }
    for name, token in known.items():
        answer = await both.ask({"Authorization": f"Bearer {token}"}, path="/v1/accounts/me/messages/m1/body")
        assert (answer.status_code, f'scope="{name}"' in answer.headers["www-authenticate"]) == (403, True)
