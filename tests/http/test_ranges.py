"""The Range header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.http.ranges import parse_range
from gateway.mail.download import ByteRange

from .refusal import PARSED, refused_field


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("bytes=0-0", ByteRange(0, 0)),
        ("bytes=5-", ByteRange(5, None)),
        ("bytes=-7", ByteRange(None, 7)),
        ("BYTES= 1-2 ", ByteRange(1, 2)),
        ("bytes=,1-2,", ByteRange(1, 2)),
        ("bytes=0-1,3-4", None),
        ("lines=1-2", None),
    ],
)
def test_ranges(text: str | None, expected: ByteRange | None) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "text", ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "bytes=1-2-3", "by tes=1-2"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_range(text)
    assert caught.value.field == "Range"


def test_absurd_numbers_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_range("bytes=" + "9" * 5000 + "-")


@given(st.text(max_size=60) | st.text("0123456789-, ", max_size=40).map("bytes={}".format))
def test_it_parses_or_names_the_header(text: str) -> None:
    assert refused_field(lambda: parse_range(text)) in (PARSED, "Range")


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_range_is_understood(first: int, length: int) -> None:
    assert parse_range(f"bytes={first}-{first + length}") == ByteRange(first, first + length)
