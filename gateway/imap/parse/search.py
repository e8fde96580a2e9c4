"""Answers to searches: SEARCH, SORT, ESEARCH, THREAD, and VANISHED."""

from __future__ import annotations

import re
from typing import Final, Literal

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame
from gateway.imap.parse import value
from gateway.imap.response import Esearch, Found, Partial, Threads, Vanished
from gateway.imap.tokenizer import Node, read_all
from gateway.imap.uids import Range, SequenceSet, UidSet, parse_ranges

# mailbox-data =/ "SEARCH" [SP nz-number *(SP nz-number)] [SP "(" "MODSEQ" SP mod-sequence-value ")"]
_FOUND: Final = re.compile(rb"((?: *+[0-9]{1,10}(?![0-9]))*+) *+(?:\(MODSEQ ++([0-9]{1,19})\) *+)?+", re.IGNORECASE)
_VANISHED: Final = re.compile(rb"(\(EARLIER\))? *+([0-9:,]*+) *+", re.IGNORECASE)


def found(text: bytes, start: int, kind: Literal["SEARCH", "SORT"]) -> Found:
    """RFC 3501 section 7.2.5, RFC 5256 section 4, RFC 7162 section 3.1.6."""
    match = _FOUND.fullmatch(text, start)
    if match is None:
        raise ProtocolViolation(f"not a {kind} response")
    numbers = tuple([int(number) for number in match[1].split()])
    if numbers and not (min(numbers) > 0 and max(numbers) <= limits.MAX_NUMBER):
        raise ProtocolViolation("a message number is 1 to 4294967295")
    return Found(kind, numbers, int(match[2]) if match[2] is not None else None)


def vanished(text: bytes, start: int) -> Vanished:
    """RFC 7162 section 3.2.10."""
    match = _VANISHED.fullmatch(text, start)
    if match is None:
        raise ProtocolViolation("not a VANISHED response")
    return Vanished(UidSet.parse(match[2]) if match[2] else UidSet(), match[1] is not None)


def esearch(frame: Frame, start: int) -> Esearch:
    """``esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)``; others are skipped."""
    nodes = read_all(frame, start)
    at = 0
    tag: str | None = None
    if nodes and type(nodes[0]) is list:
        tag = _correlator(nodes[0])
        at = 1
    uid = at < len(nodes) and _word_or_none(nodes[at]) == "UID"
    at += uid
    data = {value.word(nodes[each]): nodes[each + 1] for each in range(at, len(nodes) - 1, 2)}
    return Esearch(
        tag=tag,
        uid=uid,
        min=_number(data.get("MIN")),
        max=_number(data.get("MAX")),
        count=_number(data.get("COUNT")),
        all=_set(data["ALL"], uid) if "ALL" in data else None,
        modseq=_number(data.get("MODSEQ"), limits.MAX_NUMBER64),
        partial=_partial(data.get("PARTIAL"), uid),
        order=_order(data["ALL"]) if "ALL" in data else (),
    )


def _correlator(nodes: list[Node]) -> str | None:
    """``search-correlator = SP "(" "TAG" SP tag-string ")"``; RFC 7377 adds mailbox and UIDVALIDITY behind it."""
    pairs = {_word_or_none(nodes[at]): nodes[at + 1] for at in range(0, len(nodes) - 1, 2)}
    node = pairs.get("TAG")
    return value.readable(node) if type(node) is bytes else None


def _word_or_none(node: Node) -> str | None:
    return value.word(node) if type(node) is bytes else None


def _number(node: Node, high: int = limits.MAX_NUMBER) -> int | None:
    return None if node is None else value.number(node, high)


def _set(node: Node, uid: bool) -> UidSet | SequenceSet:
    octets = value.nstring(node)
    kind = UidSet if uid else SequenceSet
    return kind.parse(octets) if octets else kind()


def _partial(node: Node, uid: bool) -> Partial | None:
    """RFC 9394 section 3.1: the range asked for, and the numbers or NIL."""
    if type(node) is not list or len(node) != 2:
        return None
    return Partial(value.readable(value.string(node[0])), _set(node[1], uid), _order(node[1]))


def _order(node: Node) -> tuple[Range, ...]:
    octets = value.nstring(node)
    return tuple(parse_ranges(octets)) if octets else ()


def threads(frame: Frame, start: int) -> Threads:
    """RFC 5256 section 4: ``thread-data = "THREAD" [SP 1*thread-list]``."""
    found_: list[tuple[tuple[int, int | None], ...]] = []
    for node in read_all(frame, start):
        if type(node) is not list:
            raise ProtocolViolation("a thread is a parenthesised list")
        found_.append(tuple(_thread(node)))
    return Threads(tuple(found_))


def _thread(root: list[Node]) -> list[tuple[int, int | None]]:
    """Members in order with their depth. A list's numbers are a chain; the lists in it branch from its last."""
    members: list[tuple[int, int | None]] = []
    waiting: list[tuple[Node, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        branches: list[tuple[Node, int]] = []
        nodes = value.items(node)
        if nodes and type(nodes[0]) is list:
            members.append((depth, None))
            depth += 1
        for each in nodes:
            if type(each) is list:
                branches.append((each, depth))
            else:
                members.append((depth, value.nz_number(each)))
                depth += 1
        waiting += reversed(branches)
    return members
