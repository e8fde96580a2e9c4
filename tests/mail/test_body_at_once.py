"""The body of a message that was listed before is asked for at once, and is that message's or none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.errors import NotFound
from gateway.mail.body import get_body
from gateway.mail.desk import Desk
from gateway.mail.listing import listing
from gateway.mail.query import PageQuery
from gateway.mail.resource import Body
from gateway.sync.ids import message_id
from tests.imap.scripted import Scripted, Step, scripted, selected, signed_in

from .desks import a_desk, account, asked

ENVELOPE = b'ENVELOPE ("Fri, 20 Nov 2026 09:13:58 +0100" "s" NIL NIL NIL NIL NIL NIL NIL NIL)'
TEXT = b'BODYSTRUCTURE ("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 6 1 NIL NIL NIL NIL)'
HTML = b'BODYSTRUCTURE ("text" "html" ("charset" "utf-8") NIL NIL "7bit" 12 1 NIL NIL NIL NIL)'
FILE = b'BODYSTRUCTURE ("image" "png" NIL NIL NIL "base64" 12 NIL ("attachment" NIL) NIL NIL)'
AT_ONCE = r"UID FETCH 9 \(UID RFC822.SIZE BODY.PEEK\[1\]<0.\d+>\)"
AFTERWARDS = r"UID FETCH 9 \(UID BODY.PEEK\[1\]<0.\d+>\)"
STRUCTURE = r"UID FETCH 9 \(UID RFC822.SIZE INTERNALDATE BODYSTRUCTURE\)"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk(100_000) as made:
        yield made


def told(items: bytes) -> bytes:
    return b"* 1 FETCH (UID 9 " + items + b")\r\n"


def listed(structure: bytes, size: int = 50) -> list[Step]:
    date = b'INTERNALDATE "20-Nov-2026 09:13:58 +0100"'
    one = told(b"FLAGS () RFC822.SIZE %d %b %b %b" % (size, date, ENVELOPE, structure))
    return [
        *signed_in(),
        *selected(exists=1),
        *asked("NOOP", b""),
        *asked("UID SEARCH 1", b"* SEARCH 9\r\n"),
        *asked("UID FETCH 1:9 .+", one),
    ]


async def body(desk: Desk, server: Scripted) -> Body:
    who = account(server)
    await listing(desk, who, "inbox", PageQuery())
    return await get_body(
        desk, who, message_id(b"INBOX", 7, 9), max_bytes=1000, remote="block", part_href=lambda part: part
    )


async def test_one_command_after_the_news(desk: Desk) -> None:
    octets = told(b"RFC822.SIZE 50 BODY[1]<0> {6}\r\nhello\n")
    async with scripted(*listed(TEXT), *asked("NOOP", b""), *asked(AT_ONCE, octets), *asked("LOGOUT", b"")) as server:
        found = await body(desk, server)
        await desk.pool.close(1)
    assert found.text is not None
    assert found.text.value == "hello\n"


async def test_of_a_message_without_text_its_size_alone_is_asked_for(desk: Desk) -> None:
    sizes = asked(r"UID FETCH 9 \(UID RFC822.SIZE\)", told(b"RFC822.SIZE 50"))
    async with scripted(*listed(FILE), *asked("NOOP", b""), *sizes, *asked("LOGOUT", b"")) as server:
        found = await body(desk, server)
        await desk.pool.close(1)
    assert found.text is None
    assert [each.part_id for each in found.attachments] == ["1"]


async def test_another_size_is_another_message(desk: Desk) -> None:
    """A server that gives out a UIDVALIDITY again has another message under the UID: its own tree is asked for."""
    script = [
        *asked("NOOP", b""),
        *asked(AT_ONCE, told(b"RFC822.SIZE 60 BODY[1]<0> {12}\r\n<b>hello</b>")),
        *asked(STRUCTURE, told(b'RFC822.SIZE 60 INTERNALDATE "20-Nov-2026 09:13:58 +0100" ' + HTML)),
        *asked(AFTERWARDS, told(b"BODY[1]<0> {12}\r\n<b>hello</b>")),
    ]
    async with scripted(*listed(TEXT), *script, *asked("LOGOUT", b"")) as server:
        found = await body(desk, server)
        await desk.pool.close(1)
    assert found.html is not None
    assert found.html.value == "<b>hello</b>"


async def test_a_message_that_is_gone_is_not_there(desk: Desk) -> None:
    script = [*listed(TEXT), *asked("NOOP", b"* 1 EXPUNGE\r\n"), *asked(AT_ONCE, b""), *asked("LOGOUT", b"")]
    async with scripted(*script) as server:
        with pytest.raises(NotFound):
            await body(desk, server)
        await desk.pool.close(1)
