"""JSON bodies and uploads: strict, capped, and refused by name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.http.body import decode
from gateway.mail.request import BulkMove, FlagPatch, FolderCreate

from .conftest import Gateway
from .refusal import refused_field

FOLDERS = "/v1/accounts/me/folders"
MESSAGES = "/v1/accounts/me/folders/inbox/messages"
JSON = {"Content-Type": "application/json"}
MESSAGE = {"Content-Type": "message/rfc822"}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[" * 100_000, "body"),
        (b'{"ids":' * 100_000, "ids"),
        (b'{"filter":' * 100_000, "filter.filter"),
        (b'{"folder":"x","other":1}', "other"),
        (b'{"ids":["a"]}', "folder"),
        (b'{"folder":"x","ids":["a",5]}', "ids[1]"),
        (b'{"folder":"x","filter":{"unseen":"yes"}}', "filter.unseen"),
        (b'{"folder":"x","filter":{"unsen":true}}', "filter.unsen"),
        (b'{"folder":"\xff"}', "body"),
        (b'{"folder":"a\x00"}', "body"),
        (b'{"folder":"a\\u0000"}', "folder"),
        (b'{"folder":"x","ids":["\\u0000"]}', "ids"),
        (b'{"folder":"\\ud800"}', "body"),
        (b'{"folder":' + b"1" * 100_000 + b"}", "folder"),
        (b'{"folder":1e999}', "folder"),
        (b'{"folder":"x"} x', "body"),
        (b'{"folder":NaN}', "body"),
        (b"null", "body"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode(raw, BulkMove)
    assert caught.value.field == field
    assert len(caught.value.detail) < 300


def test_an_escaped_backslash_is_no_nul() -> None:
    assert decode(rb'{"name":"\\u0000"}', FolderCreate).name == "\\u0000"


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_it_parses_or_names_the_member(raw: bytes) -> None:
    assert refused_field(lambda: decode(raw, FlagPatch))


async def test_a_long_name_of_a_member_is_cut(client: httpx.AsyncClient) -> None:
    answer = await client.post(FOLDERS, content=json.dumps({"x" * 2000: 1}), headers=JSON)
    assert answer.status_code == 400
    assert len(answer.json()["field"]) <= 200


async def test_a_json_body_is_json(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""):
        answer = await client.post(FOLDERS, content=b'{"name":"a"}', headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["field"]) == (415, "Content-Type")
    made = await client.post(
        FOLDERS, content=b'{"name":"a"}', headers={"Content-Type": "Application/JSON;charset=UTF-8"}
    )
    assert (made.status_code, made.headers["location"]) == (201, "/v1/accounts/me/folders/f1")


async def test_the_cap_comes_before_the_token(gateway: Gateway) -> None:
    async with gateway.client("bad") as client:
        answer = await client.post(FOLDERS, content=b"x" * 5000, headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


async def test_a_chunked_body_is_cut_at_the_cap(client: httpx.AsyncClient, gateway: Gateway) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1_000_000):
            taken += 1
            yield b"x" * 1000

    for path, headers in ((FOLDERS, JSON), (MESSAGES, MESSAGE)):
        answer = await client.post(path, content=endless(), headers=headers)
        assert answer.status_code == 413
    assert taken < 200
    assert not gateway.verbs.calls


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 30, ""])
async def test_a_strange_length_is_refused(client: httpx.AsyncClient, length: str) -> None:
    answer = await client.post(FOLDERS, content=b"{}", headers={**JSON, "Content-Length": length})
    assert (answer.status_code, answer.json()["field"]) == (400, "Content-Length")


async def test_an_upload_is_streamed(client: httpx.AsyncClient, gateway: Gateway) -> None:
    message = b"Subject: x\r\n\r\n" + bytes(range(256)) * 100
    answer = await client.post(
        MESSAGES,
        params={"flags": "$seen,$flagged", "receivedAt": "2026-11-20T08:14:03+01:00"},
        content=message,
        headers=MESSAGE,
    )
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/accounts/me/messages/m9")
    assert gateway.verbs.stored == message
    name, (ref, size, flags, received_at) = gateway.verbs.calls[0]
    assert (name, ref, size, flags) == ("store", "inbox", len(message), ("$seen", "$flagged"))
    assert str(received_at) == "2026-11-20 08:14:03+01:00"


async def test_an_upload_of_unknown_length_is_measured_first(client: httpx.AsyncClient, gateway: Gateway) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(80):
            yield bytes([number]) * 1000

    answer = await client.post(MESSAGES, content=pieces(), headers=MESSAGE)
    assert answer.json()["size"] == 80_000
    assert len(gateway.verbs.stored) == 80_000


async def test_uploads_that_are_none(client: httpx.AsyncClient, gateway: Gateway) -> None:
    empty = await client.post(MESSAGES, content=b"", headers=MESSAGE)
    assert (empty.status_code, empty.json()["field"]) == (400, "body")
    other = await client.post(MESSAGES, content=b"x", headers={"Content-Type": "text/plain"})
    assert other.status_code == 415
    large = await client.post(MESSAGES, content=b"x" * 100_001, headers=MESSAGE)
    assert large.status_code == 413
    assert not gateway.verbs.calls


@pytest.mark.parametrize("coding", ["gzip", "GZIP, identity", "aes128gcm"])
async def test_a_compressed_body_is_not_taken_as_it_is(
    client: httpx.AsyncClient, gateway: Gateway, coding: str
) -> None:
    """Stored as they are, the octets of a compressed message would be no message."""
    for path, kind in ((MESSAGES, MESSAGE), (FOLDERS, JSON)):
        answer = await client.post(path, content=b"\x1f\x8b", headers={**kind, "Content-Encoding": coding})
        assert (answer.status_code, answer.json()["field"]) == (415, "Content-Encoding")
        assert answer.headers["accept-encoding"] == "identity"
    assert not gateway.verbs.calls
    plain = await client.post(FOLDERS, content=b'{"name":"a"}', headers={**JSON, "Content-Encoding": "identity"})
    assert plain.status_code == 201
