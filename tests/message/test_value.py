"""Octets of text parts to text."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.flowed import Flow, flow_of
from gateway.message.value import text_value
from tests.effort import least
from tests.message.parts import Leaf, leaf


def part(mime: str, encoding: str, charset: bytes | None = None) -> Leaf:
    kind, _, subtype = mime.partition("/")
    return Leaf(kind, subtype, {"charset": charset} if charset else {}, encoding=encoding)


@pytest.mark.parametrize(
    ("encoded", "of", "text", "problem"),
    [
        (b"a\r\nb\rc\nd\0", part("text/plain", "7bit"), "a\nb\nc\nd", False),
        (b"caf=E9", part("text/plain", "quoted-printable", b"iso-8859-1"), "café", False),
        (base64.b64encode("日本".encode("cp932")), part("text/plain", "base64", b"Shift_JIS"), "日本", False),
        (b"x", part("text/plain", "x-odd"), "x", True),
        (b"caf\xe9", part("text/plain", "8bit", b"utf-8"), "caf\ufffd", True),
        (b'<meta charset="koi8-r">\xf0', part("text/html", "8bit"), '<meta charset="koi8-r">П', False),
        (
            b"<META http-equiv=x content='text/html; charset=KOI8-R'>\xf0",
            part("text/html", "8bit", b"us-ascii"),
            None,
            False,
        ),
        (b"<meta charset=utf-16>\xc3\xa9", part("text/html", "8bit"), "<meta charset=utf-16>é", False),
        (b"<meta charset=koi8-r>\xc3\xa9", part("text/html", "8bit", b"utf-8"), "<meta charset=koi8-r>é", False),
        (b"<meta charset=nonsense>\xc3\xa9", part("text/html", "8bit"), "<meta charset=nonsense>é", False),
    ],
)
def test_says(encoded: bytes, of: Leaf, text: str | None, problem: bool) -> None:
    value = text_value(encoded, of)
    assert value.problem is problem
    assert value.text == text if text is not None else value.text.endswith("П")


def test_the_beginning_of_a_part_is_no_problem() -> None:
    encoded = base64.b64encode("日本語".encode())
    for length in range(len(encoded) + 1):
        text, problem = text_value(encoded[:length], part("text/plain", "base64", b"utf-8"), truncated=True)
        assert "日本語".startswith(text)
        assert not problem


@given(
    st.binary(max_size=120), st.sampled_from(["base64", "quoted-printable", "8bit", "x-uuencode", "odd"]), st.booleans()
)
def test_anything_is_text(encoded: bytes, encoding: str, truncated: bool) -> None:
    for charset in (None, b"utf-8", b"gb2312", b"junk\xff", b"utf-7"):
        text = text_value(encoded, part("text/html", encoding, charset), truncated=truncated).text
        text.encode()
        assert "\r" not in text


def test_a_page_of_meta_elements_is_linear() -> None:
    page = b"<meta " * 20_000 + b"<meta charset " * 20_000
    assert least(lambda: text_value(page, part("text/html", "8bit")), 0.1) < 0.1


@pytest.mark.parametrize(
    ("params", "flow"),
    [
        ({}, Flow(False, False)),
        ({"format": b"flowed"}, Flow(True, False)),
        ({"format": b"Flowed ", "delsp": b"Yes"}, Flow(True, True)),
        ({"format": b"fixed", "delsp": b"yes"}, Flow(False, False)),
    ],
)
def test_flow(params: dict[str, bytes], flow: Flow) -> None:
    assert flow_of(leaf("text/plain", params=params)) == flow
    assert flow_of(leaf("text/html", params=params)) == Flow(False, False)
