"""Where a client is in a folder, as a token: given it back, the server alone tells what changed since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.ids import MAX_UINT32
from gateway.sync.token import Kind, malformed, read, write
from gateway.sync.varint import Reader, varint

MAX_SAMPLES: Final = 60
MAX_MODSEQ: Final = (1 << 63) - 1  # RFC 7162 section 7, mod-sequence-value
MAX_TOKEN: Final = 700
"""Characters of the longest token. 60 samples need less at their worst: UIDs and sequence numbers are of 32 bits in
all, so hardly any of their distances takes five octets."""

Sample = tuple[int, int]
"""(UID, sequence number) of one message at one moment."""


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder at one moment. ``highestmodseq`` 0: the server has none. ``uidnext`` 0: it does not tell.

    ``samples`` ascend in both numbers, and no sequence number is over ``exists``.
    """

    uidvalidity: int
    uidnext: int
    highestmodseq: int
    exists: int
    samples: tuple[Sample, ...] = ()

    def __post_init__(self) -> None:
        small = (self.uidvalidity, self.uidnext, self.exists)
        if not all(0 <= number <= MAX_UINT32 for number in small) or not 0 <= self.highestmodseq <= MAX_MODSEQ:
            raise LocalError("a folder state's numbers are out of bounds")
        if len(self.samples) > MAX_SAMPLES or not _ascend(self.samples, self.exists):
            raise LocalError("a folder state's samples do not ascend")

    def encode(self) -> str:
        """At most ``MAX_TOKEN`` characters."""
        return write(Kind.STATE, self.octets())

    def octets(self) -> bytes:
        """What a token holds, of this folder alone or of a whole account."""
        body = bytearray()
        for number in (self.uidvalidity, self.uidnext, self.highestmodseq, self.exists, len(self.samples)):
            body += varint(number)
        last_uid = last_seq = 0
        for uid, seq in self.samples:
            body += varint(uid - last_uid) + varint(seq - last_seq)
            last_uid, last_seq = uid, seq
        return bytes(body)

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
        samples: list[Sample] = []
        uid = seq = 0
        for _ in range(reader.number(MAX_SAMPLES)):
            uid, seq = uid + reader.number(MAX_UINT32), seq + reader.number(MAX_UINT32)
            samples.append((uid, seq))
        if not _ascend(samples, exists):
            raise error
        return cls(uidvalidity, uidnext, highestmodseq, exists, tuple(samples))


def _ascend(samples: list[Sample] | tuple[Sample, ...], exists: int) -> bool:
    last_uid = last_seq = 0
    for uid, seq in samples:
        if uid <= last_uid or seq <= last_seq:
            return False
        last_uid, last_seq = uid, seq
    return last_uid <= MAX_UINT32 and last_seq <= exists
