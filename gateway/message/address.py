"""Addresses to (name, email) pairs: from ENVELOPE tuples, and from raw header values.

Groups are flattened or kept, comments are dropped (RFC 8621 sections 4.1.2.3 and 4.1.2.4). Emails may be no valid
addr-spec: what the message says is what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from gateway.message.part import AddressLike
from gateway.message.words import MAX_OCTETS, decode_words, whole_characters

MAX_ADDRESSES = 1000  # of one header
MAX_NAME = 2048  # octets
MAX_EMAIL = 998  # octets; RFC 5322 section 2.1.1: no line is longer
MAX_HEADER = 131_072  # octets of a raw address header
_MAX_TOKENS = 20_000  # of a raw address header; a thousand addresses have fewer

Address = tuple[str | None, str]
Group = tuple[str | None, list[Address]]
"""A group's name, None for addresses outside of any, and who is in it."""

# What servers put where an address lacks a half (Dovecot, Cyrus, UW).
_PLACEHOLDERS = frozenset(
    (
        b"MISSING_MAILBOX",
        b"MISSING_DOMAIN",
        b"unspecified-domain",
        b".MISSING-HOST-NAME.",
        b".SYNTAX-ERROR.",
        b"SYNTAX_ERROR",
    )
)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufeff]++")

