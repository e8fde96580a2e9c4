"""A tenth of a megabyte of anything, for every reader of headers and text: linear, and done in a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from gateway.message.address import addresses, parse_addresses
from gateway.message.charset import codec_of, decode
from gateway.message.date import parse_date
from gateway.message.disposition import content_disposition
from gateway.message.flowed import unflow
from gateway.message.header import split_fields
from gateway.message.ids import content_id, message_ids
from gateway.message.parameter import parameter
from gateway.message.preview import preview
from gateway.message.style import filter_style
from gateway.message.text import html_to_text
from gateway.message.transfer import decode_all
from gateway.message.words import decode_words
from tests.effort import least, linear
from tests.message.parts import Mailbox

SIZE = 100_000
UNITS = [
    b"(",
    b")",
    b"(\\",
    b'"',
    b'\\"',
    b"<",
    b"<,",
    b",",
    b";",
    b":",
    b"@",
    b"a@b,",
    b"a@b ",
    b"<a@b>",
    b"a<",
    b"(a)",
    b"=",
    b"=?",
    b"?=",
    b"=?a?q?",
    b"=?utf-8?Q?",
    b"=?utf-8?B?",
    b"=?utf-8?Q?a?= ",
    b"=?utf-8?B?YQ==?= ",
    b"=?a?Q?a?==?b?Q?b?=",
    b"=?utf-8?Q?=41?=41",
    b"=?utf-8?B?YWI?= ",
    b"\r\n ",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"a",
    b"a:\n",
    b"a:",
    b"x\n",
    b"\x00",
    b"\xff",
    b"\xc3\xa9",
    b"\xcc\x80\xcc\x96",
    b"\x1b$B",
    b"1",
    b"1 ",
    b"Jan ",
    b"-",
    b"--\n",
    b"> ",
    b">\n",
    b"> a\n",
    b"on :\n",
    b"%",
    b"%41",
    b"''",
    b"'",
    b"&",
    b"&#1",
    b"&#",
    b"<p>",
    b"<a ",
    b"<!--",
    b"<pre>\n",
    b"<blockquote>",
    b"begin ",
    b"= ",
    b"=\r",
    b"=\r\n",
    b"=4",
    b"url(",
    b"a:b;",
    b"/*",
    b"rgb(",
    b"+",
    b"~{",
    b"+2AA-",
    b".",
    b"_",
    b"<<",
    b"> <",
]
READERS: dict[str, Callable[[bytes], object]] = {
    "words": decode_words,
    "words uncapped": lambda raw: decode_words(raw, cap=SIZE),
    "addresses": parse_addresses,
    "envelope name": lambda raw: addresses([Mailbox(raw, raw, raw)]),
    "date": parse_date,
    "ids": message_ids,
    "content id": content_id,
    "fields": split_fields,
    "parameter": lambda raw: parameter({"filename": raw}, "filename"),
    "extended": lambda raw: parameter({"filename*": raw}, "filename"),
    "disposition": lambda raw: content_disposition("attachment", raw.decode("latin-1")),
    "codec": lambda raw: codec_of(raw.decode("latin-1")),
    "text": lambda raw: html_to_text(raw.decode("latin-1")),
    "flowed": lambda raw: unflow(raw.decode("latin-1")),
    "preview": lambda raw: preview(raw.decode("latin-1")),
    "preview html": lambda raw: preview(raw.decode("latin-1"), html=True),
    "style": lambda raw: filter_style(raw.decode("latin-1")),
    **{name: partial(decode_all, encoding=name) for name in ("base64", "quoted-printable", "uuencode")},
    **{
        name: partial(decode, label=name)
        for name in ("utf-8", "utf-7", "iso-2022-jp", "hz", "gb2312", "big5", "utf-16", "iso-2022-kr", "euc-jp")
    },
}


@pytest.mark.parametrize("name", READERS)
def test_every_reader_is_linear(name: str) -> None:
    reader = READERS[name]
    for unit in UNITS:
        assert linear(reader, unit, SIZE), unit


def test_a_megabyte_of_header_block() -> None:
    for unit in (b"a:\n", b"a:\n b\n", b"\xff\n", b"a:" + b"x" * 900 + b"\n", b"a\n", b"a: b\r\n c\r\n"):
        assert linear(split_fields, unit, 1_048_576), unit


def test_the_headers_of_a_summary_cost_little() -> None:
    sender = Mailbox(b"A Sender", b"sender", b"example.org")

    def summaries() -> None:
        for _ in range(1000):
            decode_words(b"Minutes of the meeting on Friday")
            addresses([sender])
            addresses([sender])
            parse_date(b"Fri, 20 Nov 2026 09:13:58 +0100")
            message_ids(b"<20261120.091358@example.org>")

    assert least(summaries, 0.1) < 0.1  # 100 microseconds each; about 15 on a usual machine
