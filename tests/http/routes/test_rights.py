"""Rights and quota over HTTP."""

from __future__ import annotations

import httpx
import pytest

from gateway.errors import Unsupported
from gateway.mail.rights_resource import RightsChange
from tests.http.conftest import Gateway

FOLDER = "/v1/accounts/me/folders/f1"
RIGHTS = f"{FOLDER}/rights"


async def test_rights_are_read_replaced_and_removed(client: httpx.AsyncClient, gateway: Gateway) -> None:
    told = await client.get(RIGHTS)
    assert told.json()["entries"] is None
    assert told.json()["myRights"]["mayReadItems"] is True
    assert (await client.get(RIGHTS, headers={"If-None-Match": told.headers["etag"]})).status_code == 304
    assert (await client.get(f"{RIGHTS}/bob")).json()["tied"] == ["l", "te"]
    put = await client.put(f"{RIGHTS}/bob", json={"rights": ["mayReadItems", "mayAdmin"]})
    assert (put.status_code, put.json()["entries"], put.headers["cache-control"]) == (200, [], "private, no-store")
    gone = await client.delete(f"{RIGHTS}/-bob")
    assert (gone.status_code, gone.content) == (204, b"")
    assert [name for name, _ in gateway.verbs.calls] == [
        *("get_rights", "get_rights", "get_grantable", "put_rights", "delete_rights"),
    ]
    assert gateway.verbs.calls[-2:] == [
        ("put_rights", ("f1", "bob", RightsChange(rights=["mayReadItems", "mayAdmin"]))),
        ("delete_rights", ("f1", "-bob")),
    ]


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("user%40example.org", "user@example.org"),
        ("host%2Fmail", "host/mail"),
        ("host/mail", "host/mail"),
        ("a%20b", "a b"),
        ("j%C3%B6rg", "jörg"),
        ("group%3Ax", "group:x"),
        ("%24team", "$team"),
        ("100%25", "100%"),
        ("%F0%9F%93%AC", "📬"),
    ],
)
async def test_any_identifier_reaches_the_verb(
    client: httpx.AsyncClient, gateway: Gateway, path: str, who: str
) -> None:
    assert (await client.delete(f"{RIGHTS}/{path}")).status_code == 204
    assert gateway.verbs.calls == [("delete_rights", ("f1", who))]


@pytest.mark.parametrize("path", ["a%22b", "a%5Cb", "a%09b", "a%7Fb", "%FF", "%00", "x" * 256])
async def test_no_identifier(client: httpx.AsyncClient, gateway: Gateway, path: str) -> None:
    for answer in (await client.put(f"{RIGHTS}/{path}", json={"letters": "l"}), await client.get(f"{RIGHTS}/{path}")):
        assert (answer.status_code, answer.json()["field"]) == (400, "who")
    assert not gateway.verbs.calls


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rights": ["mayFly"]}, "rights"),
        ({"rights": "lr"}, "rights"),
        ({"letters": "LR"}, "letters"),
        ({"letters": "l" * 37}, "letters"),
        ({"right": []}, "right"),
        ([], "body"),
    ],
)
async def test_no_rights(client: httpx.AsyncClient, gateway: Gateway, body: object, field: str) -> None:
    answer = await client.put(f"{RIGHTS}/bob", json=body)
    assert answer.status_code == 400
    assert answer.json()["field"].startswith(field)
    assert not gateway.verbs.calls


async def test_quota(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get("/v1/accounts/me/quota")
    assert answer.json() == {"folderId": "f1", "resources": []}
    await client.get("/v1/accounts/me/quota", params={"folder": "sent"})
    assert gateway.verbs.calls == [
        ("get_quota", ("inbox", (80, 90, 95, 100))),
        ("get_quota", ("sent", (80, 90, 95, 100))),
    ]
    wrong = await client.get("/v1/accounts/me/quota", params={"folder": "a b"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "folder")


async def test_a_server_without_the_extension(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.fails = Unsupported("the mail server keeps no access rights (it has no ACL)")
    answer = await client.get(RIGHTS)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unsupported")
    assert "ACL" in answer.json()["detail"]


async def test_the_tree_asks_for_rights_only_when_told_to(client: httpx.AsyncClient, gateway: Gateway) -> None:
    await client.get("/v1/accounts/me/folders")
    await client.get("/v1/accounts/me/folders", params={"rights": "true"})
    assert gateway.verbs.calls == [("list_folders", (False,)), ("list_folders", (True,))]