_TOKEN = re.compile(
    rb"""(?P<word>=\?[!-<>@-~]{1,64}\?[bBqQ]\?[^?\s"<>]*+\?=)
       | (?P<blank>[ \t\r\n]++)
       | (?P<special>["(<,;:)])
       | (?P<atom>[^ \t\r\n"(<,;:)=]++ | =)""",
    re.VERBOSE,
)
_QUOTED = re.compile(rb'((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_COMMENT = re.compile(rb"[()\\]")
_SEPARATOR = re.compile(rb"[,; ]")
_NOT_IN_ATOM = re.compile(rb'[ \t()<>\[\]:;@\\,"]')
_QUOTED_PAIR = re.compile(rb'[\\"]')
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def addresses(found: Sequence[AddressLike]) -> list[Address]:
    """The addresses of an ENVELOPE field. A NIL host opens or closes a group, unless no group is ever closed."""
    closes = sum(1 for one in found if one.host is None and one.mailbox is None) if found else 0
    out: list[Address] = []
    for one in found:
        if one.host is None:
            if one.mailbox is None:
                closes -= 1
            if one.mailbox is None or closes > 0:
                continue
        pair = _pair(one.name, _local_part(_real(one.mailbox)), _real(one.host))
        if pair is not None:
            out.append(pair)
            if len(out) >= MAX_ADDRESSES:
                break
    return out


def _local_part(mailbox: bytes) -> bytes:
    """Quoted again where it must be: servers take the quotes away (RFC 9051 section 7.5.2)."""
    if _NOT_IN_ATOM.search(mailbox) is None or mailbox.startswith(b'"'):
        return mailbox
    return b'"' + _QUOTED_PAIR.sub(rb"\\\g<0>", mailbox) + b'"'


def _real(half: bytes | None) -> bytes:
    return half if half and half not in _PLACEHOLDERS else b""


def _pair(name: bytes | None, mailbox: bytes, host: bytes) -> Address | None:
    shown = decode_words(name, MAX_NAME) if name else ""
    if len(shown) > 1 and shown[0] == shown[-1] == '"':
        shown = shown[1:-1].strip()
    email = _email(mailbox + b"@" + host if host else mailbox)
    return (shown or None, email) if shown or email else None


def _email(raw: bytes) -> str:
    if len(raw) > MAX_EMAIL:
        raw = whole_characters(raw[:MAX_EMAIL])
    if raw.isascii():
        text = raw.decode("ascii")
        return text if text.isprintable() else _CONTROLS.sub("", text)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return _CONTROLS.sub("", text)


def parse_addresses(raw: bytes | None) -> list[Address]:
    """A raw address-list header value (RFC 5322 section 3.4) in one pass; lenient, never raises."""
    return _Reader(raw[:MAX_HEADER]).read() if raw else []


def parse_groups(raw: bytes | None) -> list[Group]:
    """The same with its groups; consecutive addresses outside of any group are one without a name."""
    if not raw:
        return []
    reader = _Reader(raw[:MAX_HEADER])
    found = reader.read()
    marks: list[tuple[int, str | None]] = [(0, None), *reader.marks, (len(found), None)]
    groups: list[Group] = []
    for (start, name), (stop, _) in pairwise(marks):
        members = found[start:stop]
        if members or name is not None:
            groups.append((name, members))
    return groups


class _Reader:
    """One pass over the value. ``words`` is the phrase so far, ``angle`` the addr-spec of ``<…>`` once seen."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.position = 0
        self.last_close = raw.rfind(b">")
        self.out: list[Address] = []
        self.words: list[bytes] = []
        self.comment = b""
        self.angle: bytes | None = None
        self.open_comments = True  # False: the rest has an unbalanced "(", which is then only a character
        self.open_quotes = True
        self.marks: list[tuple[int, str | None]] = []  # from which address on which group is meant
        self.literal = False  # within the brackets of a domain-literal, where a colon is a character

    def read(self) -> list[Address]:
        room = _MAX_TOKENS
        while self.position < len(self.raw) and len(self.out) < MAX_ADDRESSES and room:
            room -= 1
            match = _TOKEN.match(self.raw, self.position)
            if match is None:  # pragma: no cover - the token pattern takes every octet
                break
            self.position = match.end()
            if match["special"]:
                self._special(match["special"])
            else:
                self._word(b" " if match["blank"] else match[0])
        self._finish()
        return self.out[:MAX_ADDRESSES]

    def _word(self, word: bytes) -> None:
        self.words.append(word)
        if b"[" in word or b"]" in word:
            self.literal = b"@[" in word and b"]" not in word

    def _special(self, mark: bytes) -> None:
        if mark == b'"':
            self._quoted()
        elif mark == b"(":
            self._comment()
        elif mark == b"<":
            self._angle()
        elif mark == b":":
            self._colon()
        else:
            self._finish()
            if mark == b";" and self.marks and self.marks[-1][1] is not None:
                self.marks.append((len(self.out), None))

    def _quoted(self) -> None:
        match = _QUOTED.match(self.raw, self.position) if self.open_quotes else None
        if match is None:
            self.open_quotes = False
            return
        self.position = match.end()
        content = _ESCAPE.sub(rb"\1", match[1])
        local_part = self.raw[self.position : self.position + 1] == b"@"
        self.words.append(b'"' + content + b'"' if local_part else content)

    def _comment(self) -> None:
        if not self.open_comments:
            self.words.append(b"(")
            return
        start, depth, at = self.position, 1, self.position
        while depth:
            match = _COMMENT.search(self.raw, at)
            if match is None:
                self.open_comments = False
                self.words.append(b"(")
                return
            at = match.end()
            if match[0] == b"\\":
                at += 1
            else:
                depth += 1 if match[0] == b"(" else -1
        self.position = at
        self.comment = self.comment or self.raw[start : at - 1].strip()
        self.words.append(b" ")

    def _angle(self) -> None:
        rest = self.raw
        start = self.position
        while rest[start : start + 1] == b"<":
            start += 1
        close = rest.find(b">", start, start + 2 * MAX_EMAIL) if start <= self.last_close else -1
        if rest[start : start + 1] == b'"':
            quoted = _QUOTED.match(rest, start + 1, start + 2 * MAX_EMAIL)
            if quoted is not None and close >= 0:
                close = rest.find(b">", quoted.end(), quoted.end() + MAX_EMAIL)
        elif b"<" in rest[start:close]:
            close = -1  # the bracket that was found closes another address
        if close < 0:  # no bracket in reach: up to the next separator or blank
            end = _SEPARATOR.search(rest, start, start + MAX_EMAIL)
            close = end.start() if end else min(len(rest), start + MAX_EMAIL)
            self.position = close
        else:
            self.position = close + 1
        spec = rest[start:close].strip(b"< \t\r\n")
        if spec.startswith(b"@"):  # obs-route
            spec = spec.rpartition(b":")[2]
        if self.angle:
            self._finish()  # "<a@b> <c@d>": the comma is missing
        self.angle = spec or self.angle

    def _colon(self) -> None:
        """A group's name ends here (RFC 5322 section 3.4), unless an address stands before it."""
        if self.literal:
            self.words.append(b":")
            return
        if self.angle is None:
            name = decode_words(b"".join(self.words).strip(), MAX_NAME)
            if name.lower() != "mailto":
                self.marks.append((len(self.out), name))
            self.words.clear()
            self.comment = b""

    def _finish(self) -> None:
        if not self.words and not self.angle:
            return
        phrase = b"".join(self.words).strip()
        pair: Address | None
        if self.angle is not None:
            pair = _pair(phrase or self.comment, self.angle, b"")
        elif b"@" in phrase:
            pair = self._bare()
        else:
            pair = _pair(None, phrase, b"") if phrase else None
        if pair is not None and (pair[0] or pair[1]):
            self.out.append(pair)
        self.words = []
        self.comment = b""
        self.angle = None
        self.literal = False

    def _bare(self) -> Address | None:
        """``user@host (Name)``, ``Name user@host``, ``user @ host``."""
        tokens = self._tokens()
        spec = next((token for token in tokens if b"@" in token), b"")
        if len(tokens) > 1 and spec.strip(b"@") and not spec.startswith(b"@") and not spec.endswith(b"@"):
            name = b" ".join(token for token in tokens if token is not spec)
            return _pair(name or self.comment, spec.strip(b"[]'"), b"")
        return _pair(self.comment, b"".join(tokens), b"")

    def _tokens(self) -> list[bytes]:
        """The phrase cut at its blanks; a quoted local part is never cut."""
        tokens: list[list[bytes]] = [[]]
        for word in self.words[:MAX_OCTETS]:
            if word == b" ":
                tokens.append([])
            else:
                tokens[-1].append(word)
        return [b"".join(pieces) for pieces in tokens if pieces]
