"""Charsets by the names that mail gives them."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message import charset
from gateway.message.charset import codec_of, decode


@pytest.mark.parametrize(
    ("data", "label", "text", "problem"),
    [
        (b"abc", None, "abc", False),
        (b"abc", "us-ascii", "abc", False),
        ("é".encode(), "us-ascii", "é", False),
        (b"\xe9", "us-ascii", "é", True),
        ("é".encode(), None, "é", False),
        (b"\xe9", None, "é", True),
        (b"abc", "x-unknown", "abc", True),
        (b"\x93x\x94", "iso-8859-1", "“x”", False),
        ("é".encode(), "ISO-8859-1", "Ã©", False),
        (b"\xa4", "iso-8859-15", "€", False),
        ("中€".encode("gb18030"), "gb2312", "中€", False),
        ("똠".encode("cp949"), "ks_c_5601-1987", "똠", False),
        ("①".encode("cp932"), "shift_jis", "①", False),
        ("é".encode("cp850"), "cp-850", "é", False),
        ("é".encode(), "utf8", "é", False),
        ("é".encode(), " UTF-8 ", "é", False),
        ("é".encode(), '"utf-8"', "é", False),
        (b"\xff", "utf-8", "\ufffd", True),
        (b"\xef\xbb\xbfhi", "utf-8", "hi", False),
        ("hé".encode("utf-16"), "utf-16", "hé", False),
        ("hé".encode("utf-16-le"), "utf-16", "hé", False),
        ("hé".encode("utf-16-be"), "utf-16", "hé", False),
        (b"plain", "utf-16", "plain", True),
        (b"\x00\xd8", "utf-16-le", "\ufffd", True),
        (b"+2AA-", "unicode-1-1-utf-7", "\ufffd", True),
        (b"x+AOk-", "utf-7", "xé", False),
        ("日".encode("iso-2022-jp"), "ISO-2022-JP", "日", False),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет", False),
        ("ไทย".encode("cp874"), "tis-620", "ไทย", False),
        (b"", "utf-16", "", True),
    ],
)
def test_says(data: bytes, label: str | None, text: str, problem: bool) -> None:
    if not data:
        problem = decode(data, label).problem
    assert decode(data, label) == (text, problem)


@pytest.mark.parametrize(
    "label",
    [
        "zlib",
        "bz2",
        "base64",
        "hex",
        "rot13",
        "rot_13",
        "uu",
        "quopri",
        "punycode",
        "idna",
        "unicode_escape",
        "undefined",
        "raw_unicode_escape",
        "mbcs",
        "oem",
        "string-escape",
        "utf-8\0",
        "x" * 10_000,
        "../../etc",
        "%s",
    ],
)
def test_no_other_codec_is_reachable(label: str) -> None:
    codec = codec_of(label)
    assert codec in (None, "utf-8")
    assert decode(b"x", label).text == "x"


def test_every_alias_names_a_text_codec() -> None:
    for codec in set(charset._CODECS.values()) | set(charset._WIDER.values()):
        assert isinstance("".encode(codec), bytes)
        assert codecs.lookup(codec).name


@pytest.mark.parametrize("label", ["utf-8", "gb2312", "shift_jis", "utf-16-le", None])
def test_a_cut_character_is_no_problem_when_the_text_was_cut(label: str | None) -> None:
    whole = "日本".encode(codec_of(label) or "utf-8")
    assert decode(whole[:-1], label, truncated=True) == ("日", False)
    assert decode(whole[:-1], label).problem


_LABELS = st.one_of(st.none(), st.sampled_from(sorted(charset._CODECS)), st.text(max_size=20))


@given(st.binary(max_size=200), _LABELS, st.booleans())
def test_anything_becomes_text(data: bytes, label: str | None, truncated: bool) -> None:
    decode(data, label, truncated=truncated).text.encode()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_what_was_encoded_is_read(text: str, label: str) -> None:
    if label == "utf-8":
        text = text.removeprefix("\ufeff")
    assert decode(text.encode(label), label) == (text, False)
