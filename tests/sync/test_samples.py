"""Sample positions and the blocks that they show to be dirty, against a model that knows the truth."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sync.samples import Block, dirty_blocks, positions, take
from gateway.sync.state import MAX_SAMPLES, MAX_TOKEN, FolderState


class Folder:
    """A mailbox that knows every UID it ever had."""

    def __init__(self, uids: Sequence[int], uidnext: int) -> None:
        self.uids = list(uids)
        self.uidnext = uidnext

    def state(self, count: int = MAX_SAMPLES) -> FolderState:
        at = {seq: self.uids[seq - 1] for seq in positions(len(self.uids), count)}
        return FolderState(7, self.uidnext, 0, len(self.uids), take(at, len(self.uids)))

    def lose(self, uids: set[int]) -> None:
        self.uids = [uid for uid in self.uids if uid not in uids]

    def gain(self, count: int) -> None:
        self.uids += range(self.uidnext, self.uidnext + count)
        self.uidnext += count

    def blocks(self, old: FolderState) -> list[Block]:
        seq_of = {uid: seq for seq, uid in enumerate(self.uids, 1)}
        now = {uid: seq_of[uid] for uid, _ in old.samples if uid in seq_of}
        return dirty_blocks(old, now, bisect_left(self.uids, old.uidnext))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Folder, FolderState, set[int]]:
    """A folder after arrivals and losses, its state before them, and the UIDs that were lost."""
    gaps = draw(st.lists(st.integers(1, 4), max_size=120))
    uids = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    uidnext = (uids[-1] if uids else 0) + draw(st.integers(1, 5))
    lost = draw(st.sets(st.sampled_from(uids))) if uids else set()
    folder = Folder(uids, uidnext)
    old = folder.state(draw(st.integers(2, 12)))
    folder.gain(draw(st.integers(0, 5)))
    folder.lose(lost)
    return folder, old, lost


@given(histories())
def test_every_lost_message_is_in_one_dirty_block_and_every_block_is_exact(
    history: tuple[Folder, FolderState, set[int]],
) -> None:
    folder, old, lost = history
    blocks = folder.blocks(old)
    assert sum(block.lost or 0 for block in blocks) == len(lost)
    for block in blocks:
        inside = range(block.uid_lo + 1, block.uid_hi)
        assert block.lost == len([uid for uid in lost if uid in inside]) > 0
        assert block.present == len([uid for uid in folder.uids if uid in inside])
    ends = [(block.uid_lo, block.uid_hi) for block in blocks]
    assert ends == sorted(ends)
    assert all(hi <= lo for (_, hi), (lo, _) in pairwise(ends))


@given(histories())
def test_without_the_count_of_what_remains_nothing_lost_goes_unseen(
    history: tuple[Folder, FolderState, set[int]],
) -> None:
    folder, old, lost = history
    seq_of = {uid: seq for seq, uid in enumerate(folder.uids, 1)}
    blocks = dirty_blocks(old, {uid: seq_of[uid] for uid, _ in old.samples if uid in seq_of}, None)
    covered = {uid for block in blocks for uid in lost if block.uid_lo < uid < block.uid_hi}
    assert covered == lost


@given(st.integers(0, 2**32 - 1), st.integers(2, MAX_SAMPLES))
def test_positions_hold_first_and_last_ascend_and_are_few(exists: int, count: int) -> None:
    chosen = positions(exists, count)
    assert len(chosen) <= count
    assert list(chosen) == sorted(set(chosen))
    if exists:
        assert chosen[0] == 1
        assert chosen[-1] == exists
    if exists <= count:
        assert chosen == tuple(range(1, exists + 1))


def test_positions_grow_sparser_with_depth() -> None:
    chosen = positions(1_000_000)
    gaps = [high - low for low, high in pairwise(chosen)]
    assert gaps[1:] == sorted(gaps[1:], reverse=True)
    assert max(gaps) < 200_000
    assert min(gaps) == 16


MILLION = 1_000_000


def relisted(lost: list[int], arrivals: int = 0) -> tuple[int, int]:
    """UIDs that settling takes in a folder of a million (UID n is message n), and how many losses it settles."""
    old = FolderState(1, MILLION + 1, 0, MILLION, take({seq: seq for seq in positions(MILLION)}, MILLION))
    gone = sorted(lost)
    now = {uid: uid - bisect_left(gone, uid) for uid, _ in old.samples if uid not in set(gone)}
    blocks = dirty_blocks(old, now, MILLION - len(gone))
    assert all(block.lost is not None and block.present is not None for block in blocks)
    return sum(block.present or 0 for block in blocks), sum(block.lost or 0 for block in blocks)


def test_a_million_messages_without_deletion_list_nothing() -> None:
    assert relisted([]) == (0, 0)


@pytest.mark.parametrize("depth", [0, 1, 5, 40, 150, 400, 700, 1000])
def test_a_million_messages_and_one_recent_deletion_list_about_200(depth: int) -> None:
    listed, lost = relisted([MILLION - depth])
    assert lost == 1
    assert listed <= 230


def test_a_million_messages_and_twenty_recent_deletions_list_about_1000() -> None:
    random = Random(5)
    for _ in range(50):
        listed, lost = relisted(random.sample(range(MILLION - 1000, MILLION + 1), 20))
        assert lost == 20
        assert listed <= 1300


def test_a_folder_that_was_emptied_lists_nothing_and_loses_all() -> None:
    old = FolderState(1, 11, 0, 10, take({seq: seq for seq in range(1, 11)}, 10))
    assert dirty_blocks(old, {}, 0) == [Block(0, 11, 10, 0)]


def test_what_arrived_since_is_not_lost() -> None:
    folder = Folder([1, 2, 5], 9)
    old = folder.state()
    folder.gain(1000)
    assert folder.blocks(old) == []


def test_the_last_message_gone_and_new_ones_in_its_place() -> None:
    folder = Folder([1, 2, 5], 9)
    old = folder.state()
    folder.gain(1)
    folder.lose({5})
    assert folder.blocks(old) == [Block(2, 9, 1, 0)]


def test_contradictory_numbers_are_unsettled_never_clean() -> None:
    old = FolderState(1, 11, 0, 10, ((1, 1), (5, 5), (10, 10)))
    assert dirty_blocks(old, {1: 1, 5: 9, 10: 10}, 10) == [Block(1, 5, None, None), Block(5, 10, 4, 0)]
    assert dirty_blocks(old, {1: 4, 5: 4, 10: 10}, 10)[0] == Block(0, 1, None, None)


@given(st.dictionaries(st.integers(0, 2**33), st.integers(0, 2**33), max_size=100), st.integers(0, 2**32 - 1))
def test_take_makes_a_state_of_whatever_a_server_says(uid_at: dict[int, int], exists: int) -> None:
    state = FolderState(1, 0, 0, exists, take(uid_at, exists))
    assert FolderState.parse(state.encode()) == state
    assert len(state.encode()) <= MAX_TOKEN


@given(
    st.dictionaries(st.integers(1, 30), st.integers(-5, 40)),
    st.none() | st.integers(-5, 40),
    st.integers(0, 40),
)
def test_comparing_never_fails_whatever_a_server_says(now: dict[int, int], remaining: int | None, uidnext: int) -> None:
    old = FolderState(1, uidnext, 0, 12, ((3, 1), (8, 4), (20, 11), (21, 12)))
    for block in dirty_blocks(old, now, remaining):
        assert block.uid_lo < block.uid_hi
        assert (block.lost is None) == (block.present is None)
