"""What a server can do (RFC 9051 section 7.2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

SyncMode = Literal["qresync", "condstore", "window"]

# RFC 9051 appendix E: what IMAP4rev2 includes without naming it.
_REV2: Final = frozenset(
    {
        "NAMESPACE",
        "UNSELECT",
        "UIDPLUS",
        "ESEARCH",
        "SEARCHRES",
        "ENABLE",
        "IDLE",
        "SASL-IR",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "MOVE",
        "LITERAL-",
        "BINARY",
        "SPECIAL-USE",
        "STATUS=SIZE",
        "STATUS=DELETED",
    }
)


class Capabilities(Struct, frozen=True):
    """A set of capability names in upper case. ``has`` counts what IMAP4rev2 includes once it is in ``enabled``."""

    names: frozenset[str] = frozenset()
    enabled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Capabilities:
        return _known(frozenset(name.upper() for name in names))

    def has(self, name: str) -> bool:
        """Whether the server offers ``name`` (any case)."""
        upper = name.upper()
        return upper in self.names or (upper in _REV2 and self.is_rev2)

    @property
    def is_rev2(self) -> bool:
        """IMAP4rev2 is on: enabled, or the server offers nothing older (RFC 9051 section 6.3.1)."""
        return "IMAP4REV2" in self.enabled or ("IMAP4REV2" in self.names and "IMAP4REV1" not in self.names)

    def without(self, names: Iterable[str]) -> Capabilities:
        """As if the server did not offer ``names``: for tests, and for servers that offer what they can't do."""
        return _without(self, frozenset(name.upper() for name in names))

    def with_enabled(self, names: Iterable[str]) -> Capabilities:
        """After an ENABLED response (RFC 9051 section 7.2.1)."""
        return _known(self.names, self.enabled | {name.upper() for name in names})

    @property
    def utf8_names(self) -> bool:
        """Whether mailbox names are UTF-8 and not modified UTF-7 (RFC 6855 section 3, RFC 9051 section 5.1)."""
        return self.is_rev2 or "UTF8=ACCEPT" in self.enabled or "UTF8=ONLY" in self.names

    @property
    def mechanisms(self) -> frozenset[str]:
        """SASL mechanisms offered, in upper case."""
        return frozenset(name[5:] for name in self.names if name.startswith("AUTH="))

    @property
    def thread_algorithms(self) -> frozenset[str]:
        """RFC 5256 section 1: the THREAD= algorithms offered."""
        return frozenset(name[7:] for name in self.names if name.startswith("THREAD="))

    @property
    def append_limit(self) -> int | None:
        """RFC 7889: the largest message APPEND takes, in octets, where the server says so for all mailboxes."""
        for name in self.names:
            if name.startswith("APPENDLIMIT=") and name[12:].isascii() and name[12:].isdigit():
                return int(name[12:31])
        return None

    @property
    def old_rights(self) -> bool:
        """Whether the letters of ACL are of before RFC 4314: servers of that say RIGHTS= (RFC 4314 section 5.1.1)."""
        return not any(name.startswith("RIGHTS=") for name in self.names)

    def sync_mode(self) -> SyncMode:
        """How changes can be found: QRESYNC, else CONDSTORE (RFC 7162), else by looking at a window."""
        if self.has("QRESYNC"):
            return "qresync"
        return "condstore" if self.has("CONDSTORE") else "window"

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.has(name)


# A thousand connections to one server share what it said.


@lru_cache(maxsize=16)
def _known(names: frozenset[str], enabled: frozenset[str] = frozenset()) -> Capabilities:
    return Capabilities(names, enabled)


@lru_cache(maxsize=16)
def _without(offered: Capabilities, gone: frozenset[str]) -> Capabilities:
    kept = offered.names
    if offered.is_rev2 and gone & _REV2:
        kept = kept | _REV2 | {"IMAP4REV1"}
        gone = gone | {"IMAP4REV2"}
    return _known(kept - gone, offered.enabled - gone)
