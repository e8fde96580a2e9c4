from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.identity.discovery import discover, place, well_known
from gateway.identity.fetch import FetchFailed, fetch, max_age

from .issuer_server import OAUTH, OPENID, Answer, IssuerServer

ISSUER = "https://login.example.org/realms/mail"


@pytest.fixture
async def server() -> AsyncIterator[IssuerServer]:
    server = IssuerServer()
    await server.start()
    yield server
    await server.stop()


def metadata(issuer: object = ISSUER, uri: object = "https://login.example.org/keys") -> bytes:
    return json.dumps({"issuer": issuer, "jwks_uri": uri}).encode()


def test_both_well_known_places_are_known() -> None:
    """RFC 8414 puts its suffix before the issuer's path, OpenID Connect behind it."""
    assert well_known(ISSUER) == (
        "https://login.example.org/.well-known/oauth-authorization-server/realms/mail",
        "https://login.example.org/realms/mail/.well-known/openid-configuration",
    )


@pytest.mark.parametrize(
    "issuer",
    ["http://login.example.org", "ftp://localhost", "login", "http://127.0.0.1.example.org", "https://", "http://[::1"],
)
def test_an_issuer_in_plain_text_is_not_asked(issuer: str) -> None:
    with pytest.raises(FetchFailed):
        well_known(issuer)


def test_metadata_names_the_keys() -> None:
    assert place(metadata(), ISSUER, "jwks_uri") == "https://login.example.org/keys"
    local = "http://localhost:8080"
    assert place(metadata(local, "http://127.0.0.1:8080/keys"), local, "jwks_uri") == "http://127.0.0.1:8080/keys"


@pytest.mark.parametrize(
    "document",
    [
        metadata("https://evil.example"),
        metadata(ISSUER + "/"),
        metadata([ISSUER]),
        metadata(uri=None),
        metadata(uri=["https://login.example.org/keys"]),
        metadata(uri="http://login.example.org/keys"),
        metadata(uri="http://127.0.0.1/keys"),
        metadata(uri="http://169.254.169.254/latest"),
        metadata(uri="file:///etc/passwd"),
        metadata(uri="https://user:secret@login.example.org/keys"),
        metadata(uri="https:///keys"),
        metadata(uri="https://[::1/keys"),
        metadata(uri="https://login.example.org:99999/keys"),
        metadata(uri="https://login.example.org/" + "k" * 3000),
        b"[]",
        b"{",
        b"",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_metadata_that_is_not_to_be_trusted(document: bytes) -> None:
    with pytest.raises(FetchFailed):
        place(document, ISSUER, "jwks_uri")


async def test_oauth_metadata_comes_first(server: IssuerServer, http: httpx.AsyncClient) -> None:
    server.answers[OAUTH] = Answer(metadata(server.url, server.url + "/oauth"))
    server.answers[OPENID] = Answer(metadata(server.url, server.url + "/openid"))
    assert await discover(http, server.url, "jwks_uri") == server.url + "/oauth"
    assert server.asked[OPENID] == 0
    server.answers[OAUTH] = Answer(metadata("https://evil.example", server.url + "/oauth"))
    assert await discover(http, server.url, "jwks_uri") == server.url + "/openid"


async def test_no_usable_metadata_is_a_failure(server: IssuerServer, http: httpx.AsyncClient) -> None:
    with pytest.raises(FetchFailed, match="404"):
        await discover(http, server.url, "jwks_uri")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=302, headers=(("Location", "/elsewhere"),)),
        Answer(status=204),
        Answer(b"x" * 600_000),
        Answer(b"x", headers=(("Content-Encoding", "gzip"),)),
    ],
)
async def test_an_unwanted_answer_is_a_failure(server: IssuerServer, http: httpx.AsyncClient, answer: Answer) -> None:
    server.answers["/x"] = answer
    with pytest.raises(FetchFailed):
        await fetch(http, server.url + "/x")
    assert server.asked["/elsewhere"] == 0


async def test_a_document_that_never_ends_is_left_in_time(
    server: IssuerServer, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.identity.fetch.DEADLINE", 0.2)
    server.answers["/x"] = Answer(b"{", complete=False)
    with pytest.raises(FetchFailed, match="in time"):
        await fetch(http, server.url + "/x")


async def test_nobody_listening_is_a_failure(http: httpx.AsyncClient) -> None:
    with pytest.raises(FetchFailed, match="ConnectError"):
        await fetch(http, "http://127.0.0.1:1/x")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("public", None),
        ("max-age=60", 60),
        ("public, MAX-AGE = 60, must-revalidate", 60),
        ("max-age=60, max-age=30", 30),
        ("max-age=60, no-store", 0),
        ("no-cache", 0),
        ("max-age=-1", None),
        ("max-age=1e9", None),
        ("max-age=" + "9" * 400, None),
        ("s-maxage=60", None),
    ],
)
def test_max_age(value: str, seconds: int | None) -> None:
    assert max_age({"cache-control": value}) == seconds
