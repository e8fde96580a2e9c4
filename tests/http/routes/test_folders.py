"""Accounts and folders over HTTP."""

from __future__ import annotations

import httpx
import pytest

from gateway.mail.request import FolderCreate, FolderPatch
from tests.http.conftest import Gateway
from tests.http.doubles import TAG

FOLDERS = "/v1/accounts/me/folders"


async def test_accounts(client: httpx.AsyncClient) -> None:
    listed = await client.get("/v1/accounts")
    assert listed.json() == {"accounts": [{"id": "account-1", "address": "user@example.org", "provider": "example"}]}
    assert listed.headers["cache-control"] == "private, no-cache"
    again = await client.get("/v1/accounts", headers={"If-None-Match": listed.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", listed.headers["etag"])
    assert (await client.get("/v1/accounts/account-1")).json()["id"] == "account-1"


async def test_another_account(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/accounts/other/folders")
    assert (answer.status_code, answer.json()["field"]) == (404, "account")


async def test_the_tree(client: httpx.AsyncClient) -> None:
    answer = await client.get(FOLDERS)
    assert answer.json()["folders"][0]["role"] == "inbox"
    assert answer.headers["vary"] == "Authorization, Accept-Encoding"


@pytest.mark.parametrize("condition", [TAG, f"W/{TAG}", f'"x", {TAG}', "*"])
async def test_one_folder(client: httpx.AsyncClient, condition: str) -> None:
    answer = await client.get(f"{FOLDERS}/inbox")
    assert (answer.status_code, answer.headers["etag"]) == (200, TAG)
    same = await client.get(f"{FOLDERS}/inbox", headers={"If-None-Match": condition})
    assert (same.status_code, same.content) == (304, b"")


async def test_changing_folders(client: httpx.AsyncClient, gateway: Gateway) -> None:
    made = await client.post(FOLDERS, json={"name": "New", "parentId": "f1"})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/accounts/me/folders/f1")
    moved = await client.patch(f"{FOLDERS}/f1", json={"parentId": None, "isSubscribed": False})
    assert moved.status_code == 200
    gone = await client.delete(f"{FOLDERS}/f1", params={"force": "true"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert gateway.verbs.calls == [
        ("create_folder", (FolderCreate(name="New", parent_id="f1"),)),
        ("patch_folder", ("f1", FolderPatch(parent_id=None, is_subscribed=False))),
        ("delete_folder", ("f1", True)),
    ]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/accounts/a%20b/folders", "account"),
        (f"{FOLDERS}/a.b", "folder"),
        (f"{FOLDERS}/a%00b", "folder"),
        (f"{FOLDERS}/%FF", "folder"),
        (f"{FOLDERS}/{'a' * 6000}", "folder"),
        ("/v1/accounts/me/messages/a=b", "message"),
        ("/v1/accounts/me/messages/m1/parts/1.", "part"),
        ("/v1/accounts/me/messages/m1/parts/TEXT", "part"),
    ],
)
async def test_nonsense_in_a_path_is_named(client: httpx.AsyncClient, gateway: Gateway, path: str, field: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not gateway.verbs.calls


async def test_an_unknown_parameter_is_refused_everywhere(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for path in ("/v1/accounts", FOLDERS, f"{FOLDERS}/inbox/messages", "/openapi.json", "/v1/accounts/me/events"):
        answer = await client.get(path, params={"unsen": "true"})
        assert (answer.status_code, answer.json()["field"]) == (400, "unsen")
    assert not gateway.verbs.calls
