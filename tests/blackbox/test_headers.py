"""Header fields by name, in every form, on every server."""

from __future__ import annotations

import httpx
import pytest

from .conftest import Site
from .mail import ids, plain, stored

BODY = "\r\nbody\r\n"
HEADERS = "\r\n".join(
    [
        "Received: from a.example.org by b.example.org;\r\n\tFri, 20 Nov 2026 09:14:00 +0100",
        "Received: from c.example.org by a.example.org; Fri, 20 Nov 2026 09:13:59 +0100",
        "From: =?utf-8?Q?J=C3=BCrgen?= <sender@example.org>",
        "To: Friends: a@example.org, =?iso-8859-1?Q?Ren=E9?=\r\n <b@example.org>;, c@example.org",
        "Subject: =?utf-8?B?Y2Fm?=\r\n =?utf-8?B?w6k=?= =?broken?Q?x=E9?=",
        "Date: 20 Nov 2026 09:13:58",
        "X-Odd: one",
        "x-ODD:   =?utf-8?Q?tw=C3=B6?=",
        "X-When: Friday, 20-Nov-26 9:13 PM EST",
        "X-When: sometime",
        "X-Links: (here) <https://example.org/a,b>, <mailto:x@example.org>",
        "Message-ID: <one@example.org>",
        "References: <first@example.org>\r\n\t<second@example.org> junk",
        "MIME-Version: 1.0",
        "Content-Type: text/plain",
        "",
    ]
).encode()


async def chosen(client: httpx.AsyncClient, message: str, *fields: str) -> dict[str, object]:
    answer = await client.get(f"/messages/{message}", params={"fields": ",".join(fields)})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


FORMS: list[tuple[str, object]] = [
    ("header:X-Odd", "   =?utf-8?Q?tw=C3=B6?="),
    ("header:x-odd:asRaw:all", [" one", "   =?utf-8?Q?tw=C3=B6?="]),
    ("header:X-Odd:asText", "twö"),
    ("header:X-Odd:asText:all", ["one", "twö"]),
    ("header:X-None", None),
    ("header:X-None:asText:all", []),
    ("header:Subject:asText", "caféxé"),
    ("header:From:asAddresses", [{"name": "Jürgen", "email": "sender@example.org"}]),
    (
        "header:To:asGroupedAddresses",
        [
            {
                "name": "Friends",
                "addresses": [{"name": None, "email": "a@example.org"}, {"name": "René", "email": "b@example.org"}],
            },
            {"name": None, "addresses": [{"name": None, "email": "c@example.org"}]},
        ],
    ),
    ("header:Date:asDate", "2026-11-20T09:13:58Z"),
    ("header:X-When:asDate:all", ["2026-11-20T21:13:00-05:00", None]),
    ("header:X-Links:asURLs", ["https://example.org/a,b", "mailto:x@example.org"]),
    ("header:References:asMessageIds", ["first@example.org", "second@example.org"]),
    ("header:Message-ID:asMessageIds:all", [["one@example.org"]]),
    ("references", ["first@example.org", "second@example.org"]),
    ("subject", "caféxé"),
    ("sentAt", "2026-11-20T09:13:58Z"),
    ("size", len(HEADERS + BODY.encode())),
]


async def test_every_form(client: httpx.AsyncClient) -> None:
    made = await stored(client, HEADERS + BODY.encode())
    found = await chosen(client, made, *(name for name, _ in FORMS))
    assert found.pop("problems") == ["unreadable-header:X-When:asDate:all"]
    assert found == {"id": made, **dict(FORMS)}
    for name, value in FORMS[:8]:
        assert (await chosen(client, made, name)) == {"id": made, name: value}


async def test_all_headers_as_they_are(client: httpx.AsyncClient) -> None:
    made = await stored(client, HEADERS + BODY.encode())
    found = await chosen(client, made, "headers")
    assert set(found) == {"id", "headers"}
    headers = found["headers"]
    assert isinstance(headers, list)
    again = "".join(f"{each['name']}:{each['value']}\r\n" for each in headers)
    assert again.encode() == HEADERS


async def test_members_and_structure(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1), flags="$seen")
    whole = (await client.get(f"/messages/{made}")).json()
    names = [name for name in whole if name not in ("problems", "preview")]
    assert await chosen(client, made, *names) == {name: whole[name] for name in names}
    assert await chosen(client, made, "id") == {"id": made}
    assert await chosen(client, made, "list", "authentication") == {"id": made, "list": None, "authentication": []}


