"""Searching over HTTP, on every server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .conftest import Site
from .mail import plain, stored, with_attachment


async def found(client: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await client.post("/search", json=wanted)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def ids(client: httpx.AsyncClient, filter: dict[str, Any], **wanted: Any) -> list[str]:
    return [message["id"] for message in (await found(client, filter=filter, **wanted))["messages"]]


async def every(client: httpx.AsyncClient, **wanted: Any) -> list[str]:
    """All pages."""
    seen: list[str] = []
    page = await found(client, **wanted)
    for _ in range(100):
        seen += [message["id"] for message in page["messages"]]
        assert len(page["messages"]) <= wanted.get("limit", 50)
        if page["nextCursor"] is None:
            return seen
        page = await found(client, cursor=page["nextCursor"], **wanted)
    raise AssertionError("it does not end")


async def folder(client: httpx.AsyncClient, name: str) -> str:
    answer = await client.post("/folders", json={"name": name})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def dated(client: httpx.AsyncClient, message: bytes, moment: str, folder: str = "inbox") -> str:
    answer = await client.post(
        f"/folders/{folder}/messages",
        content=message,
        headers={"Content-Type": "message/rfc822"},
        params={"receivedAt": moment},
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def extra(message: bytes, header: bytes) -> bytes:
    return header + b"\r\n" + message


CONDITIONS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 3, 4]),
    ({"hasKeyword": "$seen"}, [0, 2]),
    ({"notKeyword": "$seen"}, [1, 3, 4]),
    ({"hasKeyword": "$flagged"}, [2]),
    ({"subject": "GRÜSSE"}, []),
    ({"subject": "grüße köln"}, [3]),
    ({"subject": "'aus Köln'"}, [3]),
    ({"subject": "'Köln aus'"}, []),
    ({"from": "sender2@"}, [2]),
    ({"to": "reader"}, [0, 1, 2, 3, 4]),
    ({"cc": "reader"}, []),
    ({"bcc": "reader"}, []),
    ({"text": "日本"}, [0]),
    ({"body": "hay needle"}, [1]),
    ({"body": "message"}, []),
    ({"text": 'a "needle \\" \\\\ in"'}, [1]),
    ({"header": ["List-Id"]}, [2]),
    ({"header": ["List-Id", "news.example"]}, [2]),
    ({"header": ["List-Id", "other"]}, []),
    ({"hasAttachment": True}, [4]),
    ({"hasAttachment": False}, [0, 1, 2, 3]),
    ({"minSize": 5000}, [4]),
    ({"maxSize": 5000}, [0, 1, 2, 3]),
    ({"minSize": 2**40}, []),
    ({"maxSize": 0}, []),
    ({"maxSize": 2**40}, [0, 1, 2, 3, 4]),
    ({"after": "2001-01-01T00:00:00Z"}, [0, 1, 2, 3, 4]),
    ({"before": "2001-01-01T00:00:00Z"}, []),
    ({"before": "9999-12-31T23:59:59Z"}, [0, 1, 2, 3, 4]),
    ({"after": "0001-01-01T00:00:00+14:00"}, [0, 1, 2, 3, 4]),
    ({"hasKeyword": "$seen", "from": "sender0"}, [0]),
    ({"operator": "AND", "conditions": [{"hasKeyword": "$seen"}, {"from": "sender0"}]}, [0]),
    ({"operator": "OR", "conditions": [{"body": "needle"}, {"from": "sender0"}]}, [0, 1]),
    ({"operator": "NOT", "conditions": [{"body": "needle"}, {"from": "sender0"}]}, [2, 3, 4]),
    ({"operator": "OR", "conditions": [{"hasAttachment": True}, {"from": "sender0"}]}, [0, 4]),
    ({"operator": "NOT", "conditions": [{"hasAttachment": True}, {"from": "sender0"}]}, [1, 2, 3]),
    ({"operator": "NOT", "conditions": [{"operator": "NOT", "conditions": [{"hasAttachment": True}]}]}, [4]),
    ({"operator": "OR", "conditions": []}, []),
    ({"operator": "AND", "conditions": []}, [0, 1, 2, 3, 4]),
    ({"inMailbox": "inbox"}, [0, 1, 2, 3, 4]),
    ({"inMailboxOtherThan": ["inbox"]}, []),
    ({"inMailboxOtherThan": ["trash", "junk"]}, [0, 1, 2, 3, 4]),
    ({"operator": "NOT", "conditions": [{"inMailbox": "inbox"}]}, []),
]  # fmt: skip


async def test_conditions(client: httpx.AsyncClient) -> None:
    made = [
        await stored(client, plain(0, body="text of 日本\n"), flags="$seen"),
        await stored(client, plain(1, body='a needle " \\ in hay\n')),
        await stored(client, extra(plain(2), b"List-Id: News <news.example.org>"), flags="$seen,$flagged"),
        await stored(client, plain(3, subject="Grüße aus Köln")),
        await stored(client, with_attachment(bytes(6000))),
    ]
    wrong: list[object] = []
    for filter, expected in CONDITIONS:
        page = await found(client, filter=filter, calculateTotal=True, limit=4, folders=["inbox"])
        seen = await ids(client, filter)
        right = [made[number] for number in expected][::-1]
        pages = await every(client, filter=filter, limit=2)
        if not (seen == pages == right and page["total"] == len(right) and page["complete"]):
            wrong.append((filter, [made.index(each) for each in seen], page["total"]))
    assert not wrong


async def test_moments_are_exact_to_the_second_in_any_zone(client: httpx.AsyncClient) -> None:
    times = [
        "2020-05-10T22:30:00Z", "2020-05-11T00:30:00+02:00", "2020-05-10T12:00:00-12:00", "2020-05-11T13:59:59+14:00",
        "2020-05-11T14:00:01+14:00", "2020-05-11T00:00:00Z", "2020-05-13T00:00:00Z", "2020-05-01T00:00:00Z",
    ]  # fmt: skip
    made = [await dated(client, plain(n), moment) for n, moment in enumerate(times)]
    shown = {m["id"]: m["receivedAt"] for m in (await found(client, filter={}))["messages"]}
    assert [shown[each] for each in made[:4]] == [
        "2020-05-10T22:30:00Z", "2020-05-10T22:30:00Z", "2020-05-11T00:00:00Z", "2020-05-10T23:59:59Z"
    ]  # fmt: skip
    for moment in ("2020-05-11T00:00:00Z", "2020-05-10T22:30:00Z", "2020-05-10T22:30:01Z", "2020-05-11T02:00:00+02:00"):
        instant = moment if moment.endswith("Z") else "2020-05-11T00:00:00Z"
        later = {each for each in made if shown[each] >= instant}
        assert set(await ids(client, {"after": moment})) == later
        assert set(await ids(client, {"before": moment})) == set(made) - later
        inverse = {"operator": "NOT", "conditions": [{"after": moment}]}
        assert set(await ids(client, inverse)) == set(made) - later
        page = await found(client, filter={"after": moment}, calculateTotal=True, limit=1)
        assert page["total"] == len(later)


async def test_several_folders_are_one_list_newest_first(client: httpx.AsyncClient) -> None:
    work, play = await folder(client, "Work"), await folder(client, "Play")
    made = []
    for n in range(14):
        place = ("inbox", work, play)[n % 3]
        made.append(await dated(client, plain(n, subject=f"s{n % 2}"), f"2021-01-{n + 1:02}T10:00:00Z", place))
    newest = made[::-1]
    assert await every(client, filter={}, limit=3) == newest
    assert await every(client, filter={"subject": "s1"}, limit=2) == [made[n] for n in range(13, 0, -2)]
    page = await found(client, filter={}, limit=4, calculateTotal=True)
    assert page["total"] == 14
    second = await found(client, filter={}, limit=4, calculateTotal=True, cursor=page["nextCursor"])
    assert second["total"] == 14
    assert [m["id"] for m in second["messages"]] == newest[4:8]
    assert {m["folderId"] for m in page["messages"]} >= {work, play}
    only = {"operator": "OR", "conditions": [{"inMailbox": work}, {"inMailbox": "inbox", "subject": "s1"}]}
    assert await every(client, filter=only, limit=2) == [
        made[n] for n in range(13, -1, -1) if n % 3 == 1 or (n % 3 == 0 and n % 2)
    ]
    assert await every(client, folders=[play, work], limit=5) == [made[n] for n in range(13, -1, -1) if n % 3]


async def test_mail_that_comes_and_goes_between_pages(client: httpx.AsyncClient) -> None:
    work = await folder(client, "Work")
    made = [
        await dated(client, plain(n), f"2021-01-{n + 1:02}T10:00:00Z", "inbox" if n % 2 else work) for n in range(12)
    ]
    first = await found(client, limit=4)
    await dated(client, plain(99), "2021-01-03T00:00:00Z", work)
    await dated(client, plain(98), "2021-03-03T00:00:00Z")
    for gone in (made[8], made[5]):  # the last one shown, and one to come
        assert (await client.delete(f"/messages/{gone}", params={"permanent": "true"})).status_code == 200
    second = await found(client, limit=4, cursor=first["nextCursor"])
    third = await found(client, limit=4, cursor=second["nextCursor"])
    seen = [m["id"] for page in (first, second, third) for m in page["messages"]]
    assert seen == [made[n] for n in (11, 10, 9, 8, 7, 6, 4, 3, 2, 1, 0)]
    assert third["nextCursor"] is None


async def test_junk_and_trash_are_searched_where_they_are_named(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(n)) for n in range(2)]
    gone = (await client.delete(f"/messages/{made[0]}")).json()["id"]
    assert await ids(client, {}) == [made[1]]
    (trashed,) = await ids(client, {"inMailbox": "trash"})
    assert gone in (None, trashed)
    assert await ids(client, {}, folders=["trash"]) == [trashed]
    assert set(await ids(client, {"operator": "OR", "conditions": [{"inMailbox": "trash"}, {}]})) == {made[1], trashed}


async def fill_for_sorting(client: httpx.AsyncClient) -> list[str]:
    rows = [
        ("beta", "carol", 10, "2022-02-03"),
        ("Re: alpha", "alice", 3000, "2022-02-01"),
        ("gamma", "Bob", 200, "2022-02-05"),
        ("Alpha", "dave", 9000, "2022-02-02"),
        ("delta", "erin", 700, "2022-02-04"),
    ]
    return [
        await dated(client, plain(n, subject=subject, body="x" * size + "\n", sender=sender), f"{day}T12:00:00Z")
        for n, (subject, sender, size, day) in enumerate(rows)
    ]


ORDERS = [
    ("receivedAt", [1, 3, 0, 4, 2]),
    ("size", [0, 2, 4, 1, 3]),
    ("subject", [1, 3, 0, 4, 2]),
]


@pytest.mark.parametrize(("property", "order"), ORDERS)
async def test_sorted(client: httpx.AsyncClient, property: str, order: list[int]) -> None:
    made = await fill_for_sorting(client)
    rising = [{"property": property}, {"property": "receivedAt"}]
    falling = [{"property": property, "isAscending": False}, {"property": "receivedAt", "isAscending": False}]
    assert await every(client, sort=rising, limit=2) == [made[n] for n in order]
    assert await every(client, sort=falling, limit=2) == [made[n] for n in order][::-1]
    exact = {"hasAttachment": False, "notKeyword": "$seen"}  # the gateway has to look at the messages itself
    assert await every(client, sort=rising, limit=2, filter=exact) == [made[n] for n in order]


async def test_sorted_pages_stand_still_while_the_folder_moves(client: httpx.AsyncClient) -> None:
    made = await fill_for_sorting(client)
    wanted: dict[str, Any] = {"sort": [{"property": "size"}], "limit": 2, "filter": {"notKeyword": "$seen"}}
    first = await found(client, **wanted)
    shown = [m["id"] for m in first["messages"]]
    assert shown == [made[0], made[2]]
    for read in shown:  # they no longer match, which moves everything up
        assert (await client.put(f"/messages/{read}/flags/$seen")).status_code == 200
    await stored(client, plain(7, body="y\n"))
    second = await found(client, **wanted, cursor=first["nextCursor"])
    assert [m["id"] for m in second["messages"]] == [made[4], made[1]]
    gone = await client.delete(f"/messages/{made[1]}", params={"permanent": "true"})
    assert gone.status_code == 200
    third = await found(client, **wanted, cursor=second["nextCursor"])
    assert [m["id"] for m in third["messages"]] == [made[3]]
    assert third["nextCursor"] is None


async def test_sorted_over_several_folders(client: httpx.AsyncClient) -> None:
    work = await folder(client, "Work")
    made = [
        await stored(client, plain(n, body="z" * (n * 7 % 11) * 100 + "\n"), ("inbox", work)[n % 2]) for n in range(10)
    ]
    seen = await every(client, sort=[{"property": "size"}], limit=3)
    assert seen == sorted(made, key=lambda each: made.index(each) * 7 % 11)


async def test_snippets_mark_what_was_found(client: httpx.AsyncClient) -> None:
    made = [
        await stored(client, plain(0, subject="Find <me> & you", body="before " * 30 + "the Needle <b>& more\n")),
        await stored(client, with_attachment(b"x")),
        await stored(client, plain(2, body="a needle\n")),
    ]
    page = await found(client, filter={"text": "needle"}, snippets=True)
    by_id = {each["emailId"]: each for each in page["snippets"]}
    assert set(by_id) == {made[0], made[2]}
    assert by_id[made[2]] == {"emailId": made[2], "subject": None, "preview": "a <mark>needle</mark>"}
    preview = by_id[made[0]]["preview"]
    assert "the <mark>Needle</mark> &lt;b&gt;&amp; more" in preview
    assert preview.startswith("…")
    assert len(preview.encode()) <= 255
    page = await found(client, filter={"subject": "me"}, snippets=True, folders=["inbox"])
    shown = {each["emailId"]: each for each in page["snippets"]}[made[0]]
    assert shown["subject"] == "Find &lt;<mark>me</mark>&gt; &amp; you"
    assert shown["preview"] is None


async def test_fuzzy_is_said(client: httpx.AsyncClient, site: Site) -> None:
    made = await stored(client, plain(0))
    page = await found(client, filter={"subject": "message"}, fuzzy=True)
    assert page["isFuzzy"] is (site.name == "cyrus")
    if not page["isFuzzy"]:  # what a server finds alike is its own affair; without an index it is nothing
        assert [m["id"] for m in page["messages"]] == [made]


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"filter": {"colour": "red"}}, 400, "filter.colour"),
    ({"filter": {"operator": "AND", "conditions": [{}, {}, {"before": "yesterday"}]}}, 400,
     "filter.conditions[2].before"),
    ({"filter": {"operator": "AND", "conditions": [{}, {"before": "2020-01-01T00:00:00"}]}}, 400,
     "filter.conditions[1].before"),
    ({"filter": {"operator": "XOR", "conditions": []}}, 400, "filter.operator"),
    ({"filter": {"operator": "AND"}}, 400, "filter.conditions"),
    ({"filter": {"conditions": []}}, 400, "filter.operator"),
    ({"filter": {"operator": "OR", "conditions": [{"operator": "AND", "conditions": [], "from": "x"}]}}, 400,
     "filter.conditions[0].from"),
    ({"filter": {"operator": "OR", "conditions": [{"subject": "  "}]}}, 400, "filter.conditions[0].subject"),
    ({"filter": {"text": "a\r\nA1 LOGOUT"}}, 400, "filter.text"),
    ({"filter": {"header": ["X Y", "z"]}}, 400, "filter.header[0]"),
    ({"filter": {"header": ["X", "z\r\n"]}}, 400, "filter.header[1]"),
    ({"filter": {"header": []}}, 400, "filter.header"),
    ({"filter": {"hasKeyword": "a b"}}, 400, "filter.hasKeyword"),
    ({"filter": {"minSize": -1}}, 400, "filter.minSize"),
    ({"filter": {"inMailbox": "nonsense!"}}, 400, "filter.inMailbox"),
    ({"filter": {"operator": "NOT", "conditions": [{"inMailboxOtherThan": ["inbox", "?"]}]}}, 400,
     "filter.conditions[0].inMailboxOtherThan[1]"),
    ({"filter": {"allInThreadHaveKeyword": "$seen"}}, 422, "filter.allInThreadHaveKeyword"),
    ({"sort": [{"property": "size"}, {"property": "hasKeyword"}]}, 422, "sort[1].property"),
    ({"sort": [{"property": "colour"}]}, 400, "sort[0].property"),
    ({"folders": ["nonsense!"]}, 400, "folders[0]"),
    ({"folders": ["BE5vdGhpbmc"]}, 404, "folder"),
    ({"limit": 0}, 400, "limit"),
    ({"limit": 10_000}, 400, "limit"),
    ({"cursor": "nonsense"}, 400, "cursor"),
    ({"offset": 3}, 400, "offset"),
]  # fmt: skip


async def test_what_is_wrong_is_named(client: httpx.AsyncClient) -> None:
    for wanted, status, field in WRONG:
        answer = await client.post("/search", json=wanted)
        assert (answer.status_code, answer.json().get("field")) == (status, field), (wanted, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_cursor_is_of_its_search(client: httpx.AsyncClient) -> None:
    for n in range(3):
        await stored(client, plain(n))
    cursor = (await found(client, limit=1))["nextCursor"]
    for other in ({"filter": {"from": "x"}}, {"folders": ["inbox"]}, {"sort": [{"property": "size"}]}):
        answer = await client.post("/search", json={"cursor": cursor, **other})
        assert (answer.status_code, answer.json()["field"]) == (400, "cursor")
    assert len((await found(client, limit=2, cursor=cursor, calculateTotal=True))["messages"]) == 2


async def test_hostile_trees_are_refused_and_nothing_breaks(client: httpx.AsyncClient) -> None:
    deep = '{"operator":"NOT","conditions":[' * 5000 + "{}" + "]}" * 5000
    wide = {"operator": "OR", "conditions": [{"from": "x"}] * 5000}
    for body in ('{"filter":' + deep + "}", '{"filter":{"text":"' + "\\u0000" + '"}}'):
        answer = await client.post("/search", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text
    nested = '{"operator":"NOT","conditions":[' * 300 + '{"from":"\\u0000"}' + "]}" * 300
    answer = await client.post(
        "/search", content='{"filter":' + nested + "}", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    answer = await client.post("/search", json={"filter": wide})
    assert (answer.status_code, answer.json()["field"]) == (400, "filter.conditions")
    many = {"operator": "OR", "conditions": [{"from": " ".join(f"w{n}" for n in range(30))}] * 20}
    answer = await client.post("/search", json={"filter": many})
    assert answer.status_code == 400
    most = {"operator": "OR", "conditions": [{"subject": "'" + "é" * 110 + f"{n}'"} for n in range(99)]}
    assert await ids(client, most) == []
    dates = {"operator": "OR", "conditions": [{"after": f"2020-01-{n + 1:02}T00:00:00Z"} for n in range(9)]}
    assert (await client.post("/search", json={"filter": dates})).status_code == 400


async def test_without_mail_read_no_body_is_searched_or_shown(site: Site, user: str, client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(0))
    async with site.gateway.client(user) as metadata:
        metadata.headers.update(site.gateway.headers(user, scope="mail.metadata"))
        assert await ids(metadata, {"subject": "message"}) == [made]
        assert all("preview" not in m for m in (await found(metadata, filter={}))["messages"])
        for wanted in ({"filter": {"text": "x"}}, {"filter": {"operator": "NOT", "conditions": [{"body": "x"}]}},
                       {"snippets": True}):  # fmt: skip
            answer = await metadata.post("/search", json=wanted)
            assert answer.status_code == 403, answer.text
