"""Status responses and their codes (RFC 9051 section 7.1; section 9: ``resp-text``, ``resp-text-code``).

::

    response-tagged = tag SP resp-cond-state CRLF
    resp-text       = ["[" resp-text-code "]" SP] [text]
"""

from __future__ import annotations

import re
from typing import Final, Literal, cast

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.parse import value
from gateway.imap.response import (
    AppendUid,
    BadCharset,
    CapabilityCode,
    Code,
    Condition,
    CopyUid,
    FlagsCode,
    MailboxId,
    Modified,
    NumberCode,
    Tagged,
)
from gateway.imap.tokenizer import Node, read_all
from gateway.imap.uids import UidSet, parse_ranges

_TAGGED: Final = re.compile(rb"([^\s*+(){%\"\\]{1,64}+) (OK|NO|BAD)(?: +(.*))?+", re.IGNORECASE | re.DOTALL)
_CONDITION: Final = re.compile(rb"\* (OK|NO|BAD|BYE|PREAUTH)(?: +(.*))?+", re.IGNORECASE | re.DOTALL)
_CODE: Final = re.compile(
    rb'\[([A-Za-z0-9][A-Za-z0-9.=/_-]{0,63}+)(?: ++((?:[^]"]++|"(?:[^"\\]++|\\.)*+")*+))?+\] ?(.*)', re.DOTALL
)
# A quote that is never closed, as in a URL: the code ends at the first bracket then.
_PLAIN_CODE: Final = re.compile(rb"\[([A-Za-z0-9][A-Za-z0-9.=/_-]{0,63}+)(?: ++([^]]*+))?+\] ?(.*)", re.DOTALL)


def tagged(text: bytes) -> Tagged:
    """Raises ProtocolViolation for what is no tagged response."""
    match = _TAGGED.fullmatch(text)
    if match is None:
        raise ProtocolViolation("neither an untagged nor a tagged response")
    code, human = response_text(match[3] or b"")
    status = cast("Literal['OK', 'NO', 'BAD']", match[2].decode("ascii").upper())
    return Tagged(match[1].decode("ascii", "replace"), status, code, human)


def condition(text: bytes) -> Condition | None:
    """An untagged status response; None for other untagged responses."""
    match = _CONDITION.fullmatch(text)
    if match is None:
        return None
    code, human = response_text(match[2] or b"")
    status = cast("Literal['OK', 'NO', 'BAD', 'BYE', 'PREAUTH']", match[1].decode("ascii").upper())
    return Condition(status, code, human)


def response_text(text: bytes) -> tuple[Code | None, str]:
    """``resp-text``: the code where there is one, and the text for people."""
    if not text.startswith(b"["):
        return None, value.readable(text)
    match = _CODE.match(text) or _PLAIN_CODE.match(text)
    if match is None:
        return None, value.readable(text)
    return response_code(match[1].decode("ascii").upper(), (match[2] or b"").strip()), value.readable(match[3])


def response_code(name: str, raw: bytes) -> Code:
    """A code whose arguments can't be read is kept raw, like one that is not known: no code may cost a response."""
    try:
        return _known(name, raw)
    except ProtocolViolation:
        return Code(name, raw)


def _known(name: str, raw: bytes) -> Code:
    match name:
        case "UIDVALIDITY" | "UIDNEXT" | "UNSEEN":
            return NumberCode(name, raw, value.nz_number(raw))
        case "HIGHESTMODSEQ":
            return NumberCode(name, raw, value.nz_number(raw, limits.MAX_NUMBER64))
        case "CAPABILITY":
            return CapabilityCode(name, raw, value.words(raw))
        case "PERMANENTFLAGS":
            return FlagsCode(name, raw, value.flags(_only(raw)))
        case "APPENDUID":
            return _append_uid(name, raw)
        case "COPYUID":
            return _copy_uid(name, raw)
        case "MODIFIED":
            return Modified(name, raw, UidSet.parse(raw))
        case "MAILBOXID":
            return MailboxId(name, raw, value.object_id(_only(raw)) or "")
        case "BADCHARSET":
            nodes = value.items(_only(raw)) if raw else []
            return BadCharset(name, raw, tuple([value.word(node) for node in nodes]))
        case _:
            return Code(name, raw)


def _only(raw: bytes) -> Node:
    """The single argument of a code."""
    nodes = read_all([raw])
    if len(nodes) != 1:
        raise ProtocolViolation("a response code has one argument")
    return nodes[0]


def _append_uid(name: str, raw: bytes) -> AppendUid:
    validity, _, uids = raw.partition(b" ")
    return AppendUid(name, raw, value.nz_number(validity), UidSet.parse(uids.strip()))


def _copy_uid(name: str, raw: bytes) -> CopyUid:
    parts = raw.split()
    if len(parts) != 3:
        raise ProtocolViolation("COPYUID has three arguments")
    source, target = tuple(parse_ranges(parts[1])), tuple(parse_ranges(parts[2]))
    counts = [sum(high - low + 1 for low, high in side) for side in (source, target)]
    if counts[0] != counts[1] or counts[0] > limits.MAX_EXPANDED:
        raise ProtocolViolation("COPYUID with sets of different length")
    return CopyUid(name, raw, value.nz_number(parts[0]), source, target)
