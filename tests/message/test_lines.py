"""Base64 in lines: the place of a decoded octet is reckoned, or it is said that it can't be."""

from __future__ import annotations

import binascii
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.lines import Lines, lines_of, probes
from gateway.message.transfer import decode_all


def written(data: bytes, line: int = 76, ending: bytes = b"\r\n", after: bytes = b"") -> bytes:
    step = line // 4 * 3
    lines = [binascii.b2a_base64(data[at : at + step], newline=False) for at in range(0, len(data), step)]
    return ending.join(lines) + after


def looked_at(encoded: bytes, told: int | None = None) -> Lines | None:
    size = len(encoded) if told is None else told
    return lines_of(size, {first: encoded[first : first + length] for first, length in probes(size)})


def ranged(encoded: bytes, lines: Lines, start: int, stop: int) -> bytes:
    window = lines.window(start, stop)
    octets, problem = decode_all(encoded[window.start : window.stop], "base64")
    assert not problem
    return octets[window.drop : window.drop + stop - start]


@given(
    st.integers(1, 6000) | st.integers(735, 755),  # then the padding stands where the beginning that is looked at ends
    st.sampled_from([4, 60, 64, 72, 76, 988]),
    st.sampled_from([b"\r\n", b"\n"]),
    st.sampled_from([b"", b"\r\n", b"\n", b"\r\n\r\n", b" \r\n"]),
    st.data(),
)
def test_any_range_is_that_slice_of_the_whole(
    size: int, line: int, ending: bytes, after: bytes, drawn: st.DataObject
) -> None:
    data = Random(size).randbytes(size)
    encoded = written(data, line, ending, after)
    lines = looked_at(encoded)
    if lines is None:
        assert ending not in encoded[:1024].strip()  # a part of one line has no line end to go by
        return
    assert lines.size == size
    start = drawn.draw(st.integers(0, size - 1))
    stop = drawn.draw(st.integers(start + 1, size))
    assert ranged(encoded, lines, start, stop) == data[start:stop]


@given(st.integers(400, 6000), st.binary(max_size=6), st.data())
def test_whatever_is_put_in_the_size_is_right_or_unsaid(size: int, junk: bytes, drawn: st.DataObject) -> None:
    encoded = written(Random(size).randbytes(size))
    at = drawn.draw(st.integers(0, len(encoded)))
    take = drawn.draw(st.integers(0, 6))
    spoilt = encoded[:at] + junk + encoded[at + take :]
    lines = looked_at(spoilt)
    if lines is None or (len(junk) == take and _unseen(spoilt, at)):
        return
    assert lines.size == len(decode_all(spoilt, "base64")[0])


def _unseen(spoilt: bytes, at: int) -> bool:
    """As many octets changed as were there, where nobody looked."""
    seen = [range(first, first + length) for first, length in probes(len(spoilt))]
    return not all(any(place in each for each in seen) for place in range(at, min(at + 6, len(spoilt))))


BASE = written(Random(1).randbytes(60_000))
MIDDLE = BASE[: 78 * 400], BASE[78 * 400 :]


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(b"\r\n" + BASE, id="empty first line"),
        pytest.param(MIDDLE[0] + b"\r\n" + MIDDLE[1], id="empty line"),
        pytest.param(MIDDLE[0] + b"AAAA\r\n" + MIDDLE[1], id="short line"),
        pytest.param(MIDDLE[0] + b" " + MIDDLE[1], id="indented line"),
        pytest.param(MIDDLE[0][:-2] + b"AAAA\r\n" + MIDDLE[1], id="long line"),
        pytest.param(MIDDLE[0][:-2] + b"\n" + MIDDLE[1], id="bare LF"),
        pytest.param(written(b"x" * 6000) + b"\r\n" + written(b"y" * 6001), id="two runs with padding between"),
        pytest.param(BASE + b"\r\n-- \r\nfooter of a mailing list\r\n", id="footer"),
        pytest.param(BASE + b"A", id="no whole quantum"),
        pytest.param(BASE + b"====", id="too much padding"),
        pytest.param(BASE.replace(b"\r\n", b""), id="one line"),
        pytest.param(BASE[:1000] + b"*" + BASE[1001:], id="junk at the beginning"),
        pytest.param(BASE[:-1000] + b"*" + BASE[-999:], id="junk at the end"),
        pytest.param(written(b"x" * 6000, 60) + b"\r\n" + written(b"x" * 6000, 76), id="two lengths"),
        pytest.param(b"\0" * 5000, id="no base64 at all"),
        pytest.param(b"====\r\n" * 1000, id="nothing but padding"),
        pytest.param(b"\r\n" * 3000, id="nothing but line ends"),
        pytest.param(b"AAA\r\n" * 3000, id="lines of three"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_not_uniform_is_found_out(encoded: bytes) -> None:
    assert looked_at(encoded) is None


@pytest.mark.parametrize("told", [-3, -1, 1, 2, 78])
def test_a_wrong_size_is_found_out(told: int) -> None:
    assert looked_at(BASE) is not None
    assert looked_at(BASE, len(BASE) + told) is None


def test_little_is_looked_at() -> None:
    assert sum(length for _, length in probes(100_000_000)) < 4096
    assert probes(0) == [(0, 1024)]
