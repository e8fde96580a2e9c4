"""Where a client is in a whole account, or in some of its folders: the folders that it knows, and its state in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.ids import MAX_MAILBOX
from gateway.sync.state import MAX_SAMPLES, FolderState
from gateway.sync.token import Kind, malformed, read, write
from gateway.sync.varint import Reader, varint

MAX_FOLDERS: Final = 5_000
COMFORTABLE: Final = 4_000
"""Characters up to which a token fits into a header or a URL everywhere; samples are left out before it gets longer."""
MAX_ACCOUNT: Final = 262_144
"""Characters of the longest token that is read."""
_SAMPLE: Final = 8 / 3
"""Characters of the shortest sample: more of them than fit need not be written to know that."""
_FEWER: Final = (MAX_SAMPLES, 30, 16, 8, 4, 2, 0)
_SUBSCRIBED, _SELECTABLE, _STATED = 1, 2, 4


class KnownFolder(Struct, frozen=True):
    """One folder as the client knows it. ``state`` is None where it holds no messages, or none are known yet."""

    subscribed: bool = False
    selectable: bool = True
    state: FolderState | None = None


class AccountState(Struct, frozen=True):
    """``whole``: of all folders of the account, so that one that is not named is new; else of those named only.

    ``folders`` are by their wire names, in any order.
    """

    whole: bool
    folders: Mapping[bytes, KnownFolder]

    def __post_init__(self) -> None:
        fit = all(0 < len(name) <= MAX_MAILBOX and b"\0" not in name for name in self.folders)
        if len(self.folders) > MAX_FOLDERS or not fit:
            raise LocalError("an account state of too many folders, or of a name that can have no id")

    def encode(self) -> str:
        """No longer than ``COMFORTABLE`` where leaving out samples can make it so."""
        text = ""
        for most in _FEWER:
            samples = sum(min(most, len(known.state.samples)) for known in self.folders.values() if known.state)
            if most and samples * _SAMPLE > COMFORTABLE:
                continue
            text = write(Kind.ACCOUNT, self._octets(most))
            if len(text) <= COMFORTABLE:
                break
        return text

    def with_state(self, name: bytes, state: FolderState) -> AccountState:
        """The same, with this folder at ``state``."""
        known = self.folders.get(name, KnownFolder())
        return AccountState(self.whole, {**self.folders, name: replace(known, state=state)})

    def without_state(self, name: bytes) -> AccountState:
        """The same, with nothing known of this folder's messages."""
        known = self.folders.get(name, KnownFolder())
        return AccountState(self.whole, {**self.folders, name: replace(known, state=None)})

    @classmethod
    def parse(cls, text: str, *, field: str = "since") -> AccountState:
        """Raises InvalidRequest naming ``field``."""
        error = malformed(field)
        reader = Reader(read(text, Kind.ACCOUNT, cap=MAX_ACCOUNT, field=field), error)
        whole, folders, last = bool(reader.number(1)), dict[bytes, KnownFolder](), b""
        for _ in range(reader.number(MAX_FOLDERS)):
            name = _name(reader, last, error)
            folders[name] = _known(reader, error)
            last = name
        reader.end()
        return cls(whole, folders)

    def _octets(self, most: int) -> bytes:
        body = bytearray(varint(int(self.whole)) + varint(len(self.folders)))
        last = b""
        for name, known in sorted(self.folders.items()):
            shared = _shared(last, name)
            body += varint(shared) + varint(len(name) - shared) + name[shared:]
            bits = known.subscribed * _SUBSCRIBED | known.selectable * _SELECTABLE
            if known.state is None:
                body += varint(bits)
            else:
                body += varint(bits | _STATED) + known.state.thinned(most).octets()
            last = name
        return bytes(body)


def is_account_state(text: str) -> bool:
    """Whether a token is that of an account and not of a folder; says nothing of whether it can be read."""
    return text.startswith("H")


def some(states: Iterable[tuple[bytes, FolderState]]) -> AccountState:
    """Of these folders only."""
    return AccountState(False, {name: KnownFolder(state=state) for name, state in states})


def _name(reader: Reader, last: bytes, error: InvalidRequest) -> bytes:
    """The next name; each is above the last one, and what it shares with that is not written again."""
    shared = reader.number(len(last))
    name = last[:shared] + reader.take(reader.number(MAX_MAILBOX))
    if not last < name or len(name) > MAX_MAILBOX or b"\0" in name or _shared(last, name) != shared:
        raise error
    if name.upper() == b"INBOX" and name != b"INBOX":
        raise error
    return name


def _shared(one: bytes, other: bytes) -> int:
    """Octets that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _known(reader: Reader, error: InvalidRequest) -> KnownFolder:
    bits = reader.number(_SUBSCRIBED | _SELECTABLE | _STATED)
    state = FolderState.taken(reader, error) if bits & _STATED else None
    return KnownFolder(bool(bits & _SUBSCRIBED), bool(bits & _SELECTABLE), state)
