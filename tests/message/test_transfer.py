"""Transfer decoders: any chunking, equal to the standard library on what is valid, tolerant of the rest."""

from __future__ import annotations

import base64
import binascii
import quopri
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.message.transfer import decode_all, decoder, encoded_window

ENCODINGS = ["base64", "quoted-printable", "x-uuencode", "7bit", "x-strange"]


@pytest.mark.parametrize(
    ("encoding", "data", "out", "problem"),
    [
        ("base64", b"aGVsbG8=", b"hello", False),
        ("BASE64", b"aGVs\r\nbG8=\r\n", b"hello", False),
        ("base64", b"aGVsbG8", b"hello", True),
        ("base64", b"aGVsbG8=aGVsbG8=", b"hellohello", False),
        ("base64", b"aGVs!bG8=", b"hello", True),
        ("base64", b"a", b"", True),
        ("base64", b"aGVsb", b"hel", True),
        ("base64", b"====", b"", False),
        ("base64", b"", b"", False),
        ("quoted-printable", b"caf=C3=A9", "café".encode(), False),
        ("quoted-printable", b"caf=c3=a9", "café".encode(), False),
        ("quoted-printable", b"soft=\r\nbreak", b"softbreak", False),
        ("quoted-printable", b"soft= \t\r\nbreak", b"softbreak", False),
        ("quoted-printable", b"soft=\nbreak", b"softbreak", False),
        ("quoted-printable", b"trailing  \r\nx", b"trailing\r\nx", False),
        ("quoted-printable", b"bad=ZZ =", b"bad=ZZ ", True),
        ("quoted-printable", b"==\r\n41", b"=41", True),
        ("quoted-printable", b"a=3", b"a=3", True),
        ("quoted-printable", b"end  ", b"end", False),
        ("quoted-printable", b"=", b"", False),
        ("x-uuencode", b"begin 644 x\r\n%:&5L;&\\\r\n`\r\nend\r\n", b"hello", False),
        ("x-uuencode", b"preamble\nbegin 644 x\n%:&5L;&\\\n", b"hello", True),
        ("x-uuencode", b"nothing here", b"", True),
        ("7bit", b"as is\r\n", b"as is\r\n", False),
        ("binary", b"\0\xff", b"\0\xff", False),
        ("x-strange", b"as is", b"as is", True),
        ("", b"as is", b"as is", False),
    ],
)
def test_says(encoding: str, data: bytes, out: bytes, problem: bool) -> None:
    assert decode_all(data, encoding) == (out, problem)


def in_chunks(data: bytes, encoding: str, cuts: list[int]) -> tuple[bytes, bool]:
    one = decoder(encoding)
    out, at = b"", 0
    for cut in cuts:
        out += one.feed(data[at : at + cut])
        at += cut
    out += one.feed(data[at:]) + one.finish()
    return out, one.problem


_DATA = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                b"=",
                b"A",
                b"4",
                b"1z",
                b" ",
                b"\t",
                b"\r",
                b"\n",
                b"\r\n",
                b" " * 700,
                b"begin 644 a\n",
                b"%:&5L;&\\\n",
                b"end\n",
            ]
        ),
        max_size=20,
    ).map(b"".join),
)


@given(_DATA, st.sampled_from(ENCODINGS), st.lists(st.integers(0, 9), max_size=60))
@example(b"=" + b" " * 2000 + b"\r\nx", "quoted-printable", [1, 1, 1000, 1000])
def test_any_chunking_is_the_same_as_the_whole(data: bytes, encoding: str, cuts: list[int]) -> None:
    assert in_chunks(data, encoding, cuts) == decode_all(data, encoding)


@given(_DATA, st.sampled_from(ENCODINGS))
def test_byte_by_byte_is_the_same_as_the_whole(data: bytes, encoding: str) -> None:
    assert in_chunks(data, encoding, [1] * len(data)) == decode_all(data, encoding)


@given(st.binary(max_size=500))
def test_equal_to_the_standard_library_on_valid_input(data: bytes) -> None:
    encoded = base64.encodebytes(data)
    assert decode_all(encoded, "base64") == (base64.b64decode(encoded), False)
    quoted = quopri.encodestring(data)
    assert decode_all(quoted, "quoted-printable")[0] == quopri.decodestring(quoted)
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    assert decode_all(b"begin 644 f\n" + lines + b"`\nend\n", "uuencode") == (data, False)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("filler", [b" ", b"=", b"A", b"\n", b"= ", b"\r", b"=\n", b"\xff"])
def test_memory_stays_flat(encoding: str, filler: bytes) -> None:
    one = decoder(encoding)
    chunk = filler * (4096 // len(filler))
    one.feed(chunk)
    tracemalloc.start()
    for _ in range(100):
        one.feed(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    one.finish()


def test_base64_is_fast() -> None:
    encoded = base64.encodebytes(bytes(12_000_000))
    one = decoder("base64")
    start = time.thread_time()
    for at in range(0, len(encoded), 65_536):
        one.feed(encoded[at : at + 65_536])
    assert time.thread_time() - start < 0.5  # 32 MB/s on the slowest machine; about 250 on a usual one


@given(st.binary(min_size=1, max_size=600), st.data())
def test_window_of_the_encoded_form(data: bytes, drawn: st.DataObject) -> None:
    start = drawn.draw(st.integers(0, len(data) - 1))
    stop = drawn.draw(st.integers(start + 1, len(data)))
    encoded = b"".join(
        binascii.b2a_base64(data[at : at + 57], newline=False) + b"\r\n" for at in range(0, len(data), 57)
    )
    first, end, drop = encoded_window(start, stop, line=76)
    assert decode_all(encoded[first:end], "base64")[0][drop : drop + stop - start] == data[start:stop]
    assert end - first <= (stop - start + 4) * 4 // 3 + 2 * (stop - start) // 57 + 6


def test_window_needs_whole_quanta_a_line() -> None:
    with pytest.raises(ValueError, match="multiple of four"):
        encoded_window(0, 1, line=75)
