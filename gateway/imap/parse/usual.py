r"""The FETCH response that a page is made of, as servers usually write it: a few matches instead of a hundred tokens.

What is written in any other way (an item unknown here, a second one of a kind, an attached message, blanks where none
need be, ``nil``) is left to :mod:`gateway.imap.parse.fetch`, of which this gives the same value or none.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame
from gateway.imap.parse.usual_envelope import envelope_of, envelope_pattern
from gateway.imap.parse.usual_structure import usual_structure
from gateway.imap.parse.usual_words import NSTRING, QUOTED, text_of, unquoted
from gateway.imap.parse.value import date_time
from gateway.imap.response import Fetched

LONGEST: Final = 16_384
"""Octets of a response that is looked at here."""
# Each of these at most once in a run of them.
_SMALL: Final = re.compile(
    rb"(?: ?+(?:UID ([1-9][0-9]{0,9})(?=[ )])|FLAGS \(([ !#-'*-Z\\^-z|~]*+)\)|MODSEQ \(([0-9]{1,18})\)"
    rb"|RFC822\.SIZE ([0-9]{1,18})(?=[ )])|INTERNALDATE (" + QUOTED + rb")"
    rb"|EMAILID \(([A-Za-z0-9_-]{1,255}+)\)|THREADID (NIL|\([A-Za-z0-9_-]{1,255}+\))))++"
)
_NAMES: Final = ("UID", "FLAGS", "MODSEQ", "RFC822.SIZE", "INTERNALDATE", "EMAILID", "THREADID")
_COUNTED: Final = tuple(f"{name} ".encode("ascii") for name in _NAMES)
_PREVIEW: Final = re.compile(rb" ?+PREVIEW (" + NSTRING + rb")(?=[ )])")
_STRUCTURE: Final = re.compile(rb" ?+BODYSTRUCTURE (?=\()")
_MARK: Final = re.compile(rb"[ (](?:ENVELOPE|BODYSTRUCTURE) \(")


def usual(seq: int, frame: Frame, start: int) -> Fetched | None:
    """The value of a response that has an envelope or a structure and nothing unusual, else None. Never raises."""
    first = frame[0]
    if not isinstance(first, bytes) or first[start : start + 1] != b"(" or _MARK.search(first, start) is None:
        return None
    text = text_of(frame, LONGEST)
    if text is None:
        return None
    try:
        return _read(seq, text, start + 1)
    except ProtocolViolation:
        return None  # the general way says what of it is broken


def _read(seq: int, text: bytes, at: int) -> Fetched | None:
    small: list[bytes | None] = [None] * len(_NAMES)
    fields: dict[str, Any] = {}
    present: list[str] = []
    while text[at : at + 1] != b")":
        if match := _SMALL.match(text, at):
            if not _taken(match, small):
                return None
        elif match := envelope_pattern().match(text, at):
            if "envelope" in fields:
                return None
            fields["envelope"] = envelope_of(match)
            present.append("ENVELOPE")
        elif match := _STRUCTURE.match(text, at):
            found = None if "structure" in fields else usual_structure(text, match.end())
            if found is None:
                return None
            fields["structure"], at = found
            present.append("BODYSTRUCTURE")
            continue
        elif match := _PREVIEW.match(text, at):
            if "preview" in fields:
                return None
            octets = unquoted(match[1])
            fields["preview"] = None if octets is None else octets.decode("utf-8", "replace")
            present.append("PREVIEW")
        else:
            return None
        at = match.end()
    return _fetched(seq, small, fields, present) if at + 1 == len(text) else None


def _taken(match: re.Match[bytes], small: list[bytes | None]) -> bool:
    """Puts the items of a run where they belong; False where one was there already."""
    run = match[0]
    for index, octets in enumerate(match.groups()):
        if octets is None:
            continue
        if small[index] is not None or run.count(_COUNTED[index]) > 1:
            return False
        small[index] = octets
    return True


def _fetched(seq: int, small: list[bytes | None], fields: dict[str, Any], present: list[str]) -> Fetched | None:
    uid, flags, modseq, size, date, email_id, thread_id = small
    number = None if uid is None else int(uid)
    if (number is not None and number > limits.MAX_NUMBER) or (flags is not None and b"NIL" in flags.upper()):
        return None
    present += [name for name, octets in zip(_NAMES, small, strict=True) if octets is not None]
    return Fetched(
        seq,
        number,
        None if flags is None else tuple(flags.split()),
        None if modseq is None else int(modseq),
        None if date is None else date_time(unquoted(date)),
        None if size is None else int(size),
        email_id=None if email_id is None else email_id.decode("ascii"),
        thread_id=None if thread_id is None or thread_id == b"NIL" else thread_id[1:-1].decode("ascii"),
        present=frozenset(present),
        **fields,
    )
