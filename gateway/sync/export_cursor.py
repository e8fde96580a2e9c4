"""Where an export goes on: above a UID, of one selection, in one life of a folder."""

from __future__ import annotations

from struct import Struct as Form
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.sync.cursor import FINGERPRINT
from gateway.sync.search_cursor import MARK
from gateway.sync.token import Kind, malformed, read, write

_FORM: Final = Form(f">II{FINGERPRINT}s")
_OF_ACCOUNT: Final = Form(f">{MARK}sII{FINGERPRINT}s")
_CAP: Final = 48


class ExportCursor(Struct, frozen=True):
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


class AccountExportCursor(Struct, frozen=True):
    """Folders come in the order of their marks: those under ``mark`` are done, in that of ``mark`` it goes on.

    There, messages with UIDs greater than ``uid_above`` are still to come; 0: it was not begun, in whatever life.
    """

    mark: bytes
    uidvalidity: int
    uid_above: int
    fingerprint: bytes

    def encode(self) -> str:
        return write(
            Kind.ACCOUNT_EXPORT, _OF_ACCOUNT.pack(self.mark, self.uidvalidity, self.uid_above, self.fingerprint)
        )

    @classmethod
    def parse(cls, text: str, *, field: str = "cursor", fingerprint: bytes) -> AccountExportCursor:
        """Raises InvalidRequest naming ``field``, also where the cursor belongs to another search."""
        body = read(text, Kind.ACCOUNT_EXPORT, cap=_CAP, field=field)
        if len(body) != _OF_ACCOUNT.size:
            raise malformed(field)
        mark, uidvalidity, uid_above, of_query = _OF_ACCOUNT.unpack(body)
        if of_query != fingerprint:
            raise InvalidRequest("the cursor belongs to another search", field=field)
        return cls(mark, uidvalidity, uid_above, of_query)
