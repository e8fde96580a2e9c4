"""Messages, flags, transfers and bulk requests over HTTP."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.mail.query import PageQuery
from gateway.mail.request import BulkDelete, BulkMove, Destination, Filter, FlagPatch
from tests.http.conftest import Gateway
from tests.http.doubles import TAG

MESSAGES = "/v1/accounts/me/folders/inbox/messages"
MESSAGE = "/v1/accounts/me/messages/m1"
BULK = "/v1/accounts/me/folders/inbox"


async def test_a_page(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.next_cursor = "c2"
    query = {"limit": "7", "from": "a b&c", "unseen": "true", "since": "2026-11-20", "cursor": "c1"}
    answer = await client.get(MESSAGES, params=query)
    assert answer.json()["messages"][0]["preview"] == "the body begins"
    wanted = Filter(unseen=True, from_="a b&c", since="2026-11-20")
    assert gateway.verbs.calls == [("page", ("inbox", PageQuery(limit=7, cursor="c1", filter=wanted)))]
    link = answer.headers["link"]
    target = urlsplit(link.removeprefix("<").partition(">")[0])
    assert link.endswith('>; rel="next"')
    assert target.path == MESSAGES
    assert parse_qs(target.query) == {name: [value] for name, value in (query | {"cursor": "c2"}).items()}


async def test_the_last_page_has_no_next(client: httpx.AsyncClient) -> None:
    assert "link" not in (await client.get(MESSAGES)).headers


async def test_a_page_that_has_not_changed(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(MESSAGES, headers={"If-None-Match": f"W/{TAG}"})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)
    star = await client.get(MESSAGES, headers={"If-None-Match": "*"})
    assert star.status_code == 304


async def test_the_largest_page_is_configured(client: httpx.AsyncClient) -> None:
    assert (await client.get(MESSAGES, params={"limit": "200"})).status_code == 200
    answer = await client.get(MESSAGES, params={"limit": "201"})
    assert (answer.status_code, answer.json()["field"]) == (400, "limit")


async def test_metadata_is_no_body(gateway: Gateway) -> None:
    async with gateway.client("mail.metadata") as client:
        page = await client.get(MESSAGES, headers={"If-None-Match": TAG})
        message = await client.get(MESSAGE)
        refused = await client.get(MESSAGES, params={"text": "secret"})
        body = await client.get(MESSAGE + "/body")
    assert page.status_code == message.status_code == 200
    assert "preview" not in page.text + message.text
    assert "etag" not in page.headers
    assert refused.status_code == body.status_code == 403
    assert refused.json()["type"] == "/problems/insufficient-scope"


async def test_one_message(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(MESSAGE)
    assert (answer.status_code, answer.headers["etag"]) == (200, TAG)
    assert gateway.verbs.calls == [("get_message", ("m1", "/v1/accounts/me/messages/m1/parts/1.2", False))]
    head = await client.head(MESSAGE)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


async def test_a_body_as_json(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(MESSAGE + "/body", params={"maxBytes": "100", "remote": "keep"})
    assert answer.json()["html"]["value"] == "<p>safe</p>"
    assert answer.headers["vary"] == "Authorization, Accept-Encoding, Accept"
    assert gateway.verbs.calls == [("get_body", ("m1", 100, "keep", "/v1/accounts/me/messages/m1/parts/2"))]


@pytest.mark.parametrize(
    "accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json;q=0.5, TEXT/HTML;q=0.6"]
)
async def test_a_body_as_a_page(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get(MESSAGE + "/body", headers={"Accept": accept})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<p>safe</p>" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "http" not in policy
    same = await client.get(MESSAGE + "/body", headers={"Accept": accept, "If-None-Match": answer.headers["etag"]})
    assert same.status_code == 304


async def test_remote_images_only_where_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.get(MESSAGE + "/body", params={"remote": "keep"}, headers={"Accept": "text/html"})
    assert "img-src 'self' data: https: http:" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html;q=0.5, */*", "text/html;q=0"])
async def test_json_unless_html_is_wanted_more(client: httpx.AsyncClient, accept: str) -> None:
    answer = await client.get(MESSAGE + "/body", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"maxBytes": "0"}, "maxBytes"), ({"remote": "some"}, "remote"), ({"maxBytes": "9e9"}, "maxBytes")],
)
async def test_strange_body_parameters(client: httpx.AsyncClient, parameters: dict[str, str], field: str) -> None:
    answer = await client.get(MESSAGE + "/body", params=parameters)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize(
    ("sent", "flag"), [("$seen", "$seen"), ("%24seen", "$seen"), ("a%2Fb", "a/b"), ("a/b", "a/b"), ("%C3%BC", "\u00fc")]
)
async def test_one_flag(client: httpx.AsyncClient, gateway: Gateway, sent: str, flag: str) -> None:
    put = await client.put(f"{MESSAGE}/flags/{sent}")
    assert (put.status_code, put.json(), put.headers["etag"]) == (200, {"flags": ["$seen"]}, '"tag-2"')
    assert (await client.delete(f"{MESSAGE}/flags/{sent}")).status_code == 200
    assert gateway.verbs.calls == [
        ("change_flags", ("m1", FlagPatch(add=[flag]), None)),
        ("change_flags", ("m1", FlagPatch(remove=[flag]), None)),
    ]


@pytest.mark.parametrize("flag", ["a%20b", "a%09b", "%00", "x" * 256, ""])
async def test_strange_flags(client: httpx.AsyncClient, gateway: Gateway, flag: str) -> None:
    answer = await client.put(f"{MESSAGE}/flags/{flag}")
    assert (answer.status_code, answer.json()["field"]) == (400, "flag")
    assert not gateway.verbs.calls


@pytest.mark.parametrize(
    ("condition", "passed", "status"),
    [
        (TAG, {TAG}, 200),
        ("*", {"*"}, 200),
        (f'"x", {TAG}', {'"x"', TAG}, 200),
        ('"old"', {'"old"'}, 412),
        (f"W/{TAG}", set(), 412),
    ],
)
async def test_flags_on_condition(
    client: httpx.AsyncClient, gateway: Gateway, condition: str, passed: set[str], status: int
) -> None:
    answer = await client.patch(f"{MESSAGE}/flags", json={"add": ["$seen"]}, headers={"If-Match": condition})
    assert answer.status_code == status
    assert gateway.verbs.calls == [("change_flags", ("m1", FlagPatch(add=["$seen"]), frozenset(passed)))]


async def test_transfers(client: httpx.AsyncClient, gateway: Gateway) -> None:
    assert (await client.post(f"{MESSAGE}/move", json={"folder": "archive"})).json() == {"id": "m2"}
    assert (await client.post(f"{MESSAGE}/copy", json={"folder": "archive"})).json() == {"id": "m2"}
    assert (await client.delete(MESSAGE)).json() == {"id": None}
    assert (await client.delete(MESSAGE, params={"permanent": "true"})).status_code == 200
    to = Destination(folder="archive")
    assert gateway.verbs.calls == [
        ("move", ("m1", to)),
        ("copy", ("m1", to)),
        ("delete", ("m1", False)),
        ("delete", ("m1", True)),
    ]


async def test_bulk(client: httpx.AsyncClient, gateway: Gateway) -> None:
    moved = await client.post(f"{BULK}/move", json={"filter": {"from": "x"}, "folder": "trash"})
    assert moved.json() == {"results": [{"id": "m1", "status": 200, "newId": None, "flags": None, "type": None}]}
    await client.post(f"{BULK}/copy", json={"ids": ["m1"], "folder": "trash"})
    await client.post(f"{BULK}/delete", json={"ids": ["m1"], "permanent": True})
    await client.post(f"{BULK}/flags", json={"ids": ["m1"], "set": ["$seen"]})
    assert [name for name, _ in gateway.verbs.calls] == ["bulk_move", "bulk_copy", "bulk_delete", "bulk_flags"]
    assert gateway.verbs.calls[0][1] == ("inbox", BulkMove(filter=Filter(from_="x"), folder="trash"))
    assert gateway.verbs.calls[2][1] == ("inbox", BulkDelete(ids=["m1"], permanent=True))


async def test_choosing_by_text_is_reading(gateway: Gateway) -> None:
    async with gateway.client("mail.modify") as client:
        answer = await client.post(f"{BULK}/flags", json={"filter": {"text": "secret"}, "add": ["$seen"]})
        allowed = await client.post(f"{BULK}/flags", json={"filter": {"from": "x"}, "add": ["$seen"]})
    assert (answer.status_code, allowed.status_code) == (403, 200)
    assert 'scope="mail.modify mail.read"' in answer.headers["www-authenticate"]


async def test_previews_are_made_on_request(client: httpx.AsyncClient, gateway: Gateway) -> None:
    await client.get(MESSAGES, params={"preview": "true"})
    assert gateway.verbs.calls == [("page", ("inbox", PageQuery(previews=True)))]
    async with gateway.client("mail.metadata") as bare:
        assert (await bare.get(MESSAGES, params={"preview": "true"})).status_code == 403
        assert (await bare.get(MESSAGES, params={"preview": "false"})).status_code == 200
