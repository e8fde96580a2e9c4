"""The short way of reading a page gives what the general one gives, or leaves it to that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ProtocolViolation
from gateway.imap.framer import Frame, Framer, Streamed
from gateway.imap.parse.fetch import any_fetch
from gateway.imap.parse.usual import LONGEST, usual
from gateway.imap.response import Fetched
from tests.effort import linear

HEAD = b"* 1 FETCH "
ENVELOPE = (
    b'ENVELOPE ("Wed, 04 Feb 2026 03:47:00 +0000" "Hi" (("A" NIL "a" "example.org")) (("A" NIL "a" "example.org"))'
    b' (("A" NIL "a" "example.org")) ((NIL NIL "b" "example.org")("C" NIL "c" NIL)) NIL NIL NIL "<1@example.org>")'
)
TEXT = b'("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 1808 29 NIL NIL NIL NIL)'
FILE = (
    b'("application" "pdf" ("name" "a \\"b\\".pdf") "<c@d>" "what" "base64" 99 NIL ("attachment" ("filename" "a.pdf"))'
    b' ("de" "en") "http://example.org/")'
)
ALTERNATIVE = b'(("text" "plain" NIL NIL NIL "7bit" 1 1)("TEXT" "HTML" NIL NIL NIL NIL 1 1) "alternative")'
STRUCTURES = [
    TEXT,
    FILE,
    ALTERNATIVE,
    b"(" + ALTERNATIVE + FILE + b' "mixed" ("boundary" "x") NIL NIL NIL)',
    b"((" + TEXT + ALTERNATIVE + b' "related")' + FILE + b' "mixed" ("boundary" "x") ("inline" NIL) "en" NIL)',
]
USUAL = [
    *(b"(UID 7 FLAGS (\\Seen $a) " + ENVELOPE + b" BODYSTRUCTURE " + each + b")" for each in STRUCTURES),
    b'(FLAGS () UID 7 INTERNALDATE " 1-Nov-2026 07:51:06 +0100" RFC822.SIZE 4668 ' + ENVELOPE + b" MODSEQ (12))",
    b"(UID 7 " + ENVELOPE + b' EMAILID (M6d99ac) THREADID (T64b) PREVIEW "Hi \xc3\xa9")',
    b"(UID 7 " + ENVELOPE + b" THREADID NIL PREVIEW NIL)",
    *(b'(UID 7 RFC822.SIZE 9 INTERNALDATE " 1-Nov-2026 07:51:06 +0100" BODYSTRUCTURE ' + s + b")" for s in STRUCTURES),
    b"(BODYSTRUCTURE " + TEXT + b" UID 7)",
    b"(UID 7 FLAGS (\\Seen) " + ENVELOPE.replace(b'"Hi"', b'{8}\r\nH"i\\ \r\n.') + b" BODYSTRUCTURE " + TEXT + b")",
]


def frame_of(octets: bytes) -> Frame | None:
    try:
        return next(iter(Framer().feed(octets + b"\r\n")), None)
    except ProtocolViolation:
        return None


def both(octets: bytes) -> tuple[Fetched | None, Fetched] | None:
    frame = frame_of(HEAD + octets)
    if frame is None or not isinstance(frame[0], bytes) or len(frame[0]) < len(HEAD):
        return None
    return usual(1, frame, len(HEAD)), any_fetch(1, frame, len(HEAD))


@pytest.mark.parametrize("octets", USUAL)
def test_the_usual_is_read_here_and_alike(octets: bytes) -> None:
    read = both(octets)
    assert read is not None
    assert read[0] is not None
    assert read[0] == read[1]
    assert not read[0].broken


@pytest.mark.parametrize(
    "octets",
    [
        b"(UID 7 FLAGS ())",
        b"(UID 7  " + ENVELOPE + b")",
        b"(UID 7 UID 8 " + ENVELOPE + b")",
        b"(UID 7 " + ENVELOPE + b" UID 8)",
        b"(UID 7 " + ENVELOPE + b" " + ENVELOPE + b")",
        b"(UID 4294967296 " + ENVELOPE + b")",
        b"(UID 7 FLAGS (NIL) " + ENVELOPE + b")",
        b"(UID 7 X-NEW 1 " + ENVELOPE + b")",
        b"(UID 7 " + ENVELOPE + b'INTERNALDATE "99-Nov-2026 07:51:06 +0100")',
        b"(UID 7 " + ENVELOPE + b") stray",
        b"(UID 7 " + ENVELOPE + b' BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 1))',
        b"(UID 7 " + ENVELOPE + b' BODYSTRUCTURE ("image" "png" NIL NIL NIL "7bit" 1 1))',
        b"(UID 7 " + ENVELOPE + b" BODYSTRUCTURE " + b"(" * 30 + TEXT + b' "mixed")' * 30 + b")",
        b'(UID 7 FLAGS () PREVIEW "a \\" {3}\r\n b "c" ' + ENVELOPE + b")",
        b"(UID 7 " + ENVELOPE.replace(b'"Hi"', b'"' + b"x" * LONGEST + b'"') + b")",
    ],
)
def test_what_is_not_usual_is_left_to_the_general_way(octets: bytes) -> None:
    read = both(octets)
    assert read is not None
    assert read[0] is None


def test_what_is_streamed_is_left_to_the_general_way() -> None:
    frame: Frame = [HEAD + b"(UID 7 " + ENVELOPE + b" BODY[] ", Streamed(5), b")"]
    assert usual(1, frame, len(HEAD)) is None


STRING = st.binary(max_size=12).map(lambda octets: octets.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b""))
QUOTED = STRING.map(lambda octets: b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')
LITERAL = st.binary(max_size=12).map(lambda octets: b"{%d}\r\n%s" % (len(octets), octets))
NSTRING = st.one_of(st.just(b"NIL"), QUOTED, LITERAL)
ADDRESS = st.lists(NSTRING, min_size=4, max_size=4).map(lambda words: b"(" + b" ".join(words) + b")")
PEOPLE = st.one_of(
    st.just(b"NIL"), st.lists(ADDRESS, min_size=1, max_size=3).map(lambda each: b"(" + b"".join(each) + b")")
)
WRITTEN = st.builds(
    lambda words, people, more: b"ENVELOPE (" + b" ".join([*words, *people, *more]) + b")",
    st.lists(NSTRING, min_size=2, max_size=2),
    st.lists(PEOPLE, min_size=6, max_size=6),
    st.lists(NSTRING, min_size=2, max_size=2),
)
BITS = [b"(", b")", b" ", b'"', b"\\", b"NIL", b"nil", b"{2}\r\nab", b"UID 7 ", b"FLAGS (\\Seen) ", b"7", b"\t", b"\0"]


@settings(max_examples=500, deadline=None)
@given(WRITTEN, st.sampled_from(STRUCTURES))
def test_any_strings_are_read_alike(envelope: bytes, structure: bytes) -> None:
    read = both(b"(UID 7 " + envelope + b" BODYSTRUCTURE " + structure + b")")
    assert read is not None
    assert read[0] is None or read[0] == read[1]


@settings(max_examples=2000, deadline=None)
@given(
    st.one_of(st.sampled_from(USUAL), WRITTEN.map(lambda envelope: b"(UID 7 " + envelope + b")")),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 9), st.sampled_from([b"", *BITS])), max_size=3),
)
def test_whatever_is_wrong_with_it_is_read_alike(octets: bytes, wounds: list[tuple[int, int, bytes]]) -> None:
    for at, length, put in wounds:
        octets = octets[:at] + put + octets[at + length :]
    read = both(octets)
    assert read is None or read[0] is None or read[0] == read[1]


@pytest.mark.parametrize("unit", [b'"a" ', b'("a" NIL "b" "c")', TEXT, b"(", b'"\\', b" UID 7", b"NIL "])
@pytest.mark.parametrize("head", [b"ENVELOPE (", b"ENVELOPE (NIL NIL (", ENVELOPE + b" BODYSTRUCTURE "])
def test_hostile_repetition_is_linear(unit: bytes, head: bytes) -> None:
    def read(octets: bytes) -> None:
        for at in range(0, len(octets), LONGEST - 1000):
            usual(1, [HEAD + b"(UID 7 " + head + octets[at : at + LONGEST - 1000]], len(HEAD))

    assert linear(read, unit, 100_000)
