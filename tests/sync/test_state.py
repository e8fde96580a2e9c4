"""Folder states round-trip within their cap, and nothing but their own spelling parses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.samples import positions, take
from gateway.sync.state import MAX_MODSEQ, MAX_SAMPLES, MAX_TOKEN, FolderState, Late, Lost
from gateway.sync.token import Kind, write
from gateway.sync.varint import Reader, varint

uint32 = st.integers(0, 2**32 - 1)


@st.composite
def states(draw: st.DrawFn) -> FolderState:
    uids = sorted(draw(st.sets(st.integers(1, 2**32 - 1), max_size=MAX_SAMPLES)))
    seqs = sorted(draw(st.sets(st.integers(1, 2**32 - 1), min_size=len(uids), max_size=len(uids))))
    exists = draw(st.integers(seqs[-1] if seqs else 0, 2**32 - 1))
    samples = tuple(zip(uids, seqs, strict=True))
    low, high = sorted((draw(st.integers(1, 2**32 - 1)), draw(st.integers(1, 2**32 - 1))))
    late = draw(st.none() | st.builds(Late, st.integers(0, MAX_MODSEQ), st.just(low), st.just(high)))
    lost = draw(st.none() | st.builds(Lost, st.integers(1, 2**32 - 1), st.integers(0, exists)))
    flags = draw(st.just(b"") | st.binary(min_size=8, max_size=8))
    modseq = draw(st.integers(0, MAX_MODSEQ))
    return FolderState(draw(uint32), draw(uint32), modseq, exists, samples, late, lost, flags)


@given(states())
def test_states_round_trip_within_the_cap(state: FolderState) -> None:
    text = state.encode()
    assert len(text) <= MAX_TOKEN
    assert FolderState.parse(text) == state


def test_the_worst_state_is_within_the_cap() -> None:
    """Every distance as wide as 60 of them can be: the cap holds by arithmetic, not by luck of the draw."""
    wide = 2**32 // (MAX_SAMPLES + 1)
    samples = tuple((n * wide, n * wide) for n in range(1, MAX_SAMPLES + 1))
    worst = FolderState(2**32 - 1, 2**32 - 1, MAX_MODSEQ, 2**32 - 1, samples)
    assert len(worst.encode()) <= MAX_TOKEN
    assert FolderState.parse(worst.encode()) == worst
    late, lost = Late(MAX_MODSEQ, 2**32 - 1, 2**32 - 1), Lost(2**32 - 1, 2**32 - 1)
    worst = replace(worst, late=late, lost=lost, flags=b"\xff" * 8)
    assert len(worst.encode()) <= MAX_TOKEN
    assert replace(FolderState.parse(worst.encode()), samples=()) == replace(worst, samples=())


def test_what_is_still_to_be_told_is_in_the_state_and_nothing_that_lies() -> None:
    def token(*numbers: int) -> str:
        return write(Kind.STATE, b"".join(map(varint, numbers)))

    assert FolderState.parse(token(1, 9, 7, 3, 64, 5, 2, 8)).late == Late(5, 2, 8)
    assert FolderState.parse(token(1, 9, 7, 3, 128, 4, 2)).lost == Lost(4, 2)
    assert FolderState.parse(token(1, 9, 7, 3, 256, 1, 2, 3, 4, 5, 6, 7, 8)).flags == bytes(range(1, 9))
    for numbers in (
        (1, 9, 7, 3, 64, 5, 2),  # no upper end
        (1, 9, 7, 3, 64, 5, 8, 2),  # a range that runs backwards
        (1, 9, 7, 3, 64, 5, 0, 2),  # UID 0
        (1, 9, 7, 3, 128, 0, 2),
        (1, 9, 7, 3, 128, 4, 4),  # more messages than there are
        (1, 9, 7, 3, 256, 1, 2, 3),  # half a digest
        (1, 9, 7, 3, 512),  # nothing that is known
        (1, 9, 7, 3, 61),
    ):
        with pytest.raises(InvalidRequest):
            FolderState.parse(token(*numbers))


def test_a_folder_of_a_million_fits() -> None:
    exists = 1_000_000
    samples = take({seq: seq * 4000 for seq in positions(exists)}, exists)
    assert len(samples) == MAX_SAMPLES
    state = FolderState(1_767_225_600, exists * 4000 + 1, 2**40, exists, samples)
    assert len(state.encode()) < 500


def test_states_that_lie_are_refused() -> None:
    def token(*numbers: int) -> str:
        return write(Kind.STATE, b"".join(map(varint, numbers)))

    assert FolderState.parse(token(1, 9, 0, 3, 1, 5, 3)).samples == ((5, 3),)
    for numbers in (
        (1, 9, 0, 3),  # no count of samples
        (1, 9, 0, 3, 2, 5, 3),  # one sample too few
        (1, 9, 0, 3, 1, 5, 3, 0),  # more than announced
        (1, 9, 0, 3, 1, 5, 4),  # beyond exists
        (1, 9, 0, 3, 1, 0, 1),  # UID 0
        (1, 9, 0, 3, 1, 1, 0),  # sequence number 0
        (1, 9, 0, 3, 2, 5, 1, 0, 1),  # the same UID twice
        (2**32, 9, 0, 3, 0),
        (1, 9, 0, 2**32, 0),
        (1, 9, 0, 3, MAX_SAMPLES + 1),
        (1, 9, 0, 2**32 - 1, 2, 2**32 - 1, 1, 1, 1),  # a UID over 32 bits
    ):
        with pytest.raises(InvalidRequest) as caught:
            FolderState.parse(token(*numbers))
        assert caught.value.field == "since"


def test_a_longer_spelling_of_a_number_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        FolderState.parse(write(Kind.STATE, b"\x81\x00\x01\x00\x00\x00"))


@pytest.mark.parametrize(
    "fields",
    [
        (2**32, 0, 0, 0, ()),
        (0, -1, 0, 0, ()),
        (0, 0, MAX_MODSEQ + 1, 0, ()),
        (0, 0, 0, 1, ((1, 2),)),
        (0, 0, 0, 5, ((2, 1), (1, 2))),
        (0, 0, 0, 99, tuple((n, n) for n in range(1, MAX_SAMPLES + 2))),
    ],
)
def test_a_state_that_can_not_be_written_is_our_own_fault(
    fields: tuple[int, int, int, int, tuple[tuple[int, int], ...]],
) -> None:
    with pytest.raises(LocalError):
        FolderState(*fields)


@given(st.lists(st.integers(0, MAX_MODSEQ)))
def test_varints_round_trip(numbers: list[int]) -> None:
    reader = Reader(b"".join(map(varint, numbers)), InvalidRequest())
    assert [reader.number(MAX_MODSEQ) for _ in numbers] == numbers
    reader.end()


@given(st.binary(max_size=30))
def test_any_octets_are_numbers_or_the_readers_error(octets: bytes) -> None:
    reader = Reader(octets, InvalidRequest(field="x"))
    read = b""
    try:
        while len(read) < len(octets):
            read += varint(reader.number(MAX_MODSEQ))
        reader.end()
    except InvalidRequest:
        return
    assert read == octets


def test_numbers_over_63_bits_have_no_form() -> None:
    for number in (-1, 1 << 63):
        with pytest.raises(LocalError):
            varint(number)
