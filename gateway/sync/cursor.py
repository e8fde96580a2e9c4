"""The position of the next page: below a UID, of one query, in one life of the folder."""

from __future__ import annotations

from hashlib import sha256
from struct import Struct as Form
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.ids import MAX_UINT32
from gateway.sync.token import Kind, malformed, read, write

FINGERPRINT: Final = 8  # octets; it catches mistakes, it defends nothing: a forged cursor only pages elsewhere
_FORM: Final = Form(f">II{FINGERPRINT}s")
_CAP: Final = 32


class Cursor(Struct, frozen=True):
    """A page goes on with UIDs less than ``uid_below``; ``fingerprint`` is that of filter and sort."""

    uidvalidity: int
    uid_below: int
    fingerprint: bytes

    def __post_init__(self) -> None:
        numbers = 0 <= self.uidvalidity <= MAX_UINT32 and 1 <= self.uid_below <= MAX_UINT32
        if not numbers or len(self.fingerprint) != FINGERPRINT:
            raise LocalError("a cursor needs numbers of 32 bits and a fingerprint made by fingerprint()")

    def encode(self) -> str:
        return write(Kind.CURSOR, _FORM.pack(self.uidvalidity, self.uid_below, self.fingerprint))

    @classmethod
    def parse(cls, text: str, *, field: str = "cursor", fingerprint: bytes | None = None) -> Cursor:
        """Raises InvalidRequest naming ``field``, also where the cursor belongs to a query of another fingerprint."""
        body = read(text, Kind.CURSOR, cap=_CAP, field=field)
        if len(body) != _FORM.size:
            raise malformed(field)
        uidvalidity, uid_below, of_query = _FORM.unpack(body)
        if not uid_below:
            raise malformed(field)
        if fingerprint is not None and of_query != fingerprint:
            raise InvalidRequest("the cursor belongs to another filter or sort", field=field)
        return cls(uidvalidity, uid_below, of_query)


def fingerprint(*parts: str | None) -> bytes:
    """What tells one query from another; None and the empty string differ, and so do other splits of the same text."""
    digest = sha256()
    for part in parts:
        octets = b"" if part is None else part.encode("utf-8", "surrogatepass")
        digest.update(b"-" if part is None else b"%d:" % len(octets))
        digest.update(octets)
    return digest.digest()[:FINGERPRINT]
