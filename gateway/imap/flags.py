r"""IMAP flags (``\Seen``, RFC 9051 section 2.3.2) and the keywords of RFC 8621 (``$seen``) that people see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.errors import InvalidRequest
from gateway.imap import limits

# RFC 8621 section 4.1.1: the four system keywords; \Deleted has none there, $deleted is ours.
_SYSTEM: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "$seen": b"\\Seen",
        "$flagged": b"\\Flagged",
        "$answered": b"\\Answered",
        "$draft": b"\\Draft",
        "$deleted": b"\\Deleted",
    }
)
_KEYWORDS: Final[Mapping[bytes, str]] = MappingProxyType({flag.lower(): word for word, flag in _SYSTEM.items()})
# RFC 9051 section 9: flag-keyword is an atom; no ( ) { SP CTL % * " \ ] and nothing beyond ASCII.
_ATOM: Final = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]++")


def to_keyword(flag: bytes) -> str | None:
    r"""``\Seen`` to ``$seen``, ``Work`` to ``work``. None for what is no keyword: ``\Recent``, ``\*``, other ``\x``."""
    known = _KEYWORDS.get(flag.lower())
    if known is not None:
        return known
    if flag.startswith(b"\\") or not flag:
        return None
    return flag.decode("utf-8", "replace").lower()


def to_keywords(flags: Iterable[bytes]) -> list[str]:
    """The keywords of a message, without repetition, in alphabetical order."""
    return sorted({word for flag in flags if (word := to_keyword(flag)) is not None})


def to_flag(keyword: str, known: Iterable[bytes] = (), *, field: str = "flags") -> bytes:
    """The IMAP flag for a keyword; ``known`` gives the server's own spelling (FLAGS, PERMANENTFLAGS, a message's).

    Raises InvalidRequest where the keyword can't be an IMAP keyword.
    """
    folded = keyword.lower()
    if folded in _SYSTEM:
        return _SYSTEM[folded]
    if len(keyword) > limits.MAX_FLAG or _ATOM.fullmatch(keyword) is None:
        raise InvalidRequest("a flag is a word of ASCII letters, digits and most signs", field=field)
    for flag in known:
        if to_keyword(flag) == folded:
            return flag
    return keyword.encode("ascii")


def check_flag(flag: bytes, *, field: str = "flags") -> bytes:
    r"""``flag`` itself where a client may set it: a system flag but ``\Recent``, or a keyword. Else InvalidRequest."""
    if flag.lower() in _KEYWORDS:
        return flag
    if len(flag) <= limits.MAX_FLAG and _ATOM.fullmatch(flag.decode("latin-1")) is not None:
        return flag
    raise InvalidRequest("this is not a flag that can be set", field=field)
