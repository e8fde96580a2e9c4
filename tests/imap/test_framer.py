from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame, Framer, Sink, Streamed
from tests.imap.cuts import bytewise, every_cut, whole


class Counting:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.octets = 0
        self.closed = 0

    def write(self, data: memoryview) -> None:
        assert not self.closed
        self.octets += len(data)

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize(
    ("octets", "frames"),
    [
        (b"* OK hi\r\n", [[b"* OK hi"]]),
        (b"\r\n", [[b""]]),
        (b"* 1 FETCH (BODY[] {3}\r\nabc)\r\n", [[b"* 1 FETCH (BODY[] ", b"abc", b")"]]),
        (b"* 1 FETCH (BODY[]{3}\r\nabc)\r\n", [[b"* 1 FETCH (BODY[]", b"abc", b")"]]),
        (b"* 1 FETCH (BODY[] {0}\r\n)\r\n", [[b"* 1 FETCH (BODY[] ", b"", b")"]]),
        (b"* 1 FETCH (BINARY[1] ~{3}\r\na\0b)\r\n", [[b"* 1 FETCH (BINARY[1] ", b"a\0b", b")"]]),
        (b"* 1 FETCH (BODY[] {2+}\r\nab)\r\n", [[b"* 1 FETCH (BODY[] ", b"ab", b")"]]),
        (b"* 1 FETCH (BODY[] {2}\r\n\r\n)\r\n", [[b"* 1 FETCH (BODY[] ", b"\r\n", b")"]]),
        (b"* X {1}\r\na{2}\r\nbc\r\n", [[b"* X ", b"a", b"", b"bc", b""]]),
        (b"* LIST () NIL {5}\r\n{9}\r\n\r\n", [[b"* LIST () NIL ", b"{9}\r\n", b""]]),
        (b"* OK text that ends in {5}\r\n* 2 EXISTS\r\n", [[b"* OK text that ends in {5}"], [b"* 2 EXISTS"]]),
        (b"* bye see {5}\r\n", [[b"* bye see {5}"]]),
        (b"a1 NO [CODE] {5}\r\n", [[b"a1 NO [CODE] {5}"]]),
        (b"+ go on {5}\r\n", [[b"+ go on {5}"]]),
        (b"* 1 FETCH {-5}\r\n", [[b"* 1 FETCH {-5}"]]),
        (b"* 1 FETCH {}\r\n", [[b"* 1 FETCH {}"]]),
        (b"* 1 FETCH {x}\r\n", [[b"* 1 FETCH {x}"]]),
        (b'* LIST () "/" "a {5}"\r\n', [[b'* LIST () "/" "a {5}"']]),
        (b'* X "bare \r and \n inside"\r\n', [[b'* X "bare \r and \n inside"']]),
        (b"* X \r\r\n", [[b"* X \r"]]),
        (b"* X \0\xff\r\n", [[b"* X \0\xff"]]),
    ],
)
def test_frames(octets: bytes, frames: list[Frame]) -> None:
    assert every_cut(octets) == frames


def test_a_literal_may_hold_whole_fake_responses() -> None:
    fake = b"a1 OK done\r\n* 99 FETCH (UID 99 BODY[] {5}\r\nhello)\r\n* BYE\r\n)\r\n"
    octets = b"* 1 FETCH (BODY[] {%d}\r\n%s UID 7)\r\na1 OK\r\n" % (len(fake), fake)
    assert every_cut(octets) == [[b"* 1 FETCH (BODY[] ", fake, b" UID 7)"], [b"a1 OK"]]


@given(st.lists(st.one_of(st.binary(max_size=40), st.none()), min_size=1, max_size=8))
def test_any_literals_however_cut(pieces: list[bytes | None]) -> None:
    expected: Frame = [b"* X "]
    octets = b"* X "
    for piece in pieces:
        if piece is not None:
            octets += b"{%d}\r\n%s y" % (len(piece), piece)
            expected += [piece, b" y"]
            octets += b" "
            expected[-1] = b" y "
    octets += b"\r\n"
    assert whole(octets) == [expected]
    assert bytewise(octets) == [expected]


