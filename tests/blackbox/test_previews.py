"""Previews on request, on servers that have none of their own: right, and cheap."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from random import Random

import httpx

from .conftest import Site
from .mail import plain, stored

PAGE = "/folders/inbox/messages"


def letter(text: str | None, html: str | None = None, *, attachment: bytes = b"", charset: str = "utf-8") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "sender@example.org"
    message["Subject"] = "letter"
    if text is not None:
        message.set_content(text, charset=charset)
    if html is not None and text is not None:
        message.add_alternative(html, subtype="html")
    elif html is not None:
        message.set_content(html, subtype="html")
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="a.bin")
    return message.as_bytes()


async def previews(client: httpx.AsyncClient, **params: str | int) -> dict[str, object]:
    answer = await client.get(PAGE, params={"preview": "true", **params})
    assert answer.status_code == 200, answer.text
    return {message["id"]: message.get("preview", "(absent)") for message in answer.json()["messages"]}


LETTERS = {
    "Hello there, shall we?": letter("Hello there,\n\n> a quote\n\nshall we?\n\n-- \nA. Writer\n"),
    "Grüße aus Köln": letter("Grüße aus Köln\n", charset="iso-8859-1"),
    "こんにちは、世界": letter("こんにちは、世界\n", "<p>other</p>", attachment=b"x" * 5000),
    "Bold & plain": letter(None, "<style>p{color:red}</style><p><b>Bold</b> &amp; plain</p>"),
}


async def test_previews_are_made_where_the_server_has_none(client: httpx.AsyncClient, site: Site) -> None:
    made = {await stored(client, raw): text for text, raw in LETTERS.items()}
    empty = await stored(client, letter("\n"))
    for _ in range(2):  # seen for the first time, and remembered
        found = await previews(client)
        assert found.pop(empty) == ""
        if site.name == "plain":
            assert found == made
        else:  # the server's own, where it has any: its idea of what to show
            assert all(isinstance(text, str) and text for text in found.values())
        found = await previews(client)
    bare = (await client.get(PAGE)).json()["messages"]
    assert site.name != "plain" or not any("preview" in message for message in bare)


async def test_tags_tell_with_previews_from_without(client: httpx.AsyncClient) -> None:
    await stored(client, plain(1))
    tags = [(await client.get(PAGE, params=params)).headers["etag"] for params in ({}, {"preview": "true"})]
    assert tags[0] != tags[1]
    same = await client.get(PAGE, params={"preview": "true"}, headers={"If-None-Match": tags[1]})
    assert same.status_code == 304
    other = await client.get(PAGE, params={"preview": "true"}, headers={"If-None-Match": tags[0]})
    assert other.status_code == 200


async def test_a_preview_by_name_is_made_too(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    page = (await client.get(PAGE, params={"fields": "preview"})).json()
    assert page["messages"] == [{"id": made, "preview": "body of 1"}]


async def test_previews_are_for_who_may_read(site: Site, user: str) -> None:
    headers = site.gateway.headers(user, scope="mail.metadata")
    async with httpx.AsyncClient(base_url=f"{site.gateway.url}/v1/accounts/me", headers=headers) as client:
        answer = await client.get(PAGE, params={"preview": "true"})
    assert answer.status_code == 403


async def test_a_page_with_previews_draws_little(quiet: Site, user: str) -> None:
    data = Random(5).randbytes(200_000)
    raw = [
        letter("text " * 2000, "<p>html</p>" * 2000, attachment=data),
        letter(None, "<p>html</p>" * 3000, attachment=data),
        letter("ü" * 3000, attachment=data),
    ]
    async with quiet.gateway.client(user) as client:
        for number in range(50):
            await stored(client, raw[number % 3] if number < 12 else letter("x" * 20_000, "<p>y</p>" * 2500))
        await client.get(PAGE, params={"limit": 1})
        before = quiet.gateway.metric("imapgw_imap_bytes_total")
        commands = quiet.gateway.metric("imapgw_imap_commands_total")
        found = await previews(client, limit=50)
        assert len(found) == 50
    assert all(found.values())
    assert quiet.gateway.metric("imapgw_imap_bytes_total") - before < 150_000
    assert quiet.gateway.metric("imapgw_imap_commands_total") - commands < 15


async def test_hostile_beginnings(client: httpx.AsyncClient, site: Site) -> None:
    bodies = [b"\0" * 3000, b"<" * 3000, b"=" * 3000, b"\xff" * 3000, b"> " * 3000, b"a" * 100_000, b"(" * 3000]
    for number, body in enumerate(bodies):
        for kind in ("text/plain", "text/html; charset=nonsense"):
            for encoding in ("8bit", "base64", "quoted-printable"):
                head = f"Subject: {number}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
                raw = head.encode() + body.replace(b"\0", b"\x01") + b"\r\n"
                answer = await client.post(PAGE, content=raw, headers={"Content-Type": "message/rfc822"})
                assert answer.status_code in (201, 422)
    found = await previews(client, limit=100)
    assert all(text is None or (isinstance(text, str) and len(text) <= 300) for text in found.values())


async def test_one_message_has_the_same_preview(client: httpx.AsyncClient, site: Site) -> None:
    made = {await stored(client, raw): text for text, raw in LETTERS.items()}
    for one, text in made.items():
        shown = await client.get(f"/messages/{one}", params={"preview": "true"})
        chosen = await client.get(f"/messages/{one}", params={"fields": "preview,subject"})
        assert shown.json()["preview"] == chosen.json()["preview"]
        if site.name == "plain":
            assert shown.json()["preview"] == text
            assert "preview" not in (await client.get(f"/messages/{one}")).json()
    assert len((await client.get(PAGE, params={"unseen": "true"})).json()["messages"]) == len(made)


async def test_a_preview_of_one_message_needs_mail_read(site: Site, user: str, client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    url = f"{site.gateway.url}/v1/accounts/me/messages/{made}"
    async with httpx.AsyncClient(trust_env=False) as other:
        answer = await other.get(
            url, params={"preview": "true"}, headers=site.gateway.headers(user, scope="mail.metadata")
        )
    assert answer.status_code == 403
