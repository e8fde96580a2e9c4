"""What is inside of a message, on every server: attached messages, all attachments together, quotes, made-up forms."""

from __future__ import annotations

import base64
import io
import quopri
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from random import Random

import httpx
import pytest

from .conftest import Site
from .mail import plain, stored, with_attachment

BIG = Random(11).randbytes(400_000)


def attached(inner: bytes, subject: str) -> bytes:
    """A message with ``inner`` attached."""
    head = (
        f"From: Forwarder <forwarder@example.org>\r\nTo: reader@example.org\r\nSubject: {subject}\r\n"
        "References: <first@example.org> <second@example.org>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/mixed; boundary={subject}\r\n\r\n"
        f"--{subject}\r\nContent-Type: text/plain\r\n\r\ntext of {subject}\r\n"
        f"--{subject}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
    )
    return head.encode() + inner + f"\r\n--{subject}--\r\n".encode()


async def test_attached_messages_open_one_in_another(client: httpx.AsyncClient) -> None:
    made = await stored(client, attached(attached(with_attachment(b"data"), "middle"), "outer"))
    middle = (await client.get(f"/messages/{made}/parts/2/message")).json()
    assert (middle["subject"], middle["partId"]) == ("middle", "2")
    assert middle["from"] == [{"name": "Forwarder", "email": "forwarder@example.org"}]
    assert middle["references"] == ["first@example.org", "second@example.org"]
    assert [part["partId"] for part in middle["bodyStructure"]["subParts"]] == ["2.1", "2.2"]
    body = (await client.get(f"/messages/{made}/parts/2/body")).json()
    assert body["text"]["value"].strip() == "text of middle"
    assert [(part["partId"], part["type"]) for part in body["attachments"]] == [("2.2", "message/rfc822")]
    inner = (await client.get(f"/messages/{made}/parts/2.2/message")).json()
    assert (inner["subject"], inner["hasAttachment"]) == ("with attachment", True)
    deepest = (await client.get(f"/messages/{made}/parts/2.2/body")).json()
    assert (deepest["id"], deepest["partId"]) == (made, "2.2")
    assert deepest["text"]["value"].strip() == "see attachment"
    assert "<b>attachment</b>" in deepest["html"]["value"]
    assert "script" not in deepest["html"]["value"]
    (part,) = deepest["attachments"]
    assert (await client.get(part["href"].partition("/me")[2])).content == b"data"
    page = await client.get(f"/messages/{made}/parts/2.2/body", headers={"Accept": "text/html"})
    assert "sandbox" in page.headers["content-security-policy"]


async def test_an_attached_message_of_one_part(client: httpx.AsyncClient) -> None:
    made = await stored(client, attached(plain(5), "outer"))
    body = (await client.get(f"/messages/{made}/parts/2/body")).json()
    assert body["text"]["value"].strip() == "body of 5"
    assert [part["partId"] for part in body["textBody"]] == ["2.1"]
    assert (await client.get(f"/messages/{made}/parts/2.1")).text.strip() == "body of 5"
    assert (await client.get(f"/messages/{made}/parts/2")).content.strip() == plain(5).strip()


async def test_what_is_no_message_does_not_open(client: httpx.AsyncClient) -> None:
    made = await stored(client, with_attachment(b"data"))
    for tail in ("message", "body"):
        for part in ("2", "7", "1.1"):
            answer = await client.get(f"/messages/{made}/parts/{part}/{tail}")
            assert (answer.status_code, answer.json()["field"]) == (404, "part")
        assert (await client.get(f"/messages/{made}/parts/0/{tail}")).status_code in (400, 404)


async def test_messages_nested_deeply(client: httpx.AsyncClient) -> None:
    inner = plain(1)
    for number in range(20):
        inner = attached(inner, f"level{number}")
    made = await stored(client, inner)
    part, depth = "2", 0
    while depth < 19:
        opened = await client.get(f"/messages/{made}/parts/{part}/message")
        assert opened.status_code in (200, 404), opened.text
        if opened.status_code == 404:  # deeper than the server looks
            break
        depth += 1
        part += ".2"
    assert depth >= 5


