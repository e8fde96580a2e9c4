"""Header fields in the forms of RFC 8621 section 4.1.2."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.form import Form, HeaderProperty, PlainForm, header_property, read_as
from tests.effort import linear

PLAIN: tuple[PlainForm, ...] = (Form.RAW, Form.TEXT, Form.MESSAGE_IDS, Form.DATE, Form.URLS)


@pytest.mark.parametrize(
    ("asked", "field", "form", "every"),
    [
        ("header:Subject", b"subject", Form.RAW, False),
        ("header:SUBJECT:asText", b"subject", Form.TEXT, False),
        ("header:X-Odd.Name!:all", b"x-odd.name!", Form.RAW, True),
        ("header:Resent-To:asAddresses:all", b"resent-to", Form.ADDRESSES, True),
        ("header:From:asRaw", b"from", Form.RAW, False),
        ("header:List-Id:asText", b"list-id", Form.TEXT, False),
        ("header:Received:all", b"received", Form.RAW, True),
        ("header:X:asURLs", b"x", Form.URLS, False),
        ("header:all", b"all", Form.RAW, False),
        ("header:asText", b"astext", Form.RAW, False),
    ],
)
def test_properties(asked: str, field: bytes, form: Form, every: bool) -> None:
    assert header_property(asked) == HeaderProperty(asked, field, form, every)


@pytest.mark.parametrize(
    "asked",
    [
        *("header:", "header", "header::asText", "header:a b", "header:X:", "header:X:text", "header:X:astext"),
        *("header:X:asFoo", "header:X:all:asText", "header:X:asText:all:all", "header:X:asText:asDate", "Header:X"),
        *("header:\u00fc", "header:X\n", "header:" + "x" * 101, "header:X:as" + "y" * 30),
        *("header:From:asText", "header:Subject:asAddresses", "header:Date:asMessageIds", "header:To:asURLs"),
        *("header:References:asText", "header:List-Post:asText", "header:Received:asDate", "header:Return-Path:asText"),
        *("header:Subject:asDate", "header:Message-ID:asText:all", "header:List-Unsubscribe:asAddresses"),
    ],
)
def test_what_is_no_property_is_told_in_words(asked: str) -> None:
    assert isinstance(header_property(asked), str)


@pytest.mark.parametrize("form", list(Form))
def test_a_field_that_no_standard_here_defines_has_every_form(form: Form) -> None:
    assert isinstance(header_property(f"header:X-Any:as{form.value}"), HeaderProperty)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b" plain", " plain"),
        (b" folded\r\n line", " folded\r\n line"),
        (b" nul\0 ", " nul "),
        (b" l\xe4tin", " l\ufffdtin"),
        (" ütf".encode(), " ütf"),
        (b" =?utf-8?Q?a?=", " =?utf-8?Q?a?="),
        (b"", ""),
    ],
)
def test_raw(raw: bytes, text: str) -> None:
    assert read_as(raw, Form.RAW) == text


@pytest.mark.parametrize(
    ("raw", "form", "value"),
    [
        (b" =?utf-8?Q?caf=C3=A9?=\r\n =?utf-8?Q?_noir?=", Form.TEXT, "café noir"),
        (b" <a@b> <c@d>\r\n\t<e@f>", Form.MESSAGE_IDS, ["a@b", "c@d", "e@f"]),
        (b" none here", Form.MESSAGE_IDS, None),
        (b" Fri, 20 Nov 2026 09:13:58 +0100", Form.DATE, "2026-11-20T09:13:58+01:00"),
        (b" 20 Nov 2026 09:13:58", Form.DATE, "2026-11-20T09:13:58Z"),
        (b" 20 Nov 2026\r\n 09:13:58 -0000", Form.DATE, "2026-11-20T09:13:58Z"),
        (b" (a comment) Fri,20 Nov 26 9:13 PST", Form.DATE, "2026-11-20T09:13:00-08:00"),
        (b" next week", Form.DATE, None),
        (b" <https://example.org/u>", Form.URLS, ["https://example.org/u"]),
        (b" NO", Form.URLS, None),
    ],
)
def test_forms(raw: bytes, form: PlainForm, value: object) -> None:
    assert read_as(raw, form) == value


@given(st.binary(max_size=200), st.sampled_from(PLAIN))
def test_anything_is_read(raw: bytes, form: PlainForm) -> None:
    value = read_as(raw, form)
    assert json.loads(json.dumps(value).encode()) == value
    json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize("form", PLAIN)
@pytest.mark.parametrize("unit", [b"<", b"<a@b>", b"(", b"=?utf-8?Q?", b"=?utf-8?B?AA?= ", b"\\", b'"', b"a:", b", "])
def test_time_is_linear(unit: bytes, form: PlainForm) -> None:
    assert linear(lambda raw: read_as(raw, form), unit, 65_536)
