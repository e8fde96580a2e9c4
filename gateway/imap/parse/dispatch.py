"""Which kind of response a frame is (RFC 9051 section 9: ``response``).

::

    response      = *(continue-req / response-data) response-done
    continue-req  = "+" SP (resp-text / base64) CRLF
    response-data = "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data / ...) CRLF
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.errors import ProtocolViolation
from gateway.imap.framer import Frame
from gateway.imap.parse import mailbox, search, value
from gateway.imap.parse.fetch import fetch, flags_only
from gateway.imap.parse.status import condition, tagged
from gateway.imap.response import (
    Capability,
    Continue,
    Enabled,
    Exists,
    Expunged,
    MailboxFlags,
    Recent,
    Response,
    Unknown,
)
from gateway.imap.tokenizer import read_all

_UNTAGGED: Final = re.compile(rb"\* ++(?:([0-9]{1,10}) ++)?+([A-Za-z][A-Za-z0-9.+/_-]{0,63}+)(?: ++|(?=[(\"])|\Z)")


def parse(frame: Frame) -> Response:
    """The response a frame holds. Raises ProtocolViolation; never for an item of a FETCH (see ``Fetched.broken``)."""
    text = frame[0] if frame else None
    if not isinstance(text, bytes):
        raise ProtocolViolation("a response starts with text")
    if len(frame) == 1 and (fast := flags_only(text)) is not None:
        return fast
    if text[:2] == b"* ":
        return _untagged(text, frame)
    if text[:1] == b"+":
        return Continue(text[2:] if text[1:2] == b" " else text[1:])
    if not text.strip():
        return Unknown("", frame)
    return tagged(text)


def _untagged(text: bytes, frame: Frame) -> Response:
    match = _UNTAGGED.match(text)
    if match is None:
        raise ProtocolViolation("an untagged response without a name")
    kind = match[2].upper()
    if match[1] is not None:
        return _numbered(match[1], kind, frame, match.end())
    if kind in _CONDITIONS:
        status = condition(text)
        if status is not None:
            return status
    handler = _HANDLERS.get(kind)
    if handler is None:
        return Unknown(kind.decode("ascii"), frame)
    return handler(text, frame, match.end())


def _numbered(number: bytes, kind: bytes, frame: Frame, start: int) -> Response:
    """message-data, and the two of mailbox-data that begin with a number."""
    match kind:
        case b"FETCH":
            return fetch(value.nz_number(number), frame, start)
        case b"EXISTS":
            return Exists(value.number(number))
        case b"EXPUNGE":
            return Expunged(value.nz_number(number))
        case b"RECENT":
            return Recent(value.number(number))
        case _:
            return Unknown(kind.decode("ascii"), frame)


_Handler = Callable[[bytes, Frame, int], Response]
_CONDITIONS: Final = frozenset({b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"})
_HANDLERS: Final[Mapping[bytes, _Handler]] = MappingProxyType(
    {
        b"CAPABILITY": lambda text, _, start: Capability(value.words(text[start:])),
        b"ENABLED": lambda text, _, start: Enabled(value.words(text[start:])),
        b"FLAGS": lambda _, frame, start: MailboxFlags(value.flags((read_all(frame, start) or [None])[0])),
        b"LIST": lambda _, frame, start: mailbox.listed(frame, start, lsub=False),
        b"XLIST": lambda _, frame, start: mailbox.listed(frame, start, lsub=False),
        b"LSUB": lambda _, frame, start: mailbox.listed(frame, start, lsub=True),
        b"STATUS": lambda _, frame, start: mailbox.status(frame, start),
        b"NAMESPACE": lambda _, frame, start: mailbox.namespaces(frame, start),
        b"ID": lambda _, frame, start: mailbox.server_id(frame, start),
        b"QUOTA": lambda _, frame, start: mailbox.quota(frame, start),
        b"QUOTAROOT": lambda _, frame, start: mailbox.quota_root(frame, start),
        b"ACL": lambda _, frame, start: mailbox.acl(frame, start),
        b"LISTRIGHTS": lambda _, frame, start: mailbox.list_rights(frame, start),
        b"MYRIGHTS": lambda _, frame, start: mailbox.my_rights(frame, start),
        b"SEARCH": lambda text, _, start: search.found(text, start, "SEARCH"),
        b"SORT": lambda text, _, start: search.found(text, start, "SORT"),
        b"ESEARCH": lambda _, frame, start: search.esearch(frame, start),
        b"THREAD": lambda _, frame, start: search.threads(frame, start),
        b"VANISHED": lambda text, _, start: search.vanished(text, start),
    }
)
