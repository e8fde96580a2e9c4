"""Any range of any part is that slice of the whole, or the whole is sent: however the part is written."""

from __future__ import annotations

import base64
import binascii
import quopri
from random import Random

import httpx
import pytest

from .conftest import Site
from .mail import stored

RANDOM = Random(3)
LARGE = RANDOM.randbytes(200_000)
SMALL = RANDOM.randbytes(5_000)


def lines(data: bytes, length: int = 76) -> bytes:
    step = length // 4 * 3
    return b"\r\n".join(binascii.b2a_base64(data[at : at + step], newline=False) for at in range(0, len(data), step))


def message(body: bytes, encoding: str) -> bytes:
    head = (
        "From: Sender <sender@example.org>\r\nSubject: ranges\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=edge\r\n\r\n"
        "--edge\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n"
        "--edge\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n--edge--\r\n"


def spoilt(data: bytes, junk: bytes, take: int = 0) -> bytes:
    body = lines(data)
    middle = len(body) // 2 // 78 * 78
    return body[:middle] + junk + body[middle + take :]


REGULAR = {
    "76": lines(LARGE),
    "60": lines(LARGE, 60),
    "64": lines(LARGE, 64),
    "72": lines(LARGE, 72),
    "with empty lines after": lines(LARGE) + b"\r\n\r\n",
    "one octet of padding": lines(LARGE[:-1]),
    "two octets of padding": lines(LARGE[:-2]),
    "ends with a whole line": lines(LARGE[: 57 * 3000]),
}
IRREGULAR = {
    "junk line": spoilt(LARGE, b"!junk!\r\n"),
    "empty line": spoilt(LARGE, b"\r\n"),
    "indented line": spoilt(LARGE, b"  "),
    "short line": spoilt(LARGE, b"QUJD\r\n"),
    "two runs": lines(LARGE[:100_000]) + b"\r\n" + lines(LARGE[100_000:]),
    "without its padding": lines(LARGE[:-1]).rstrip(b"="),
    "footer": lines(LARGE) + b"\r\n-- \r\nfooter of the list\r\n",
}
LITTLE = {
    "small": lines(SMALL),
    "small with junk in place of digits": spoilt(SMALL, b"!" * 8, take=8),
    "small with a junk line": spoilt(SMALL, b"* * *\r\n"),
    "small in one line": base64.b64encode(SMALL[:600]),
    "empty": b"",
}


async def check(client: httpx.AsyncClient, raw: bytes, *, exact: bool) -> None:
    """Compare ranges with the slices of the whole; ``exact``: none of them may be answered with the whole."""
    made = await stored(client, raw)
    path = f"/messages/{made}/parts/2"
    data = (await client.get(path)).content
    random = Random(len(data))
    spans = [(0, 1), (0, 2), (1, 3), (len(data) - 1, len(data)), (len(data) // 2, len(data) // 2 + 4000)]
    spans += [(at, at + random.randrange(1, 9000)) for at in (random.randrange(max(1, len(data))) for _ in range(5))]
    for start, stop in spans:
        answer = await client.get(path, headers={"Range": f"bytes={start}-{stop - 1}"} if start >= 0 else {})
        if answer.status_code == 200:
            assert answer.content == data
            assert not exact or not data
        elif answer.status_code == 206:
            assert answer.content == data[start:stop]
            end = min(stop, len(data)) - 1
            assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(data)}"
        else:
            assert (answer.status_code, start >= len(data)) == (416, True), answer.text


@pytest.mark.parametrize("name", REGULAR)
async def test_of_base64_in_regular_lines(client: httpx.AsyncClient, name: str) -> None:
    await check(client, message(REGULAR[name], "base64"), exact=True)


async def test_a_range_draws_little_from_the_mail_server(quiet: Site, user: str) -> None:
    async with quiet.gateway.client(user) as client:
        made = await stored(client, message(lines(LARGE * 5), "base64"))
        path = f"/messages/{made}/parts/2"
        await client.get(path, headers={"Range": "bytes=0-0"})
        before = quiet.gateway.metric("imapgw_imap_bytes_total")
        answer = await client.get(path, headers={"Range": "bytes=700000-700999"})
    assert (answer.status_code, answer.content) == (206, (LARGE * 5)[700_000:701_000])
    assert quiet.gateway.metric("imapgw_imap_bytes_total") - before < 12_000


@pytest.mark.parametrize("name", IRREGULAR)
async def test_of_base64_in_irregular_lines(client: httpx.AsyncClient, name: str) -> None:
    await check(client, message(IRREGULAR[name], "base64"), exact=False)


@pytest.mark.parametrize("name", LITTLE)
async def test_of_a_small_part(client: httpx.AsyncClient, name: str) -> None:
    await check(client, message(LITTLE[name], "base64"), exact=True)


@pytest.mark.parametrize("encoding", ["quoted-printable", "8bit", "x-strange"])
async def test_of_other_encodings(client: httpx.AsyncClient, encoding: str) -> None:
    text = "grüße an alle\n".encode() * 300
    body = quopri.encodestring(text) if encoding == "quoted-printable" else text
    await check(client, message(body.replace(b"\n", b"\r\n"), encoding), exact=True)
    await check(client, message(body.replace(b"\n", b"\r\n") * 40, encoding), exact=True)


async def test_of_a_large_part_in_an_encoding_without_places(client: httpx.AsyncClient) -> None:
    await check(
        client, message(quopri.encodestring(LARGE * 3).replace(b"\n", b"\r\n"), "quoted-printable"), exact=False
    )


@pytest.mark.parametrize("flaw", [b"=ZZ", b"=\r", b"=4", b"trailing  \t\r\n", b"=c3=bc", b"\xfc", b"=" * 50])
async def test_of_quoted_printable_with_a_flaw(client: httpx.AsyncClient, flaw: bytes) -> None:
    text = quopri.encodestring("grüße an alle\n".encode() * 300).replace(b"\n", b"\r\n")
    await check(client, message(text[:3000] + flaw + text[3000:], "quoted-printable"), exact=True)
    await check(client, message(text[:3000] + flaw + text * 30, "quoted-printable"), exact=True)
