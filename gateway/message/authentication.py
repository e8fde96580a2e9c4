"""Authentication-Results (RFC 8601 section 2.2): what some server says it found out about a message.

::

    authres-payload = [CFWS] authserv-id [ CFWS authres-version ] ( no-result / 1*resinfo ) [CFWS]
    resinfo         = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
    methodspec      = method ["/" method-version] "=" result
    propspec        = ptype "." property "=" pvalue

Syntax only. Whether the server that says so is to be believed, only who knows its name can tell (RFC 8601 section 7.1):
anybody can write this field into a message.
"""

from __future__ import annotations

import re

from msgspec import Struct

from gateway.message.statement import statements, unquoted
from gateway.message.words import clean_text

MAX_RESULTS = 100  # of one field
MAX_PROPERTIES = 100  # of one result
_LONGEST = 998  # octets of a value that are kept

_PAIR = re.compile(
    rb"""[ ]*+
    (?P<head>[A-Za-z0-9_-]{1,80}+)
    (?:[ ]*+(?P<mark>[./])[ ]*+(?P<tail>[A-Za-z0-9_.-]{1,80}+))?+
    [ ]*+=[ ]*+
    (?P<value>(?:"(?:[^"\\]++|\\.)*+")?+[^ ]*+)""",
    re.VERBOSE | re.DOTALL,
)
_NEXT = re.compile(rb"[ ]*+[^ ]*+")
_SERVER = re.compile(rb'("(?:[^"\\]++|\\.)*+"|[^ =]++)(?: ([0-9]{1,4}))?+(?![^ ])')


class Property(Struct, frozen=True):
    """One property that the verdict was found on; ``ptype`` None: it came without (some senders leave it out)."""

    ptype: str | None
    name: str
    value: str


class Verdict(Struct, frozen=True):
    """What one method found: ``method`` and ``result`` in lower case."""

    method: str
    result: str
    version: str | None = None
    reason: str | None = None
    properties: tuple[Property, ...] = ()


class Authentication(Struct, frozen=True):
    """One Authentication-Results field. ``server`` (authserv-id) None: the field does not say who speaks."""

    server: str | None
    version: str | None
    results: tuple[Verdict, ...]
    problems: tuple[str, ...] = ()


def authentication(value: bytes) -> Authentication:
    """One field's value; lenient, never raises."""
    said = statements(value)
    problems: list[str] = []
    server = version = None
    first = _SERVER.match(said[0]) if said else None
    if first is not None:
        server, version = _text(first[1]), _text(first[2]) if first[2] else None
        said[0] = said[0][first.end() :].strip()  # some servers leave out the semicolon
    else:
        problems.append("authserv-id-missing")
    results: list[Verdict] = []
    for statement in said:
        if not statement or statement.lower() == b"none":
            continue
        verdict = _verdict(statement)
        if verdict is None:
            problems.append("result-unreadable")
        elif len(results) < MAX_RESULTS:
            results.append(verdict)
        else:
            problems.append("too-many-results")
    return Authentication(server, version, tuple(results), tuple(sorted(set(problems))))


def _verdict(statement: bytes) -> Verdict | None:
    found = _PAIR.match(statement)
    if found is None or found["mark"] == b"." or not found["value"]:
        return None
    reason: str | None = None
    properties: list[Property] = []
    at = found.end()
    while at < len(statement) and len(properties) < MAX_PROPERTIES:
        pair = _PAIR.match(statement, at)
        if pair is None:
            skipped = _NEXT.match(statement, at)
            at = skipped.end() if skipped and skipped.end() > at else len(statement)
            continue
        at = pair.end()
        if pair["head"].lower() == b"reason" and not pair["mark"]:
            reason = _text(pair["value"])
        elif pair["mark"] != b"/":
            ptype, name = (pair["head"], pair["tail"]) if pair["tail"] else (None, pair["head"])
            properties.append(Property(_text(ptype).lower() if ptype else None, _text(name).lower(), _value(pair)))
    version = _text(found["tail"]) if found["tail"] else None
    return Verdict(_text(found["head"]).lower(), _value(found).lower(), version, reason, tuple(properties))


def _value(pair: re.Match[bytes]) -> str:
    return _text(pair["value"])


def _text(raw: bytes) -> str:
    return clean_text(unquoted(raw)[:_LONGEST].decode("utf-8", "replace"))
