"""RFC 2047 in all the forms that mail has it in."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.words import clean_text, decode_words

SAID = [
    (b"Plain subject", "Plain subject"),
    (b"", ""),
    (b"  two  spaces\tand a tab ", "two spaces and a tab"),
    (b"folded\r\n line\r\n\tagain", "folded line again"),
    (b"=?utf-8?Q?caf=C3=A9?=", "café"),
    (b"=?UTF-8?q?caf=c3=a9_noir?=", "café noir"),
    (b"=?utf-8?B?Y2Fmw6k=?=", "café"),
    (b"=?utf-8?b?Y2Fmw6k?=", "café"),
    (b"=?utf-8?B?Y2Fmw6k===?=", "café"),
    (b"=?iso-8859-1*en?Q?caf=E9?=", "café"),
    (b"=?iso-8859-1?Q?=93quoted=94?=", "“quoted”"),
    (b"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
    (b"=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab"),
    (b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
    (b"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
    (b"=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
    (b"=?utf-8?B?4pw=?= =?utf-8?B?kw==?=", "✓"),
    (b"=?utf-8?B?4p?= =?utf-8?B?yT?=", "✓"),
    (b"=?iso-8859-1?Q?=E9?= =?utf-8?Q?=C3=A9?=", "éé"),
    (b"=?utf-8?Q?with spaces inside?=", "with spaces inside"),
    (b"=?utf-8?Q?cut off", "cut off"),
    (b"=?utf-8?Q?one =?utf-8?Q?two?=", "onetwo"),
    (b'"=?utf-8?Q?quoted?="', '"quoted"'),
    (b"Re:=?utf-8?Q?_stuck?=on", "Re: stuckon"),
    (b"=?x-unknown?Q?caf=C3=A9?=", "café"),
    (b"=?nonsense?Q?caf=E9?=", "café"),
    (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
    (b"=?utf-8?Q?why=3F?=", "why?"),
    (b"=?utf-8?Q?why?=C3=A9?=", "why?é"),
    (b"=?utf-8?Q??=", ""),
    ("raw ütf".encode(), "raw ütf"),
    (b"raw l\xe4tin", "raw lätin"),
    ("raw 日本".encode("iso-2022-jp"), "raw 日本"),
    (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
    (b"=?gb2312?B?1tDOxA==?=", "中文"),
    (b"=?ks_c_5601-1987?B?x9GxuQ==?=", "한국"),
    (b"=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"),
    (b"=?koi8-r?B?8NLJ18XU?=", "Привет"),
    (b"=?unicode-1-1-utf-7?Q?Hi_+AOk-?=", "Hi é"),
    (b"bell\x07 nul\x00 esc", "bell nul esc"),
    (b"=?utf-8?Q?a=0D=0AX-Injected:_1=00?=", "aX-Injected: 1"),
    (b"=?utf-8?Q?bad=ZZescape=?=", "bad=ZZescape"),
    (b"5 * 3 =? 2", "5 * 3 =? 2"),
    ("e\u0301".encode(), "é"),
    (b"=?utf-8?B?!!!!?=", ""),
    ("\u202eabc".encode(), "\u202eabc"),
]


@pytest.mark.parametrize(("raw", "text"), SAID)
def test_says(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


def test_nothing_is_the_empty_text() -> None:
    assert decode_words(None) == ""


def test_cap_is_in_octets() -> None:
    assert decode_words(b"a" * 100, cap=10) == "a" * 10


@pytest.mark.parametrize("cap", range(1, 13))
def test_a_cap_never_cuts_a_character(cap: int) -> None:
    text = decode_words("éé日本😀".encode(), cap=cap)
    assert "éé日本😀".startswith(text)
    assert len(text.encode()) > cap - 4


def check(text: str) -> None:
    assert json.loads(json.dumps(text).encode()) == text
    text.encode()
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in text)


_PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [b"=?utf-8?Q?", b"?=", b"=?", b"=?gb2312?b?", b" ", b"\r\n ", b"=C3", b"=A9", b"1tDO", b"=?utf-7?q?+2AA-"]
        ),
    ),
    max_size=20,
).map(b"".join)


@given(_PIECES)
def test_anything_becomes_clean_text(raw: bytes) -> None:
    check(decode_words(raw))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60), st.integers(1, 45), st.booleans())
def test_words_cut_anywhere_read_as_the_whole(text: str, size: int, as_base64: bool) -> None:
    octets = text.encode()
    words = []
    for at in range(0, len(octets), size):
        chunk = octets[at : at + size]
        coded = base64.b64encode(chunk).decode() if as_base64 else "".join(f"={octet:02X}" for octet in chunk)
        words.append(f"=?UTF-8?{'B' if as_base64 else 'Q'}?{coded}?=")
    assert decode_words("\r\n ".join(words).encode()) == clean_text(text)


def test_long_runs_of_marks_are_left_alone() -> None:
    text = "a" + "\u0300\u0316" * 4000
    assert decode_words(text.encode()).startswith("a\u0300\u0316")
