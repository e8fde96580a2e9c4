"""Where a client is in a folder, as a token: given it back, the server alone tells what changed since."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.ids import MAX_UINT32
from gateway.sync.token import Kind, malformed, read, write
from gateway.sync.varint import Reader, varint

MAX_SAMPLES: Final = 60
MAX_MODSEQ: Final = (1 << 63) - 1  # RFC 7162 section 7, mod-sequence-value
MAX_TOKEN: Final = 700
"""Characters of the longest token. 60 samples need less at their worst: UIDs and sequence numbers are of 32 bits in
all, so hardly any of their distances takes five octets."""

FLAGS_OCTETS: Final = 8
"""Of a digest: it tells that flags changed, and defends nothing."""

_LATE, _LOST, _FLAGS = 64, 128, 256  # beside the number of samples, which is below the first
_FEWER: Final = 54  # samples that leave room for all the rest at its longest

Sample = tuple[int, int]
"""(UID, sequence number) of one message at one moment."""


class Late(Struct, frozen=True):
    """Of UIDs ``low`` to ``high`` only what changed up to ``modseq`` has been told."""

    modseq: int
    low: int
    high: int


class Lost(Struct, frozen=True):
    """Deletions have been told of UIDs less than ``low``: the client has ``below`` messages there."""

    low: int
    below: int


class FolderState(Struct, frozen=True):
    """A folder at one moment. ``highestmodseq`` 0: the server has none. ``uidnext`` 0: it does not tell.

    ``samples`` ascend in both numbers, and no sequence number is over ``exists``. ``flags`` is a digest of the newest
    messages' flags, where nothing numbers their changes. ``late`` and ``lost``: more had changed than one answer took,
    and this much of it is still to be told.
    """

    uidvalidity: int
    uidnext: int
    highestmodseq: int
    exists: int
    samples: tuple[Sample, ...] = ()
    late: Late | None = None
    lost: Lost | None = None
    flags: bytes = b""

    def __post_init__(self) -> None:
        small = (self.uidvalidity, self.uidnext, self.exists)
        if not all(0 <= number <= MAX_UINT32 for number in small) or not 0 <= self.highestmodseq <= MAX_MODSEQ:
            raise LocalError("a folder state's numbers are out of bounds")
        if len(self.samples) > MAX_SAMPLES or not _ascend(self.samples, self.exists):
            raise LocalError("a folder state's samples do not ascend")
        late, lost = self.late or Late(0, 1, 1), self.lost or Lost(1, 0)
        sound = 1 <= late.low <= late.high <= MAX_UINT32 and 1 <= lost.low <= MAX_UINT32 and lost.below <= self.exists
        if not sound or late.modseq > MAX_MODSEQ or len(self.flags) not in (0, FLAGS_OCTETS):
            raise LocalError("what is still to be told can't be written")

    def encode(self) -> str:
        """At most ``MAX_TOKEN`` characters: with a few samples less where the rest would not fit."""
        text = write(Kind.STATE, self.octets())
        return text if len(text) <= MAX_TOKEN else write(Kind.STATE, self.thinned(_FEWER).octets())

    def octets(self) -> bytes:
        """What a token holds, of this folder alone or of a whole account."""
        body = bytearray()
        rest = _LATE * (self.late is not None) | _LOST * (self.lost is not None) | _FLAGS * bool(self.flags)
        for number in (self.uidvalidity, self.uidnext, self.highestmodseq, self.exists, len(self.samples) | rest):
            body += varint(number)
        last_uid = last_seq = 0
        for uid, seq in self.samples:
            body += varint(uid - last_uid) + varint(seq - last_seq)
            last_uid, last_seq = uid, seq
        if self.late is not None:
            body += varint(self.late.modseq) + varint(self.late.low) + varint(self.late.high)
        if self.lost is not None:
            body += varint(self.lost.low) + varint(self.lost.below)
        return bytes(body) + self.flags

    def thinned(self, most: int) -> FolderState:
        """With at most ``most`` samples: half of them the newest, the others evenly among the rest.

        Deletions are found all the same; the blocks that have to be listed for one are wider.
        """
        count = len(self.samples)
        if count <= most:
            return self
        top = (most + 1) // 2
        rest = most - top
        kept = [self.samples[(count - top) * number // rest] for number in range(rest)]
        return replace(self, samples=(*kept, *self.samples[count - top :]))

    @classmethod
    def parse(cls, text: str, *, field: str = "since") -> FolderState:
        """Raises InvalidRequest naming ``field``."""
        reader = Reader(read(text, Kind.STATE, cap=MAX_TOKEN, field=field), malformed(field))
        state = cls.taken(reader, malformed(field))
        reader.end()
        return state

    @classmethod
    def taken(cls, reader: Reader, error: InvalidRequest) -> FolderState:
        """The next state that ``reader`` has; raises ``error`` for what :meth:`octets` would not have written."""
        uidvalidity, uidnext = reader.number(MAX_UINT32), reader.number(MAX_UINT32)
        highestmodseq, exists = reader.number(MAX_MODSEQ), reader.number(MAX_UINT32)
        announced = reader.number(MAX_SAMPLES | _LATE | _LOST | _FLAGS)
        samples: list[Sample] = []
        uid = seq = 0
        for _ in range(announced % _LATE):
            uid, seq = uid + reader.number(MAX_UINT32), seq + reader.number(MAX_UINT32)
            samples.append((uid, seq))
        late = _late(reader) if announced & _LATE else None
        lost = Lost(reader.number(MAX_UINT32), reader.number(exists)) if announced & _LOST else None
        flags = reader.take(FLAGS_OCTETS) if announced & _FLAGS else b""
        try:
            return cls(uidvalidity, uidnext, highestmodseq, exists, tuple(samples), late, lost, flags)
        except LocalError:
            raise error from None


def _late(reader: Reader) -> Late:
    return Late(reader.number(MAX_MODSEQ), reader.number(MAX_UINT32), reader.number(MAX_UINT32))


def _ascend(samples: tuple[Sample, ...], exists: int) -> bool:
    last_uid = last_seq = 0
    for uid, seq in samples:
        if uid <= last_uid or seq <= last_seq:
            return False
        last_uid, last_seq = uid, seq
    return last_uid <= MAX_UINT32 and last_seq <= exists
