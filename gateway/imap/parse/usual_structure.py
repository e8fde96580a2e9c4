"""BODYSTRUCTURE as servers usually write it, one match a part (RFC 9051 section 9, ``body``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from gateway.imap.parse.usual_words import NSTRING, QUOTED, unquoted
from gateway.imap.structure import NO_PARAMETERS, BodyPart

DEEPEST: Final = 20
"""Multiparts within each other; real mail has less."""
SHORT: Final = 64
"""Octets of parameters that are kept as read, for they are those of many parts."""

_PARAMS: Final = rb"NIL|\(" + QUOTED + rb" " + NSTRING + rb"(?: " + QUOTED + rb" " + NSTRING + rb")*+\)"
_DISPOSITION: Final = rb"(?:NIL|\((" + QUOTED + rb") (" + _PARAMS + rb")\))"
_LANGUAGE: Final = rb"NIL|" + QUOTED + rb"|\(" + QUOTED + rb"(?: " + QUOTED + rb")*+\)"
_REST: Final = rb" " + _DISPOSITION + rb" (" + _LANGUAGE + rb") (" + NSTRING + rb")"
_LEAF: Final = (
    rb"\((" + QUOTED + rb") (" + QUOTED + rb") (" + _PARAMS + rb") (" + NSTRING + rb") (" + NSTRING + rb") "
    rb"(" + NSTRING + rb") ([0-9]{1,18})(?: ([0-9]{1,18}))?+(?: (" + NSTRING + rb")" + _REST + rb")?+\)"
)
_END: Final = rb" (" + QUOTED + rb")(?: (" + _PARAMS + rb")" + _REST + rb")?+\)"
_PAIR: Final = re.compile(rb"(" + QUOTED + rb") (" + NSTRING + rb")")
_QUOTED: Final = re.compile(QUOTED)
_KNOWN: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        b'"%s"' % spelled.encode("ascii"): word
        for word in (
            *("text", "plain", "html", "application", "pdf", "octet-stream", "image", "jpeg", "png", "gif", "calendar"),
            *("mixed", "alternative", "related", "7bit", "8bit", "base64", "quoted-printable", "binary"),
            *("charset", "boundary", "name", "filename", "format", "attachment", "inline", "utf-8"),
        )
        for spelled in (word, word.upper())
    }
)
"""Words that most parts are described with, so that they need not be made each time."""


@cache
def _patterns() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Of a leaf, and of a multipart's end. Made when the first page is read: they take 7 ms."""
    return re.compile(_LEAF), re.compile(_END)


def usual_structure(text: bytes, at: int) -> tuple[BodyPart, int] | None:
    """The tree that begins at ``at``, and where it ends; None for one that is not written in the usual way."""
    leaf_pattern, end_pattern = _patterns()
    open_: list[tuple[list[BodyPart], str]] = []  # multiparts on the way down: children, number
    while True:
        if text[at : at + 2] == b"((":
            if len(open_) >= DEEPEST:
                return None
            open_.append(([], _number(open_)))
            at += 1
            continue
        leaf = leaf_pattern.match(text, at)
        part = None if leaf is None else _leaf(leaf, _number(open_) or "1")
        if leaf is None or part is None:
            return None
        at = leaf.end()
        while open_:
            open_[-1][0].append(part)
            if text[at : at + 1] == b"(":
                break
            end = end_pattern.match(text, at)
            if end is None:
                return None
            part, at = _multipart(end, *open_.pop()), end.end()
        else:
            return part, at


def _number(open_: list[tuple[list[BodyPart], str]]) -> str:
    """Of the next part; the root has none."""
    if not open_:
        return ""
    children, above = open_[-1]
    return f"{above}.{len(children) + 1}" if above else str(len(children) + 1)


def _leaf(match: re.Match[bytes], section: str) -> BodyPart | None:
    (
        type_, subtype, params, id_, about, encoding, size, lines, md5, disposition, said_of_it, language, location,
    ) = match.groups()  # fmt: skip
    name = _lower(type_)
    if (lines is None) == (name == "text") or name in ("message", "multipart"):
        return None
    return BodyPart(
        name,
        _lower(subtype),
        _params(params),
        unquoted(id_),
        unquoted(about),
        "7bit" if encoding == b"NIL" else _lower(encoding),
        int(size),
        None if lines is None else int(lines),
        None if disposition is None else _lower(disposition),
        _params(said_of_it),
        _language(language),
        None if location is None else unquoted(location),
        None if md5 is None else unquoted(md5),
        section=section,
    )


def _multipart(match: re.Match[bytes], children: list[BodyPart], section: str) -> BodyPart:
    subtype, params, disposition, said_of_it, language, location = match.groups()
    return BodyPart(
        type="multipart",
        subtype=_lower(subtype),
        params=_params(params),
        disposition=None if disposition is None else _lower(disposition),
        disposition_params=_params(said_of_it),
        language=_language(language),
        location=None if location is None else unquoted(location),
        parts=tuple(children),
        section=section,
    )


def _lower(written: bytes) -> str:
    known = _KNOWN.get(written)
    return known if known is not None else (unquoted(written) or b"").decode("utf-8", "replace").lower()


def _params(written: bytes | None) -> Mapping[str, bytes]:
    if written is None or written == b"NIL":
        return NO_PARAMETERS
    return _short(written) if len(written) <= SHORT else Unread(written)


@lru_cache(maxsize=1024)
def _short(written: bytes) -> Mapping[str, bytes]:
    """A charset, mostly: there are few."""
    return MappingProxyType(_read(written))


class Unread(Mapping[str, bytes]):
    """Parameters that are read when somebody looks at them: of a page's messages hardly any are."""

    __slots__ = ("_params", "_written")

    def __init__(self, written: bytes) -> None:
        self._written = written
        self._params: dict[str, bytes] | None = None

    def __getitem__(self, name: str) -> bytes:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def _all(self) -> dict[str, bytes]:
        if self._params is None:
            self._params = _read(self._written)
        return self._params


def _read(written: bytes) -> dict[str, bytes]:
    params: dict[str, bytes] = {}
    for name, value in _PAIR.findall(written):
        params.setdefault(_lower(name), unquoted(value) or b"")
    return params


def _language(written: bytes | None) -> tuple[bytes, ...]:
    if written is None or written == b"NIL":
        return ()
    return tuple([unquoted(each) or b"" for each in _QUOTED.findall(written)])