def test_a_large_literal_goes_to_the_sink() -> None:
    size = limits.INLINE_LITERAL + 1
    sink = Counting()
    asked: list[tuple[Frame, int]] = []

    def open_sink(frame: Frame, octets: int) -> Sink:
        asked.append((frame, octets))
        return sink

    framer = Framer(open_sink)
    assert list(framer.feed(b"* 1 FETCH (UID 5 BODY[] {%d}\r\n" % size)) == []
    assert asked == [([b"* 1 FETCH (UID 5 BODY[] "], size)]
    assert framer.mid_literal
    assert framer.missing == size
    for _ in range(size - 1):
        assert list(framer.feed(b"x")) == []
    assert not sink.closed
    assert list(framer.feed(b"x FLAGS ())\r\n* 2 EXISTS\r\n")) == [
        [b"* 1 FETCH (UID 5 BODY[] ", Streamed(size), b" FLAGS ())"],
        [b"* 2 EXISTS"],
    ]
    assert (sink.octets, sink.closed) == (size, 1)


def test_a_small_literal_is_not_offered() -> None:
    def open_sink(frame: Frame, size: int) -> Sink:
        raise AssertionError("not offered")

    octets = b"* X {%d}\r\n%s\r\n" % (limits.INLINE_LITERAL, b"x" * limits.INLINE_LITERAL)
    assert len(next(Framer(open_sink).feed(octets))) == 3


def test_a_literal_that_nobody_wants_streamed_is_kept() -> None:
    size = limits.INLINE_LITERAL * 2
    frames = list(Framer(lambda frame, size: None).feed(b"* X {%d}\r\n%s\r\n" % (size, b"x" * size)))
    assert frames == [[b"* X ", b"x" * size, b""]]


def test_a_detached_sink_gets_no_more() -> None:
    sink = Counting()
    framer = Framer(lambda frame, size: sink)
    list(framer.feed(b"* 1 FETCH (BODY[] {100000}\r\n" + b"x" * 10))
    framer.detach()
    frames = list(framer.feed(b"x" * 99990 + b")\r\n"))
    assert frames == [[b"* 1 FETCH (BODY[] ", Streamed(100000), b")"]]
    assert (sink.octets, sink.closed) == (10, 0)


