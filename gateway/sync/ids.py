"""Ids of folders and messages: self-describing, so any replica answers them without a table.

A folder id is the mailbox name's octets as the server spells them. A message id adds UIDVALIDITY and UID, which
together name a message for good (RFC 9051 section 2.3.1.1).
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct as Form
from typing import Final

from msgspec import Struct
from msgspec.structs import force_setattr

from gateway.errors import LocalError
from gateway.sync.token import Kind, malformed, read, write

MAX_MAILBOX: Final = 4096
"""Longest mailbox name in octets that gets an id: the longest path of a file system, so the longest that is in use."""

MAX_UINT32: Final = 0xFFFF_FFFF
_MAX_FOLDER: Final = -(-(1 + MAX_MAILBOX) * 4 // 3)
_MAX_MESSAGE: Final = -(-(9 + MAX_MAILBOX) * 4 // 3)
_NUMBERS: Final = Form(">II")


@lru_cache(maxsize=1024)
def folder_id(mailbox: bytes) -> str:
    """The id of the mailbox with this wire name. INBOX is one folder however it is spelt (RFC 9051 section 5.1)."""
    return write(Kind.FOLDER, _canonical(mailbox))


def parse_folder_id(text: str, *, field: str = "folder") -> bytes:
    """The wire name of the mailbox; raises InvalidRequest naming ``field``."""
    name = read(text, Kind.FOLDER, cap=_MAX_FOLDER, field=field)
    _check_name(name, field)
    return name


class MessageId(Struct, frozen=True):
    """One message for good: ``uidvalidity`` and ``uid`` are unsigned 32-bit numbers, ``uid`` is never 0."""

    mailbox: bytes
    uidvalidity: int
    uid: int

    def __post_init__(self) -> None:
        force_setattr(self, "mailbox", _canonical(self.mailbox))
        _check_numbers(self.uidvalidity, self.uid)

    def encode(self) -> str:
        """Opaque, URL-safe, and the only spelling that :meth:`parse` takes."""
        return message_id(self.mailbox, self.uidvalidity, self.uid)

    @classmethod
    def parse(cls, text: str, *, field: str = "id") -> MessageId:
        """The message that an id of ours names; raises InvalidRequest naming ``field``."""
        body = read(text, Kind.MESSAGE, cap=_MAX_MESSAGE, field=field)
        if len(body) < _NUMBERS.size:
            raise malformed(field)
        uidvalidity, uid = _NUMBERS.unpack_from(body)
        name = body[_NUMBERS.size :]
        _check_name(name, field)
        if not uid:
            raise malformed(field)
        return cls(name, uidvalidity, uid)


def message_id(mailbox: bytes, uidvalidity: int, uid: int) -> str:
    """What :meth:`MessageId.encode` gives."""
    _check_numbers(uidvalidity, uid)
    return write(Kind.MESSAGE, _NUMBERS.pack(uidvalidity, uid) + _canonical(mailbox))


def _check_numbers(uidvalidity: int, uid: int) -> None:
    if not (0 <= uidvalidity <= MAX_UINT32 and 1 <= uid <= MAX_UINT32):
        raise LocalError("a message id needs an UIDVALIDITY and UID of 32 bits")


@lru_cache(maxsize=1024)
def _canonical(mailbox: bytes) -> bytes:
    name = b"INBOX" if mailbox.upper() == b"INBOX" else mailbox
    if not name or len(name) > MAX_MAILBOX or b"\0" in name:
        raise LocalError("a mailbox name that can have no id")
    return name


def _check_name(name: bytes, field: str) -> None:
    """NUL can't be said in IMAP at all (RFC 9051 section 9, CHAR8); another spelling of INBOX would be a second id."""
    if not name or len(name) > MAX_MAILBOX or b"\0" in name or (name.upper() == b"INBOX" and name != b"INBOX"):
        raise malformed(field)