async def test_unchanged_is_304_and_a_flag_is_a_change(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    first = await client.get(f"/messages/{made}", params={"fields": "subject"})
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await client.get(f"/messages/{made}", params={"fields": "subject"}, headers=tag)).status_code == 304
    assert (await client.put(f"/messages/{made}/flags/$flagged")).status_code == 200
    changed = await client.get(f"/messages/{made}", params={"fields": "flags"}, headers=tag)
    assert changed.json()["flags"] == ["$flagged"]


@pytest.mark.parametrize(
    "fields", ["colour", "header:From:asText", "header:X:asFoo", "header:", "subject,,", "header:Subject:asURLs"]
)
async def test_what_there_is_not_is_refused(client: httpx.AsyncClient, fields: str) -> None:
    made = await stored(client, plain(1))
    answer = await client.get(f"/messages/{made}", params={"fields": fields})
    assert (answer.status_code, answer.json()["field"].partition("[")[0]) == (400, "fields"), answer.text


async def test_odd_names_can_be_asked_for(client: httpx.AsyncClient) -> None:
    odd = '(")]{5}*%'
    made = await stored(client, plain(1).replace(b"MIME-Version", odd.encode() + b": odd\r\nMIME-Version", 1))
    assert (await chosen(client, made, f"header:{odd}:asText"))[f"header:{odd}:asText"] == "odd"
    assert (await client.get(f"/messages/{made}")).status_code == 200


async def test_a_page_with_header_fields(client: httpx.AsyncClient) -> None:
    listed = plain(2).replace(b"Subject", b"List-Id: A list <list.example.org>\r\nX-N: a\r\nX-N: b\r\nSubject", 1)
    made = [await stored(client, plain(1)), await stored(client, listed), await stored(client, plain(3))]
    fields = "subject,list,header:X-N:asText:all"
    for limit in (50, 2):  # a second time the summaries are remembered
        answer = await client.get("/folders/inbox/messages", params={"fields": fields, "limit": limit})
        page = answer.json()
        shown = {message["id"]: message for message in page["messages"]}
        assert list(shown) == made[::-1][:limit]
        assert shown[made[1]]["list"]["id"] == "list.example.org"
        assert shown[made[1]]["header:X-N:asText:all"] == ["a", "b"]
        assert shown[made[2]] == {"id": made[2], "subject": "message 3", "list": None, "header:X-N:asText:all": []}
    assert page["nextCursor"]
    same = await client.get(
        "/folders/inbox/messages",
        params={"fields": fields, "limit": 2},
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert same.status_code == 304
    assert await ids(client) == made[::-1]


async def test_octets_that_are_no_text(client: httpx.AsyncClient, site: Site) -> None:
    junk = b"" if site.name == "cyrus" else b"no field at all\r\n"  # that server takes no such message
    raw = HEADERS + b"X-Eight: l\xe4tin \xc3\xbc\r\n" + junk + b"X-Utf8: \xc3\xbc\r\n" + BODY.encode()
    made = await stored(client, raw)
    found = await chosen(client, made, "headers")
    headers = {each["name"]: each["value"] for each in found["headers"]}  # type: ignore[attr-defined]
    assert "X-Utf8" in headers
    if site.name == "cyrus":  # that server puts an X in the place of each such octet when it stores the message
        return
    assert "headers-not-utf-8" in found["problems"]  # type: ignore[operator]
    assert headers["X-Eight"].startswith(" l\ufffdtin")
    named = await chosen(client, made, "header:X-Utf8:asText", "header:X-Eight:asText")
    assert named["header:X-Utf8:asText"] == "ü"


async def test_a_megabyte_of_headers_is_read_and_what_is_beyond_is_said(client: httpx.AsyncClient, site: Site) -> None:
    line = b"X-Fill: " + b"x" * 900 + b"\r\n"
    long = b"X-Long: " + b"\r\n ".join([b"y" * 900] * 100) + b"\r\n"
    made = await stored(client, b"X-First: yes\r\n" + long + line * 1500 + b"X-Last: yes\r\n" + plain(1))
    found = await chosen(client, made, "header:X-First:asText", "header:X-Long:asText", "header:X-Fill:asText:all")
    assert found["header:X-First:asText"] == "yes"
    assert len(str(found["header:X-Long:asText"])) > 60_000
    assert len(found["header:X-Fill:asText:all"]) > 900  # type: ignore[arg-type]
    assert found["problems"] == ["headers-truncated"]
    if site.name != "cyrus":  # that server itself reads no further
        by_name = await chosen(client, made, "header:X-Last:asText", "subject")
        assert by_name == {"id": made, "header:X-Last:asText": "yes", "subject": "message 1"}
    everything = await chosen(client, made, "headers")
    assert everything["problems"] == ["headers-truncated"]
    assert (await client.get("/folders/inbox")).status_code == 200
