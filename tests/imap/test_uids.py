from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, ProtocolViolation
from gateway.imap import limits
from gateway.imap.uids import SequenceSet, UidSet
from tests.effort import least

NUMBERS = st.sets(st.integers(1, 60), max_size=40)


@pytest.mark.parametrize(
    ("wire", "normal"),
    [
        (b"1", "1"),
        (b"1:3", "1:3"),
        (b"10:1", "1:10"),
        (b"3,1,2", "1:3"),
        (b"1:5,3:9,20", "1:9,20"),
        (b"007", "7"),
        (b"1:4294967295", "1:*"),
        (b"4294967295", "4294967295"),
    ],
)
def test_parse(wire: bytes, normal: str) -> None:
    assert str(UidSet.parse(wire)) == normal


@pytest.mark.parametrize(
    "wire",
    [b"", b"0", b"1:0", b"4294967296", b"1,", b",1", b"1::2", b"1:2:3", b"a", b"-1", b"1 2", b"*", b"1:*", b"9" * 5000],
)
def test_what_is_no_set(wire: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        UidSet.parse(wire)


def test_star_stands_for_what_is_said() -> None:
    assert str(UidSet.parse(b"5:*", star=9)) == "5:9"
    assert str(UidSet.parse(b"*", star=9)) == "9"
    assert str(UidSet.parse(b"12:*", star=9)) == "9:12"


@given(NUMBERS, NUMBERS)
def test_a_set_is_a_set(one: set[int], two: set[int]) -> None:
    left, right = UidSet.of(one), UidSet.of(two)
    assert list(left) == sorted(one)
    assert len(left) == len(one)
    assert bool(left) == bool(one)
    assert list(left.union(right)) == sorted(one | two)
    assert list(left.intersect(right)) == sorted(one & two)
    assert list(left.subtract(right)) == sorted(one - two)
    assert all((number in left) == (number in one) for number in range(62))
    assert left.first == min(one, default=None)
    assert left.last == max(one, default=None)
    if one:
        assert UidSet.parse(str(left).encode()) == left
    assert [number for piece in left.chunks(60) for number in piece] == sorted(one)
    batches = list(left.batches(7))
    assert [number for piece in batches for number in piece] == sorted(one)
    assert all(len(piece) == 7 for piece in batches[:-1])


def test_huge_ranges_are_never_expanded() -> None:
    all_ = UidSet.from_(1)

    def looked_at() -> None:
        assert len(all_) == limits.MAX_NUMBER
        assert 12345 in all_
        assert len(all_.subtract(UidSet.of([5]))) == limits.MAX_NUMBER - 1
        assert next(all_.batches(1000)) == UidSet.span(1, 1000)

    assert least(looked_at, 0.1) < 0.1
    with pytest.raises(ProtocolViolation):
        next(iter(all_))


def test_parsing_is_bounded() -> None:
    began = time.process_time()
    with pytest.raises(ProtocolViolation):
        UidSet.parse(b",".join(b"%d" % (2 * number + 1) for number in range(limits.MAX_RANGES + 1)))
    with pytest.raises(ProtocolViolation):
        UidSet.parse(b"1," * 50_000 + b"x")
    assert time.process_time() - began < 1


def test_the_two_kinds_are_never_equal() -> None:
    assert UidSet.of([1]) != SequenceSet.of([1])
    assert hash(UidSet.of([1])) != hash(SequenceSet.of([1]))
    assert "1" not in UidSet.of([1])


@pytest.mark.parametrize("number", [0, -1, limits.MAX_NUMBER + 1])
def test_numbers_out_of_range(number: int) -> None:
    with pytest.raises(InvalidRequest):
        UidSet.of([number])


def test_span_and_repr() -> None:
    assert not UidSet.span(3, 2)
    assert repr(UidSet.of([1, 2, 9])) == "UidSet(1:2,9)"
    assert repr(SequenceSet.of(range(1, 100, 2))) == "SequenceSet(50 ranges)"
    assert str(UidSet.from_(7)) == "7:*"
