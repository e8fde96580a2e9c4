"""Pages, filters and single messages over HTTP, on every server."""

from __future__ import annotations

import imaplib

import httpx
import pytest

from .conftest import Site
from .mail import ids, plain, stored


async def fill(client: httpx.AsyncClient, count: int) -> list[str]:
    return [await stored(client, plain(number)) for number in range(count)]


async def test_a_page_is_newest_first_and_says_what_a_list_needs(client: httpx.AsyncClient) -> None:
    made = await fill(client, 3)
    answer = await client.get("/folders/inbox/messages")
    page = answer.json()
    assert [message["id"] for message in page["messages"]] == made[::-1]
    assert page["total"] == 3
    assert page["nextCursor"] is None
    first = page["messages"][0]
    assert first["subject"] == "message 2"
    assert first["from"] == [{"name": "Sender 2", "email": "sender2@example.org"}]
    assert first["to"] == [{"name": "Reader", "email": "reader@example.org"}]
    assert first["messageId"] == ["2.blackbox@example.org"]
    assert first["sentAt"] == "2026-11-20T09:13:58+01:00"
    assert first["flags"] == []
    assert first["hasAttachment"] is False
    assert first["size"] == len(plain(2))
    assert "problems" not in first


async def test_paging_by_cursor_neither_repeats_nor_hides(client: httpx.AsyncClient) -> None:
    made = await fill(client, 12)
    for gone in (made[3], made[4], made[8]):
        assert (await client.delete(f"/messages/{gone}", params={"permanent": "true"})).status_code == 200
    expected = [message for message in made if message not in (made[3], made[4], made[8])][::-1]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await client.get("/folders/inbox/messages", params=params)
        page = answer.json()
        seen += [message["id"] for message in page["messages"]]
        cursor = page["nextCursor"]
        assert ('rel="next"' in answer.headers.get("link", "")) == (cursor is not None)
        if cursor is None:
            break
        await stored(client, plain(99))  # new mail between two pages is on neither
    assert seen == expected


async def test_an_unchanged_page_is_304_and_any_change_is_not(client: httpx.AsyncClient, site: Site, user: str) -> None:
    made = await fill(client, 2)
    first = await client.get("/folders/inbox/messages")
    same = await client.get("/folders/inbox/messages", headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "(\\Flagged)")
        changed = await client.get("/folders/inbox/messages", headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
        assert [m["flags"] for m in changed.json()["messages"]] == [[], ["$flagged"]]
        assert [m["id"] for m in changed.json()["messages"]] == made[::-1]
        other.store("1", "+FLAGS", "(\\Deleted)")
        other.expunge()
        after = await client.get("/folders/inbox/messages", headers={"If-None-Match": changed.headers["etag"]})
        assert len(after.json()["messages"]) == 1


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"unseen": "true"}, [1, 3]),
        ({"unseen": "false"}, [0, 2]),
        ({"flagged": "true"}, [2]),
        ({"subject": "Grüße"}, [3]),
        ({"subject": "message", "unseen": "true"}, [1]),
        ({"from": "sender2@"}, [2]),
        ({"to": "reader"}, [0, 1, 2, 3]),
        ({"text": "needle {10} \" \\"}, [1]),
        ({"text": "日本"}, [0]),
        ({"before": "1999-01-01"}, []),
        ({"since": "2020-01-01"}, [0, 1, 2, 3]),
    ],
)  # fmt: skip
async def test_filters(client: httpx.AsyncClient, params: dict[str, str], expected: list[int]) -> None:
    made = [
        await stored(client, plain(0, body="text of 日本\n"), flags="$seen"),
        await stored(client, plain(1, body='a needle {10} " \\ in hay\n')),
        await stored(client, plain(2), flags="$seen,$flagged"),
        await stored(client, plain(3, subject="Grüße aus Köln")),
    ]
    assert await ids(client, **params) == [made[number] for number in expected][::-1]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "100000"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"unseen": "maybe"}, "unseen"),
        ({"since": "yesterday"}, "since"),
        ({"subject": "a\r\nA1 LOGOUT"}, "subject"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_parameters_are_named(client: httpx.AsyncClient, params: dict[str, str], field: str) -> None:
    answer = await client.get("/folders/inbox/messages", params=params)
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"] == field
    assert (await client.get("/folders/inbox/messages")).status_code == 200


async def test_a_cursor_is_of_its_query(client: httpx.AsyncClient) -> None:
    await fill(client, 3)
    page = (await client.get("/folders/inbox/messages", params={"limit": 1})).json()
    other = await client.get(
        "/folders/inbox/messages", params={"limit": 1, "flagged": "true", "cursor": page["nextCursor"]}
    )
    assert other.status_code == 400
    assert other.json()["field"] == "cursor"


async def test_one_message_with_its_structure(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1), flags="$seen")
    answer = await client.get(f"/messages/{made}")
    assert answer.status_code == 200
    message = answer.json()
    assert message["bodyStructure"]["type"] == "text/plain"
    assert message["flags"] == ["$seen"]
    again = await client.get(f"/messages/{made}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_a_message_expunged_by_another_session_is_404_everywhere(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    made = await stored(client, plain(1))
    await client.get("/folders/inbox/messages")  # a pooled connection has the folder open and knows the message
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "(\\Deleted)")
        other.expunge()
        for path in ("", "/body", "/raw", "/parts/1", "/flags"):
            answer = await client.get(f"/messages/{made}{path}")
            assert answer.status_code == 404, (path, answer.text)
        assert (await client.patch(f"/messages/{made}/flags", json={"add": ["$seen"]})).status_code == 404
        assert (await client.post(f"/messages/{made}/move", json={"folder": "archive"})).status_code == 404


async def test_a_rebuilt_folder_answers_410(client: httpx.AsyncClient, site: Site, user: str) -> None:
    folder = (await client.post("/folders", json={"name": "Rebuilt"})).json()["id"]
    made = await stored(client, plain(1), folder)
    state = (await client.get(f"/folders/{folder}/messages")).json()["state"]
    with site.imap(user) as other:
        rebuild(other, "Rebuilt")
        assert (await client.get(f"/messages/{made}")).status_code == 410
        changes = await client.get(f"/folders/{folder}/changes", params={"since": state})
        assert (changes.status_code, changes.json()["type"]) == (410, "/problems/id-expired")
        assert (await client.get(f"/folders/{folder}/messages")).json()["messages"] == []


def rebuild(session: imaplib.IMAP4, name: str) -> None:
    """Delete and make the folder anew, until its UIDVALIDITY is another."""

    def validity() -> str:
        session.select(name, readonly=True)
        found = session.response("UIDVALIDITY")[1][0]
        session.unselect()
        assert isinstance(found, bytes)
        return found.decode()

    before = validity()
    while True:
        assert session.delete(name)[0] == "OK"
        assert session.create(name)[0] == "OK"
        if validity() != before:
            return


@pytest.mark.parametrize("bad", ["x", "AAAA", "%00", "a" * 9000, "BElOQk9Y"])
async def test_wrong_ids_are_refused_by_name(client: httpx.AsyncClient, bad: str) -> None:
    answer = await client.get(f"/messages/{bad}")
    assert answer.status_code in (400, 404), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert (await client.get("/folders/inbox")).status_code == 200
