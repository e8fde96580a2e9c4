"""File names and headers that parts are handed out with."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.message.disposition import (
    FALLBACK,
    content_disposition,
    content_type,
    may_show_inline,
    safe_file_name,
    served_type,
)
from tests.message.parts import Leaf, leaf


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("C:\\x.txt", "C__x.txt"),
        ("a\r\nX-Evil: 1", "aX-Evil_ 1"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        (".hidden", "hidden"),
        ("trailing. . ", "trailing"),
        ("", "attachment"),
        (None, "attachment"),
        ("...", "attachment"),
        ("\x00\x1f", "attachment"),
        ('a"b<c>d|e?f*g', "a_b_c_d_e_f_g"),
        ("日本語.pdf", "日本語.pdf"),
        ("x" * 500 + ".pdf", "x" * 146 + ".pdf"),
        ("a" + "." + "e" * 100, "a." + "e" * 100),
        ("tab\there.txt", "tabhere.txt"),
    ],
)
def test_safe_file_name(name: str | None, safe: str) -> None:
    assert safe_file_name(name) == safe


def test_a_long_name_of_wide_characters_fits_a_file_system() -> None:
    safe = safe_file_name("語" * 400 + ".pdf")
    assert safe.endswith(".pdf")
    assert len(safe.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (None, "attachment"),
        ("a b.pdf", 'attachment; filename="a b.pdf"'),
        ("café.pdf", "attachment; filename=\"caf_.pdf\"; filename*=UTF-8''caf%C3%A9.pdf"),
        ('a"; x="b', 'attachment; filename="a_; x=_b"'),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
        ("a\r\nX: b", 'attachment; filename="aX_ b"'),
    ],
)
def test_content_disposition(name: str | None, header: str) -> None:
    assert content_disposition("attachment", name) == header


@given(st.text(max_size=300))
@example("''")
def test_any_name_makes_a_header_that_reads_back(name: str) -> None:
    header = content_disposition("inline", name)
    assert re.fullmatch(
        r'inline; filename="[^"\\\r\n\x00-\x1f\x7f]*"(; filename\*=UTF-8\'\'[A-Za-z0-9%._~-]+)?', header
    )
    header.encode("ascii")
    safe = safe_file_name(name)
    assert safe
    assert "/" not in safe
    assert len(safe) <= 160
    _, mark, coded = header.partition("; filename*=UTF-8''")
    if mark:
        assert unquote(coded) == safe
    assert safe_file_name(safe) == safe


@pytest.mark.parametrize(
    ("mime", "served", "inline"),
    [
        ("image/png", "image/png", True),
        ("text/plain", "text/plain", True),
        ("application/pdf", "application/pdf", False),
        ("text/html", FALLBACK, False),
        ("image/svg+xml", FALLBACK, False),
        ("application/xhtml+xml", FALLBACK, False),
        ("application/atom+xml", FALLBACK, False),
        ("text/javascript", FALLBACK, False),
        ("message/rfc822", FALLBACK, False),
        ("multipart/mixed", FALLBACK, False),
        ("weird type/x y", FALLBACK, False),
        ("image/png\r\nX: y", FALLBACK, False),
        ("/", FALLBACK, False),
    ],
)
def test_served_type(mime: str, served: str, inline: bool) -> None:
    part = leaf(mime)
    assert served_type(part) == served
    assert may_show_inline(part) == inline


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_type_is_a_header_value(kind: str, subtype: str) -> None:
    assert re.fullmatch(r"[!-~]+/[!-~]+", content_type(Leaf(kind, subtype)))
