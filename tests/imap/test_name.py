from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.imap import limits
from gateway.imap.name import MailboxName, decode_utf7, encode_utf7

PAIRS = [
    ("INBOX", b"INBOX"),
    ("R&D", b"R&-D"),
    ("&", b"&-"),
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 section 5.1.3
    ("Entwürfe", b"Entw&APw-rfe"),
    ("Отправленные", b"&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"),
    ("😀", b"&2D3eAA-"),
    ("a😀b", b"a&2D3eAA-b"),
    ("Ünï&x", b"&ANw-n&AO8-&-x"),
    ("tab\tx", b"tab&AAk-x"),
]


@pytest.mark.parametrize(("text", "wire"), PAIRS)
def test_modified_utf7(text: str, wire: bytes) -> None:
    assert encode_utf7(text) == wire
    assert decode_utf7(wire) == text
    assert MailboxName(wire).text == text


@given(st.text())
def test_every_text_round_trips(text: str) -> None:
    assert decode_utf7(encode_utf7(text)) == text
    assert encode_utf7(text).isascii()


@pytest.mark.parametrize(
    "junk",
    [
        b"R&D",
        b"&",
        b"&AOk",  # no end
        b"&AGE-",  # a direct character in base64
        b"&AOk-&AOk-",  # superfluous shift
        b"&2D0-",  # half a surrogate pair
        b"&3gDYPQ-",  # surrogates the wrong way round
        b"&AO-",
        b"&A-",
        b"&AOkA-",
        b"&AOl-",  # padding bits set
        b"\xff\xfe",
        b"caf\xc3\xa9",
        b"a\r\nb\0",
    ],
)
def test_junk_keeps_its_octets_and_can_be_shown(junk: bytes) -> None:
    name = MailboxName(junk)
    assert name.wire == junk
    assert isinstance(name.text, str)
    if junk != b"a\r\nb\0":
        with pytest.raises(ValueError, match=r"."):
            decode_utf7(junk)


def test_utf8_octets_are_shown_as_text() -> None:
    assert MailboxName("Entwürfe".encode()).text == "Entwürfe"


@given(st.binary())
def test_any_octets_make_a_name(octets: bytes) -> None:
    name = MailboxName(octets)
    assert name.wire == (b"INBOX" if octets.upper() == b"INBOX" else octets)
    name.text.encode("utf-8", "surrogatepass")
    for delimiter in ("/", ".", "-", "A", None):
        levels = name.levels(delimiter)
        assert (delimiter or "").encode().join(levels) == name.wire


@given(st.text(min_size=1, max_size=60), st.booleans())
def test_from_text_is_faithful_or_refused(text: str, utf8: bool) -> None:
    try:
        name = MailboxName.from_text(text, utf8)
    except InvalidRequest:
        return
    assert not set(name.wire) & {0, 10, 13, 127}
    if name.wire != b"INBOX" and not utf8:
        assert MailboxName.from_text(name.text) == name


@pytest.mark.parametrize(
    "text", ["", "a\0b", "a\r\nb", "a\nb", "\x7f", "\u2028", "\ud800", "x" * (limits.MAX_NAME + 1)]
)
def test_refused_names(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        MailboxName.from_text(text, field="parent")
    assert refused.value.field == "parent"


def test_a_long_name_counts_in_octets_of_the_wire() -> None:
    with pytest.raises(InvalidRequest):
        MailboxName.from_text("台" * limits.MAX_NAME)


def test_inbox_in_any_case_is_one_mailbox() -> None:
    assert MailboxName(b"inBox") == MailboxName.from_text("InBoX") == MailboxName(b"INBOX")
    assert MailboxName(b"inbox").is_inbox
    assert MailboxName(b"Inbox/x") != MailboxName(b"INBOX/x")


def test_decomposed_text_is_composed() -> None:
    assert MailboxName.from_text("u\u0308").wire == MailboxName.from_text("ü").wire


def test_hierarchy() -> None:
    name = MailboxName(b"A/&AOk-/c")
    assert name.split("/") == ("A", "é", "c")
    assert name.parent("/") == MailboxName(b"A/&AOk-")
    assert name.split(None) == ("A/é/c",)
    assert name.parent(None) is None
    assert MailboxName(b"A").parent("/") is None
    assert MailboxName(b"A").child("é", "/") == MailboxName(b"A/&AOk-")
    assert MailboxName(b"A").child("é", "/", utf8=True) == MailboxName("A/é".encode())
    assert MailboxName(b"inbox/x").parent("/") == MailboxName(b"INBOX")


def test_a_delimiter_inside_a_shift_is_no_delimiter() -> None:
    assert MailboxName(b"a-&AOk-").levels("-") == (b"a", b"&AOk-")
    assert MailboxName(b"xA&AOk-Ay").levels("A") == (b"x", b"&AOk-", b"y")


@pytest.mark.parametrize(("text", "delimiter"), [("a/b", "/"), ("x", None), ("", "/"), ("a\0", "/"), ("x" * 1023, "/")])
def test_a_child_that_can_not_be(text: str, delimiter: str | None) -> None:
    with pytest.raises(InvalidRequest):
        MailboxName(b"A").child(text, delimiter)
