"""Where an export goes on: above a UID, of one selection, in one life of the folder."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from gateway.errors import InvalidRequest
from gateway.sync.cursor import FINGERPRINT
from gateway.sync.token import Kind, malformed, read, write

_FORM: Final = Struct(f">II{FINGERPRINT}s")
_CAP: Final = 32


@dataclass(frozen=True, slots=True)
class ExportCursor:
    """Messages with UIDs greater than ``uid_above`` are still to come; ``fingerprint`` is that of the filter."""

    uidvalidity: int
    uid_above: int
    fingerprint: bytes

    def encode(self) -> str:
        return write(Kind.EXPORT, _FORM.pack(self.uidvalidity, self.uid_above, self.fingerprint))

    @classmethod
    def parse(cls, text: str, *, field: str = "cursor", fingerprint: bytes) -> ExportCursor:
        """Raises InvalidRequest naming ``field``, also where the cursor belongs to another filter."""
        body = read(text, Kind.EXPORT, cap=_CAP, field=field)
        if len(body) != _FORM.size:
            raise malformed(field)
        uidvalidity, uid_above, of_query = _FORM.unpack(body)
        if of_query != fingerprint:
            raise InvalidRequest("the cursor belongs to another filter", field=field)
        return cls(uidvalidity, uid_above, of_query)
