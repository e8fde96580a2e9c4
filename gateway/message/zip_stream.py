"""A zip archive that is written as it goes: nothing of it is held but the list of what is in it.

Entries are stored as they are. Sizes and checksums follow each entry (a data descriptor), and whatever outgrows 32 bits
is written in the ZIP64 form, both by the standard library.
"""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import RawIOBase
from typing import IO, Final

_LARGE: Final = 1 << 30
"""An entry announced with more octets, or without its size, has room for 64 bits."""
_FIRST_YEAR: Final = 1980
_LAST_YEAR: Final = 2107


class ZipStream:
    """``begin()``, any number of ``feed()``, ``end()`` for each entry; then ``finish()``. Each gives octets to send."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._entry: IO[bytes] | None = None

    def begin(self, name: str, modified: datetime, size: int | None = None) -> bytes:
        """A new entry. ``name`` must be a plain file name that no other entry has; ``size`` need not be exact."""
        entry = zipfile.ZipInfo(name, _dos(modified))
        entry.external_attr = 0o600 << 16
        self._entry = self._zip.open(entry, "w", force_zip64=size is None or size > _LARGE)
        return self._outlet.take()

    def feed(self, piece: bytes) -> bytes:
        assert self._entry is not None
        self._entry.write(piece)
        return self._outlet.take()

    def end(self) -> bytes:
        assert self._entry is not None
        self._entry.close()
        self._entry = None
        return self._outlet.take()

    def finish(self) -> bytes:
        """The list of entries, without which the archive is none."""
        self._zip.close()
        return self._outlet.take()


class _Outlet(RawIOBase):
    """What zipfile writes to; it can't seek, so zipfile never looks back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        octets = bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer, which typeshed spells by version
        self._pieces.append(octets)
        return len(octets)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _dos(moment: datetime) -> tuple[int, int, int, int, int, int]:
    """In UTC, within the years that the format has."""
    at = moment.astimezone(UTC)
    if at.year < _FIRST_YEAR:
        return (_FIRST_YEAR, 1, 1, 0, 0, 0)
    if at.year > _LAST_YEAR:
        return (_LAST_YEAR, 12, 31, 23, 59, 58)
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)
