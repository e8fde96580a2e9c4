"""Folders over HTTP, on every server."""

from __future__ import annotations

import httpx
import pytest

from .conftest import Site
from .mail import plain, stored


async def folder(client: httpx.AsyncClient, name: str, **more: str) -> dict[str, object]:
    answer = await client.post("/folders", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def test_the_tree_has_roles_and_counts(client: httpx.AsyncClient) -> None:
    await stored(client, plain(1), flags="$seen")
    await stored(client, plain(2))
    answer = await client.get("/folders")
    assert answer.status_code == 200
    by_role = {f["role"]: f for f in answer.json()["folders"] if f["role"]}
    assert {"inbox", "sent", "drafts", "trash", "junk", "archive"} <= set(by_role)
    assert by_role["inbox"]["totalMessages"] == 2
    assert by_role["inbox"]["unreadMessages"] == 1
    assert answer.json()["folders"][0]["role"] == "inbox"


@pytest.mark.parametrize("one", [True, False], ids=["one", "all"])
@pytest.mark.parametrize("name", ["INBOX", "Other"])
async def test_counts_are_those_of_now_where_the_folder_is_open(
    client: httpx.AsyncClient, site: Site, user: str, name: str, *, one: bool
) -> None:
    """A connection that has the folder open may count what it has been told, not what is there (RFC 9051, 6.3.11)."""
    id_ = "inbox" if name == "INBOX" else str((await folder(client, name))["id"])

    async def counted() -> tuple[int, int]:
        if one:
            found = (await client.get(f"/folders/{id_}")).json()
        else:
            found = next(f for f in (await client.get("/folders")).json()["folders"] if f["name"] in (name, "Inbox"))
        return found["totalMessages"], found["unreadMessages"]

    with site.imap(user) as other:
        for total in range(1, 4):
            other.append(name, "", "", plain(total))
            assert (await client.get(f"/folders/{id_}/messages")).json()["total"] == total  # the folder is open now
        other.select(name)
        other.store("1", "+FLAGS", "(\\Seen)")
        assert await counted() == (3, 2)
        assert len((await client.get(f"/folders/{id_}/messages")).json()["messages"]) == 3
        other.append(name, "", "", plain(4))
        assert await counted() == (4, 3)
        assert len((await client.get(f"/folders/{id_}/messages")).json()["messages"]) == 4
        other.store("1:*", "+FLAGS", "(\\Deleted)")
        other.expunge()
        assert await counted() == (0, 0)


async def test_a_folder_that_is_open_and_was_empty_is_not_deleted_with_what_came_since(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    made = str((await folder(client, "Filled"))["id"])
    assert (await client.get(f"/folders/{made}/messages")).json()["messages"] == []
    with site.imap(user) as other:
        other.append("Filled", "", "", plain(1))
        assert (await client.delete(f"/folders/{made}")).status_code == 409
        assert other.select("Filled")[1] == [b"1"]


async def test_one_folder_by_role_and_by_id_is_the_same(client: httpx.AsyncClient) -> None:
    by_role = (await client.get("/folders/archive")).json()
    by_id = (await client.get(f"/folders/{by_role['id']}")).json()
    assert by_role == by_id
    assert by_role["role"] == "archive"


@pytest.mark.parametrize(
    "name",
    ["Rechnungen", "日本語 フォルダ", "Ünïcode & more", 'quote " backslash \\ brace {10}', "percent % star *x",
     "a" * 100, "(INBOX (CONDSTORE))", "emoji 📬", "&", "&AOk-"],
)  # fmt: skip
async def test_any_name_survives_create_list_and_delete(client: httpx.AsyncClient, site: Site, name: str) -> None:
    answer = await client.post("/folders", json={"name": name})
    if answer.status_code != 201:  # a server may refuse a name, but then says so, and goes on
        assert answer.status_code in (400, 403, 409, 422), answer.text
        assert (await client.get("/folders/inbox")).status_code == 200
        return
    made = answer.json()
    assert made["name"] == name
    listed = {f["name"]: f["id"] for f in (await client.get("/folders")).json()["folders"]}
    assert listed[name] == made["id"]
    assert (await client.get(f"/folders/{made['id']}/messages")).json()["messages"] == []
    assert (await client.delete(f"/folders/{made['id']}")).status_code == 204
    assert (await client.get(f"/folders/{made['id']}")).status_code == 404


@pytest.mark.parametrize("name", ["", "a\r\nb", "a\nA1 LOGOUT", "nul\x00", "\x7f", "x" * 300])
async def test_a_name_that_can_not_be_is_refused_by_its_field(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post("/folders", json={"name": name})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "name" in answer.json()["field"]
    assert (await client.get("/folders/inbox")).status_code == 200


async def test_nested_folders_rename_move_and_subscribe(client: httpx.AsyncClient) -> None:
    parent = await folder(client, "Projects")
    child = await folder(client, "Alpha", parentId=str(parent["id"]))
    assert child["parentId"] == parent["id"]
    renamed = await client.patch(f"/folders/{child['id']}", json={"name": "Beta"})
    assert renamed.status_code == 200, renamed.text
    assert renamed.json()["path"][-2:] == ["Projects", "Beta"]
    moved = await client.patch(f"/folders/{renamed.json()['id']}", json={"parentId": None, "isSubscribed": False})
    assert moved.json()["parentId"] is None
    assert moved.json()["isSubscribed"] is False
    assert (await client.get(f"/folders/{child['id']}")).status_code == 404


async def test_delete_refuses_a_folder_with_messages_unless_forced(client: httpx.AsyncClient) -> None:
    made = await folder(client, "Full")
    await stored(client, plain(1), str(made["id"]))
    refused = await client.delete(f"/folders/{made['id']}")
    assert refused.status_code == 409
    assert refused.json()["field"] == "force"
    forced = await client.delete(f"/folders/{made['id']}", params={"force": "true"})
    assert forced.status_code == 204, forced.text


async def test_creating_what_exists_is_a_conflict(client: httpx.AsyncClient) -> None:
    await folder(client, "Twice")
    assert (await client.post("/folders", json={"name": "Twice"})).status_code == 409


async def test_a_missing_folder_is_not_found(client: httpx.AsyncClient) -> None:
    made = await folder(client, "Gone")
    await client.delete(f"/folders/{made['id']}")
    for path in (f"/folders/{made['id']}", f"/folders/{made['id']}/messages"):
        assert (await client.get(path)).status_code == 404, path
    assert (await client.delete(f"/folders/{made['id']}")).status_code == 404


async def test_the_inbox_stays(client: httpx.AsyncClient) -> None:
    assert (await client.delete("/folders/inbox")).status_code == 422
    assert (await client.patch("/folders/inbox", json={"name": "Other"})).status_code == 422