async def test_all_attachments_in_one_archive(client: httpx.AsyncClient) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "many"
    message.set_content("see attachments\n")
    files = [("a.bin", BIG), ("A.BIN", b"two"), ("../../etc/passwd", b"three"), ("Übersicht.txt", b""), ("a.bin", b"x")]
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    inner = EmailMessage(policy=SMTP)
    inner["Subject"] = "Notes: a/b"
    inner.set_content("inner\n")
    message.add_attachment(inner)
    made = await stored(client, message.as_bytes())
    answer = await client.get(f"/messages/{made}/attachments.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    assert answer.headers["accept-ranges"] == "none"
    assert 'filename="attachments.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len({name.casefold() for name in names}) == len(names) == 6
        assert not any(name.startswith((".", "/")) or "/" in name for name in names)
        assert [archive.read(name) for name in names[:5]] == [data for _, data in files]
        assert names[0] == "a.bin"
        assert names[3] == "Übersicht.txt"
        assert names[5] == "Notes_ a_b.eml"
        assert b"inner" in archive.read(names[5])
    head = await client.head(f"/messages/{made}/attachments.zip")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    known = {"If-None-Match": answer.headers["etag"], "Range": "bytes=0-9"}
    assert (await client.get(f"/messages/{made}/attachments.zip", headers=known)).status_code == 304


async def test_no_archive_of_nothing(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    assert (await client.get(f"/messages/{made}/attachments.zip")).status_code == 404


async def test_quotes_and_signature_are_marked(client: httpx.AsyncClient) -> None:
    text = "Agreed 😀.\n\n-- \nA. Writer\n\nOn Fri, 20 Nov 2026 at 09:13, B <b@example.org> wrote:\n> Shall we?\n"
    made = await stored(client, plain(1, body=text))
    body = (await client.get(f"/messages/{made}/body")).json()
    value, marked = body["text"]["value"], body["text"]["segments"]
    pieces = {each["kind"]: value[each["start"] : each["start"] + each["length"]].strip() for each in marked}
    assert pieces["text"] == "Agreed 😀."
    assert pieces["signature"].endswith("A. Writer")
    assert pieces["quote"].endswith("> Shall we?")
    assert sum(each["length"] for each in marked) == len(value)


async def test_html_is_made_of_text(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1, body="see <https://example.org/?a=1&b=2>\n> quoted <script>x</script>\n"))
    body = (await client.get(f"/messages/{made}/body")).json()
    assert (body["text"]["derived"], body["html"]["derived"]) == (False, True)
    assert '<a href="https://example.org/?a=1&amp;b=2"' in body["html"]["value"]
    assert "<blockquote>" in body["html"]["value"]
    assert "<script" not in body["html"]["value"]
    assert "segments" not in body["html"]


async def test_text_is_made_of_html(client: httpx.AsyncClient) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "html"
    message.set_content("<p>Agreed.</p><blockquote><p>Shall <b>we</b>?</p></blockquote>", subtype="html")
    made = await stored(client, message.as_bytes())
    body = (await client.get(f"/messages/{made}/body")).json()
    assert (body["text"]["derived"], body["html"]["derived"]) == (True, False)
    assert body["text"]["value"] == "Agreed.\n\n> Shall we?"
    assert [each["kind"] for each in body["text"]["segments"]] == ["text", "quote"]


@pytest.mark.parametrize(("mime", "name"), [("ms-tnef", "x.dat"), ("octet-stream", "winmail.dat")])
async def test_winmail_is_offered_as_it_is(client: httpx.AsyncClient, site: Site, mime: str, name: str) -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("text\n")
    message.add_attachment(b"\x78\x9f\x3e\x22", maintype="application", subtype=mime, filename=name)
    made = await stored(client, message.as_bytes())
    body = (await client.get(f"/messages/{made}/body")).json()
    assert body["problems"] == ["tnef"]
    assert (await client.get(f"/messages/{made}/parts/2")).content == b"\x78\x9f\x3e\x22"


async def test_a_client_that_leaves_an_archive(client: httpx.AsyncClient, site: Site) -> None:
    made = await stored(client, with_attachment(BIG * 4))
    for _ in range(3):
        async with client.stream("GET", f"/messages/{made}/attachments.zip") as answer:
            async for _piece in answer.aiter_raw():
                break
    whole = await client.get(f"/messages/{made}/attachments.zip")
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert archive.read(archive.namelist()[0]) == BIG * 4
    log = site.gateway.log.read_text()
    assert "Exception ignored" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
async def test_an_attached_message_that_is_encoded(client: httpx.AsyncClient, encoding: str) -> None:
    inner = base64.encodebytes(plain(1)) if encoding == "base64" else quopri.encodestring(plain(1))
    raw = attached(inner.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), "outer")
    raw = raw.replace(b"message/rfc822\r\n", f"message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n".encode())
    made = await stored(client, raw)
    for tail in ("message", "body"):  # servers look into it as it is written, or not at all
        assert (await client.get(f"/messages/{made}/parts/2/{tail}")).status_code in (200, 404)
    assert (await client.get(f"/messages/{made}/parts/2")).status_code == 200
