"""Bodies, parts and ranges over HTTP, on every server."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from .conftest import Site
from .mail import plain, stored, with_attachment

DATA = random.Random(7).randbytes(300_000)


async def test_the_body_is_text_safe_html_and_a_list_of_attachments(client: httpx.AsyncClient) -> None:
    made = await stored(client, with_attachment(b"data"))
    body = (await client.get(f"/messages/{made}/body")).json()
    assert body["text"]["value"].strip() == "see attachment"
    assert "<b>attachment</b>" in body["html"]["value"]
    assert "script" not in body["html"]["value"]
    (attachment,) = body["attachments"]
    assert attachment["name"] == "Übersicht 1.bin"
    assert attachment["type"] == "application/octet-stream"
    part = await client.get(attachment["href"].partition("/me")[2])
    assert part.content == b"data"
    assert part.headers["x-content-type-options"] == "nosniff"
    assert "filename*=UTF-8''%C3%9Cbersicht%201.bin" in part.headers["content-disposition"]


def forwarded() -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["Subject"] = "Sender <sender@example.org>", "forwarded"
    message.set_content("see below\n")
    message.add_attachment(message_from_bytes(with_attachment(b"data"), policy=SMTP))
    return message.as_bytes()


SHAPES = (plain(1), plain(2, body="ü\n" * 300), with_attachment(b"data"), forwarded())


async def test_the_body_of_a_listed_message_is_its_body(site: Site, user: str) -> None:
    """Who has it listed before, who reads it again and who asks a gateway that never saw it are told the same."""
    async with site.gateway.client(user) as client:
        made = [await stored(client, shape) for shape in SHAPES]
        with replace(site.gateway, settings={**site.gateway.settings, "limits": {"summaries_octets": 0}}) as other:
            async with other.client(user) as forgetful:
                wanted = [(await forgetful.get(f"/messages/{each}/body")).json() for each in made]
        assert {message["id"] for message in (await client.get("/folders/inbox/messages")).json()["messages"]} == set(
            made
        )
        for _ in range(2):
            assert [(await client.get(f"/messages/{each}/body")).json() for each in made] == wanted
        with site.imap(user) as imap:
            imap.select("INBOX")
            imap.store("1:*", "+FLAGS", "(\\Deleted)")
            imap.expunge()
        assert [(await client.get(f"/messages/{each}/body")).status_code for each in made] == [404] * len(made)


async def test_html_alone_is_sandboxed(client: httpx.AsyncClient) -> None:
    made = await stored(client, with_attachment(b"data"))
    page = await client.get(f"/messages/{made}/body", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "script" not in page.text


async def test_long_text_is_cut_between_characters(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1, body="ü€😀" * 1000 + "\n"))
    body = (await client.get(f"/messages/{made}/body", params={"maxBytes": 1000})).json()
    assert body["text"]["isTruncated"] is True
    value = body["text"]["value"]
    assert 900 < len(value.encode()) <= 1000
    assert ("ü€😀" * 1000).startswith(value)


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=100000-199999", 100_000, 200_000), ("bytes=-5", -5, None),
     ("bytes=299990-", 299_990, None), ("bytes=299999-999999999", 299_999, None)],
)  # fmt: skip
async def test_a_range_of_an_encoded_part_is_that_slice_of_the_whole(
    client: httpx.AsyncClient, header: str, start: int, stop: int | None
) -> None:
    made = await stored(client, with_attachment(DATA))
    path = f"/messages/{made}/parts/2"
    whole = await client.get(path)
    assert hashlib.sha256(whole.content).digest() == hashlib.sha256(DATA).digest()
    part = await client.get(path, headers={"Range": header})
    assert part.status_code == 206, part.text
    assert part.content == DATA[start:stop]
    first = start if start >= 0 else len(DATA) + start
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(DATA)}"


async def test_ranges_of_the_raw_message(client: httpx.AsyncClient) -> None:
    message = with_attachment(DATA)
    made = await stored(client, message)
    path = f"/messages/{made}/raw"
    middle = await client.get(path, headers={"Range": "bytes=1000-1999"})
    assert (middle.status_code, middle.content) == (206, message[1000:2000])
    beyond = await client.get(path, headers={"Range": f"bytes={len(message)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(message)}"
    head = await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(message))
    cached = await client.get(path, headers={"If-None-Match": head.headers["etag"]})
    assert cached.status_code == 304


async def test_parts_that_are_not_there(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    assert (await client.get(f"/messages/{made}/parts/7")).status_code == 404
    assert (await client.get(f"/messages/{made}/parts/0")).status_code == 400
    assert (await client.get(f"/messages/{made}/parts/1.)")).status_code in (400, 404)
    assert (await client.get(f"/messages/{made}/parts/1")).text.strip() == "body of 1"
