"""Finding lost messages without listing a folder: which messages to remember, and what their moving tells.

UIDs only grow with sequence numbers (RFC 9051 section 2.3.1.1). So where two remembered messages are as many sequence
numbers apart as they were, everything between them is still there; a block whose ends came closer has lost exactly the
difference, and only such a dirty block needs listing. A remembered message that vanished merges the blocks beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.sync.state import MAX_SAMPLES, FolderState, Lost, Sample

NEAREST: Final = 16
"""Smallest distance of two positions: near the top, where most is deleted, a dirty block is this small."""

_UNIT: Final = 256


class Block(Struct, frozen=True):
    """A region that lost messages: UIDs strictly between ``uid_lo`` and ``uid_hi``.

    ``lost``: how many of the messages that were there are gone. ``present``: how many are still there, which is how
    many UIDs listing the block will give. Both are None where the server's numbers contradict each other.
    """

    uid_lo: int
    uid_hi: int
    lost: int | None
    present: int | None


def positions(exists: int, count: int = MAX_SAMPLES) -> tuple[int, ...]:
    """Sequence numbers to remember, ascending: the first, the last, and between them the denser the nearer the top.

    At a depth of d messages two neighbours are about ``d * growth`` apart, with the growth that lets ``count`` reach
    the bottom: in a million messages 0.2, so a deletion among the last thousand dirties fewer than 200.
    """
    if exists <= count:
        return tuple(range(1, exists + 1))
    low, high = 0, 16 * _UNIT
    while low < high:
        middle = (low + high) // 2
        if _depths(middle, count)[-1] >= exists - 1:
            high = middle
        else:
            low = middle + 1
    return tuple(sorted({max(1, exists - depth) for depth in _depths(low, count - 1)} | {1}))


def take(uid_at: Mapping[int, int], exists: int) -> tuple[Sample, ...]:
    """The samples of a folder out of ``{sequence number: UID}``; numbers that can't be true are left out.

    A server whose UIDs do not ascend loses samples, and so precision, but never makes a state that can't be written.
    """
    samples: list[Sample] = []
    last = 0
    for seq in sorted(uid_at):
        uid = uid_at[seq]
        if 1 <= seq <= exists and last < uid <= 0xFFFF_FFFF:
            samples.append((uid, seq))
            last = uid
    return tuple(samples[-MAX_SAMPLES:])


def dirty_blocks(old: FolderState, now: Mapping[int, int], remaining: int | None, counted: int = 0) -> list[Block]:
    """The blocks that lost messages since ``old``, lowest first; empty when nothing was lost.

    ``now`` is ``{UID: sequence number}`` of those of ``old.samples`` that are still there, ``remaining`` how many
    messages have a UID below ``old.uidnext``: those now there less those that came since. None: not known, and then
    the top block is dirty unless the last message is a sample that is still there. ``counted``: how many messages
    have a UID below ``old.lost.low``, down to which deletions were told already.

    All numbers must be of one moment: where an EXPUNGE arrived while they were gathered, gather them again.
    """
    blocks: list[Block] = []
    low = _start(old, counted)
    for uid, seq in old.samples:
        if uid in now and uid > low[0]:
            high = (uid, seq, now[uid])
            _compare(low, high, blocks)
            low = high
    if remaining is None and low[1] == old.exists:
        return blocks
    _compare(low, (_top(old), old.exists + 1, None if remaining is None else remaining + 1), blocks)
    return blocks


def told_down_to(
    old: FolderState, now: Mapping[int, int], counted: int, block: Block, uid: int, kept: int
) -> FolderState:
    """``old`` once the deletions of UIDs up to ``uid``, which is in ``block``, are told; ``kept``: what is there of it.

    It is the state of a folder that never was: as it is now up to ``uid``, and as it was from there on. What is deleted
    below ``uid`` after ``now`` shows as a dirty block of that.
    """
    start = _start(old, counted)
    points = [(at, seq, now[at]) for at, seq in old.samples if at in now and at > start[0]]
    low = max(point for point in (start, *points) if point[0] <= block.uid_lo)
    moved = start[1] - start[2]  # from a number of now to that of the client's messages
    shift = low[2] + moved - low[1]
    samples = [
        *(sample for sample in old.samples if sample[0] <= start[0]),
        *((at, present + moved) for at, _, present in points if at <= block.uid_lo),
        *((at, seq + shift) for at, seq, _ in points if at >= block.uid_hi),
    ]
    told = Lost(uid + 1, low[2] + moved + kept)
    return replace(old, samples=tuple(samples), exists=old.exists + shift, lost=told)


def told_all(old: FolderState, now: Mapping[int, int], counted: int, remaining: int) -> FolderState:
    """``old`` once all its deletions are told, the last of them as the folder is now."""
    start = _start(old, counted)
    moved = start[1] - start[2]
    kept = [sample for sample in old.samples if sample[0] <= start[0]]
    later = [(at, now[at] + moved) for at, _ in old.samples if at in now and at > start[0]]
    return replace(old, samples=(*kept, *later), exists=remaining + moved, lost=None)


def _start(old: FolderState, counted: int) -> tuple[int, int, int]:
    """The point that the comparison begins at: UID, the client's number of messages up to it, and that of now."""
    return (0, 0, 0) if old.lost is None else (old.lost.low - 1, old.lost.below, counted)


def _compare(low: tuple[int, int, int], high: tuple[int, int, int | None], blocks: list[Block]) -> None:
    uid_lo, then_lo, now_lo = low
    uid_hi, then_hi, now_hi = high
    if now_hi is None:
        blocks.append(Block(uid_lo, uid_hi, None, None))
        return
    lost = (then_hi - then_lo) - (now_hi - now_lo)
    if lost < 0 or now_hi <= now_lo:
        blocks.append(Block(uid_lo, uid_hi, None, None))
    elif lost:
        blocks.append(Block(uid_lo, uid_hi, lost, now_hi - now_lo - 1))


def _top(old: FolderState) -> int:
    """The exclusive upper bound of the UIDs that ``old`` speaks of."""
    last, seq = old.samples[-1] if old.samples else (0, 0)
    if old.uidnext:
        return max(old.uidnext, last + 1)
    return last + 1 if old.samples and seq == old.exists else 1 << 32


def _depths(growth: int, count: int) -> list[int]:
    """How far below the last message each position lies; ``growth`` is in 1/256 of the depth."""
    depth = 0
    depths = [depth]
    for _ in range(count - 1):
        depth += max(NEAREST, depth * growth // _UNIT)
        depths.append(depth)
    return depths
