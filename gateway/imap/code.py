"""Response codes (RFC 9051 section 7.1): what stands in brackets in a status response."""

from __future__ import annotations

from msgspec import Struct

from gateway.imap.uids import Range, UidSet


class Code(Struct, frozen=True):
    """A response code. ``raw`` is what stood behind the name; known codes with arguments are subclasses."""

    name: str
    raw: bytes = b""


class NumberCode(Code, frozen=True):
    """UIDVALIDITY, UIDNEXT, UNSEEN, HIGHESTMODSEQ."""

    number: int = 0


class CapabilityCode(Code, frozen=True):
    """CAPABILITY."""

    names: frozenset[str] = frozenset()


class FlagsCode(Code, frozen=True):
    r"""PERMANENTFLAGS; ``\*`` among them allows new keywords."""

    flags: tuple[bytes, ...] = ()


class AppendUid(Code, frozen=True):
    """APPENDUID (RFC 4315 section 3)."""

    uidvalidity: int = 0
    uids: UidSet = UidSet()


class CopyUid(Code, frozen=True):
    """COPYUID (RFC 4315 section 3): the n-th number of ``source`` became the n-th of ``target``, as written."""

    uidvalidity: int = 0
    source: tuple[Range, ...] = ()
    target: tuple[Range, ...] = ()

    def mapping(self) -> dict[int, int]:
        """Old UID to new UID; the parser has checked that both sides are of equal, bounded length."""
        old = [uid for low, high in self.source for uid in range(low, high + 1)]
        new = [uid for low, high in self.target for uid in range(low, high + 1)]
        return dict(zip(old, new, strict=True))


class Modified(Code, frozen=True):
    """MODIFIED (RFC 7162 section 3.1.3): what a conditional UID STORE left alone."""

    uids: UidSet = UidSet()


class MailboxId(Code, frozen=True):
    """MAILBOXID (RFC 8474 section 4)."""

    id: str = ""


class BadCharset(Code, frozen=True):
    """BADCHARSET, with the charsets the server knows, in upper case."""

    charsets: tuple[str, ...] = ()
