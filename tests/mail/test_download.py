"""Ranges against the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RangeNotSatisfiable
from gateway.mail.download import ByteRange

SIZES = st.integers(0, 50)


@given(size=SIZES, first=SIZES, length=st.integers(1, 60) | st.none())
def test_a_range_is_the_slice(size: int, first: int, length: int | None) -> None:
    data = bytes(range(size))
    wanted = ByteRange(first, None if length is None else first + length - 1)
    expected = data[first:] if length is None else data[first : first + length]
    if not expected:
        with pytest.raises(RangeNotSatisfiable) as caught:
            wanted.resolve(size)
        assert caught.value.size == size
    else:
        start, stop = wanted.resolve(size)
        assert data[start:stop] == expected


@given(size=SIZES, length=SIZES)
def test_a_suffix_is_the_end(size: int, length: int) -> None:
    data = bytes(range(size))
    if not size or not length:
        with pytest.raises(RangeNotSatisfiable):
            ByteRange(None, length).resolve(size)
    else:
        start, stop = ByteRange(None, length).resolve(size)
        assert data[start:stop] == data[-length:]