def test_four_gigabytes_to_a_sink_in_flat_memory() -> None:
    sink = Counting()
    framer = Framer(lambda frame, size: sink)
    chunk = bytes(1 << 20)
    list(framer.feed(b"* 1 FETCH (BODY[] {4000000000}\r\n"))
    tracemalloc.start()
    for _ in range(64):
        assert list(framer.feed(chunk)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sink.octets == 64 << 20
    assert peak < 4 << 20
    assert framer.pending < 100


@pytest.mark.parametrize(
    "octets",
    [
        b"* X {4000000000}\r\n",
        b"* X {%d}\r\n" % (limits.MAX_LITERAL + 1),
        b"* X {9223372036854775808}\r\n",
        b"* X {" + b"9" * 5000 + b"}\r\n",
        b"* X " + b"y" * limits.MAX_LINE + b"\r\n",
        b"* X " + b"y" * limits.MAX_LINE,
        b"* X {8000000}\r\n" + (b"x" * 8_000_000 + b"{8000000}\r\n") * 4,
        b"* X " + b"{0}\r\n" * (limits.MAX_LITERALS + 2),
    ],
    ids=["4 GB", "a literal too large", "beyond 63 bits", "5,000 digits", "a line", "no line end", "all", "count"],
)
def test_caps(octets: bytes) -> None:
    framer = Framer()
    with pytest.raises(ProtocolViolation):
        list(framer.feed(octets))
    with pytest.raises(ProtocolViolation):
        list(framer.feed(b"* OK\r\n"))
    assert framer.pending == 0


def test_what_came_before_the_violation_is_given_out() -> None:
    frames = Framer().feed(b"a1 OK\r\n* X {4000000000}\r\n")
    assert next(frames) == [b"a1 OK"]
    with pytest.raises(ProtocolViolation):
        next(frames)


def test_a_violation_closes_the_sink() -> None:
    sink = Counting()
    framer = Framer(lambda frame, size: sink if size == 70_000 else None)
    list(framer.feed(b"* X {70000}\r\n" + bytes(70_000)))
    assert sink.closed == 1
    with pytest.raises(ProtocolViolation):
        list(framer.feed(b" {4000000000}\r\n"))


def test_frames_not_taken_come_later_and_in_order() -> None:
    framer = Framer()
    frames = framer.feed(b"* 1 EXISTS\r\n* 2 EXISTS\r\n")
    assert next(frames) == [b"* 1 EXISTS"]
    assert framer.pending == len(b"* 2 EXISTS\r\n")
    again = framer.feed(b"* X {1}\r\na\r\n")
    assert framer.pending == len(b"* 2 EXISTS\r\n") + len(b"* X {1}\r\na\r\n")
    assert list(again) == [[b"* 2 EXISTS"], [b"* X ", b"a", b""]]
    assert list(frames) == []
    assert framer.pending == 0


def test_what_was_injected_behind_a_response_is_pending() -> None:
    """The check against commands slipped in before STARTTLS takes effect (RFC 9051 section 6.2.1)."""
    framer = Framer()
    assert next(framer.feed(b"a1 OK begin TLS\r\na2 OK injected\r\n")) == [b"a1 OK begin TLS"]
    assert framer.pending == len(b"a2 OK injected\r\n")


def test_a_hundred_thousand_lines_in_one_chunk() -> None:
    octets = b"".join(b"* %d EXISTS\r\n" % number for number in range(100_000))
    for chunk in (octets, octets + b"* X {1}\r\na\r\n"):
        began = time.process_time()
        count = sum(1 for _ in Framer().feed(chunk))
        assert count >= 100_000
        assert time.process_time() - began < 2


def test_a_long_line_octet_by_octet_is_linear() -> None:
    framer = Framer()
    began = time.process_time()
    for _ in range(300_000):
        for _ in framer.feed(b"x"):
            pass
    assert framer.pending == 300_000
    assert time.process_time() - began < 3


def test_a_memoryview_is_copied() -> None:
    buffer = bytearray(b"* 1 EXISTS\r\n* 2 EX")
    framer = Framer()
    frames = framer.feed(memoryview(buffer))
    buffer[:] = b"#" * len(buffer)
    assert list(frames) == [[b"* 1 EXISTS"]]
    assert list(framer.feed(b"ISTS\r\n")) == [[b"* 2 EXISTS"]]


@pytest.mark.parametrize("rest", [b"", b"x", b"\r", b"a\r\nb\r\n\r\n", b"\r\n", b"\n{5}\r\n\x00", bytes(range(256))])
@pytest.mark.parametrize("before", [b"* 1 EXISTS\r\n", b"* LIST () NIL {3}\r\nabc\r\n", b""])
def test_what_follows_a_frame_can_be_had_back(before: bytes, rest: bytes) -> None:
    """Where compression begins; in however many chunks it came, and whether or not the line had begun before."""
    answer = b"A1 OK go\r\n"
    whole = before + answer + rest
    for cut in range(1, len(whole)):
        framer = Framer()
        frames = framer.feed(whole[:cut])
        if cut < len(before + answer):
            assert [b"A1 OK go"] not in list(frames)
            frames = framer.feed(whole[cut : cut + 20])
            framer.feed(whole[cut + 20 :])
        else:
            framer.feed(whole[cut:])
        while next(frames) != [b"A1 OK go"]:
            pass
        assert framer.rest() == rest
        assert framer.pending == 0
        assert list(framer.feed(b"* 2 EXISTS\r\n")) == [[b"* 2 EXISTS"]]
