"""The invariant: any octets are frames or a ProtocolViolation, any frame is a Response or a ProtocolViolation."""

from __future__ import annotations

import contextlib
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ProtocolViolation
from gateway.imap.framer import Frame, Framer, Streamed
from gateway.imap.parse import parse
from gateway.imap.response import Fetched, Response, Tagged
from tests.effort import linear

WORDS = [
    *(b"* ", b"* 1 ", b"+ ", b"a1 ", b"OK", b"NO", b"BYE", b"FETCH", b"LIST", b"STATUS", b"SEARCH", b"ESEARCH"),
    *(b"THREAD", b"VANISHED", b"NAMESPACE", b"ID", b"FLAGS", b"QUOTA", b"ACL", b"MYRIGHTS", b"LISTRIGHTS"),
    *(b"QUOTAROOT", b"CAPABILITY", b"ENABLED", b"EXISTS", b"UID", b"ENVELOPE", b"BODYSTRUCTURE", b"BODY[", b"BODY[1]"),
    *(b"BINARY[]", b"BINARY.SIZE[1]", b"INTERNALDATE", b"RFC822.SIZE", b"MODSEQ", b"EMAILID", b"PREVIEW", b"SORT"),
    *(b"X-GM-LABELS", b"(", b")", b" ", b"  ", b'"', b"\\", b"[", b"]", b"NIL", b"{3}", b"{3}\r\nabc", b"\r\n", b"1"),
    *(b"0", b"-1", b"4294967296", b"1:5", b"*", b'"x"', b"TAG", b"ALL", b"COPYUID", b"APPENDUID", b"PERMANENTFLAGS"),
    *(b"MODIFIED", b"message", b'"rfc822"', b"\xff", b"\0", b'" 1-Jan-2024 01:02:03 +0000"', b"MAILBOXID", b"<0>"),
]
KINDS = [
    *(b"* 1 FETCH (", b"* 1 FETCH (ENVELOPE (", b"* 1 FETCH (BODYSTRUCTURE (", b"* LIST (", b"* STATUS x ("),
    *(b"* ESEARCH ", b"* THREAD ", b"* OK [", b"a1 NO [", b"* NAMESPACE ", b"* ID (", b"* QUOTA x (", b"* ACL x ", b""),
    *(b"* QUOTAROOT x ", b"* LISTRIGHTS x y ", b"* MYRIGHTS x "),
]
OCTETS = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda head, words, gap: head + gap.join(words) + b"\r\n",
        st.sampled_from(KINDS),
        st.lists(st.sampled_from(WORDS), max_size=40),
        st.sampled_from([b"", b" "]),
    ),
)
PIECE = st.one_of(st.binary(max_size=30), st.builds(Streamed, st.integers(0, 2**63)))


def check(frame: Frame) -> None:
    try:
        value = parse(frame)
    except ProtocolViolation:
        return
    assert isinstance(value, Response)
    if isinstance(value, Fetched):
        assert 1 <= value.seq < 2**32
        assert value.uid is None or 1 <= value.uid < 2**32
        assert value.broken <= value.present | {"FETCH"}


@settings(max_examples=600, deadline=None)
@given(st.lists(OCTETS, min_size=1, max_size=4), st.integers(1, 50))
def test_any_octets(chunks: list[bytes], step: int) -> None:
    octets = b"".join(chunks)
    whole, cut = Framer(), Framer()
    frames: list[Frame] = []
    violated = False
    try:
        for frame in whole.feed(octets):
            frames.append(frame)
            check(frame)
    except ProtocolViolation:
        violated = True
    again: list[Frame] = []
    try:
        for at in range(0, len(octets), step):
            again.extend(cut.feed(octets[at : at + step]))
    except ProtocolViolation:
        assert violated
    assert again == frames
    text = sum(len(piece) for frame in frames for piece in frame if isinstance(piece, bytes))
    assert text + whole.pending <= len(octets)


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.lists(st.one_of(st.sampled_from(WORDS).map(lambda word: word + b" "), PIECE), max_size=12),
)
def test_any_frame(head: bytes, pieces: list[bytes | Streamed]) -> None:
    frame: Frame = [head]
    for piece in pieces:
        if len(frame) % 2 and isinstance(piece, bytes):
            frame[-1] = b"".join(each for each in (frame[-1], piece) if isinstance(each, bytes))
        else:
            frame.append(piece)
            frame.append(b" ")
    check(frame)


UNITS = [
    *(b"(", b")", b"()", b'"', b'\\"', b"\\", b" ", b"{", b"[", b"]", b"<", b"NIL ", b"BODY[", b'BODY["', b"a", b"1:"),
    *(b"1,", b"UID 1 ", b"FLAGS () ", b"MODSEQ (1) ", b"(NIL)", b'("a"', b"1 ", b"\r", b"\n", b"\0"),
]
HEADS = [
    *(b"* ", b"a1 ", b"* OK [", b"* OK [A ", b"* OK [PERMANENTFLAGS (", b"* OK [COPYUID 1 ", b"* 1 FETCH "),
    *(b"* 1 FETCH (", b"* 1 FETCH (FLAGS (", b"* 1 FETCH (ENVELOPE (", b"* 1 FETCH (BODYSTRUCTURE ("),
    *(b"* 1 FETCH (BODY[HEADER.FIELDS (", b"* 1 FETCH (INTERNALDATE ", b"* LIST () ", b'* LIST () "/" '),
    *(b"* STATUS ", b"* STATUS x (", b"* SEARCH ", b"* ESEARCH ", b"* VANISHED ", b"* THREAD ", b"* ID ("),
    *(b"* QUOTA x (", b"* QUOTAROOT ", b"* ACL x ", b"* LISTRIGHTS x ", b"* MYRIGHTS "),
]


@pytest.mark.parametrize("head", HEADS)
def test_any_text_of_100_kb_is_read_in_linear_time(head: bytes) -> None:
    for unit in UNITS:
        assert linear(partial(_read, head), unit, 100_000), unit


def _read(head: bytes, text: bytes) -> None:
    with contextlib.suppress(ProtocolViolation):
        for frame in Framer().feed(head + text + b"\r\n"):
            check(frame)


def test_a_deep_response_leaves_the_next_alone() -> None:
    octets = b"* 1 FETCH (UID 5 BODYSTRUCTURE " + b"(" * 5000 + b")" * 5000 + b" FLAGS (a))\r\na1 OK\r\n"
    first, second = [parse(frame) for frame in Framer().feed(octets)]
    assert isinstance(first, Fetched)
    assert (first.uid, first.flags, first.broken) == (5, (b"a",), frozenset({"BODYSTRUCTURE"}))
    assert second == Tagged("a1", "OK")
