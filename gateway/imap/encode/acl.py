"""Arguments of the ACL and QUOTA extensions (RFC 4314 section 7, RFC 9208 section 7)."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from gateway.errors import InvalidRequest
from gateway.imap.encode.arg import Arg, string, word

Change: TypeAlias = Literal["replace", "add", "remove"]
MAX_IDENTIFIER: Final = 255  # octets; no server keeps longer ones

_SIGNS: Final = {"replace": b"", "add": b"+", "remove": b"-"}
_RIGHTS: Final = re.compile(r"[a-z0-9]{0,36}+")
# Cyrus 3.6 keeps an identifier with a quote or a backslash in a way it can't read again: the folder is lost then.
_UNSAFE: Final = re.compile(rb'[\x00-\x1f\x7f"\\]')


def identifier(who: bytes, *, field: str = "who") -> Arg:
    """RFC 4314 section 2: whom rights are granted to. Raises InvalidRequest for what no list can hold safely."""
    if who in (b"", b"-") or len(who) > MAX_IDENTIFIER:
        raise InvalidRequest(f"an identifier has 1 to {MAX_IDENTIFIER} octets", field=field)
    if _UNSAFE.search(who) is not None:
        raise InvalidRequest("an identifier can't hold quotes, backslashes or control characters", field=field)
    return string(who, field=field)


def modification(letters: str, change: Change = "replace", *, field: str = "rights") -> Arg:
    """``mod-rights``: the rights from now on, or those to add or to remove. Raises InvalidRequest for other letters."""
    if _RIGHTS.fullmatch(letters) is None:
        raise InvalidRequest("rights are lower case letters and digits, each once", field=field)
    return word(b'"' + _SIGNS[change] + letters.encode("ascii") + b'"')


def quota_root(root: bytes) -> Arg:
    """A root as the server named it (RFC 9208 section 3.2); the empty name is one."""
    return string(root, field="root")
