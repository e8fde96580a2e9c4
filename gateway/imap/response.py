"""What a server can say, as a closed set of values (RFC 9051 section 7). ``Response`` is the union.

Names of status codes, capabilities and items are in upper case; octets that people wrote stay octets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, cast

from msgspec import Struct
from msgspec.structs import replace

from gateway.imap.envelope import Envelope
from gateway.imap.framer import Frame, Streamed
from gateway.imap.name import MailboxName
from gateway.imap.structure import BodyPart
from gateway.imap.uids import Range, SequenceSet, UidSet

# --- response codes, RFC 9051 section 7.1 ---


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


# --- status responses ---


class Tagged(Struct, frozen=True):
    tag: str
    status: Literal["OK", "NO", "BAD"]
    code: Code | None = None
    text: str = ""


class Condition(Struct, frozen=True):
    """An untagged status response, RFC 9051 section 7.1."""

    status: Literal["OK", "NO", "BAD", "BYE", "PREAUTH"]
    code: Code | None = None
    text: str = ""


class Continue(Struct, frozen=True):
    """RFC 9051 section 7.6; ``data`` is what followed the ``+``, not decoded."""

    data: bytes = b""


# --- the server and its mailboxes ---


class Capability(Struct, frozen=True):
    names: frozenset[str]


class Enabled(Struct, frozen=True):
    names: frozenset[str]


class MailboxFlags(Struct, frozen=True):
    flags: tuple[bytes, ...]


class Exists(Struct, frozen=True):
    count: int


class Recent(Struct, frozen=True):
    count: int


class Expunged(Struct, frozen=True):
    seq: int


class Vanished(Struct, frozen=True):
    """RFC 7162 section 3.2.10. ``earlier``: an answer to a question, not news of this moment."""

    uids: UidSet
    earlier: bool


class Listed(Struct, frozen=True):
    r"""LIST or LSUB. Attributes are lower case with their backslash (``\\sent``); RFC 9051 section 7.3.1.

    ``childinfo`` and ``oldname`` are the extended data of RFC 5258 section 3.5 and RFC 9051 section 6.3.9.7;
    ``myrights`` is RFC 8440 section 3.
    """

    attributes: frozenset[str]
    delimiter: str | None
    name: MailboxName
    lsub: bool = False
    childinfo: tuple[str, ...] = ()
    oldname: MailboxName | None = None
    myrights: str | None = None


class Status(Struct, frozen=True):
    """Values by name; MAILBOXID is a str, all others are int. What the server gave as NIL is absent."""

    name: MailboxName
    values: Mapping[str, int | str]


Namespace = tuple[bytes, str | None]


class Namespaces(Struct, frozen=True):
    """RFC 9051 section 7.3.2: (prefix octets, delimiter) each."""

    personal: tuple[Namespace, ...] = ()
    other: tuple[Namespace, ...] = ()
    shared: tuple[Namespace, ...] = ()


class ServerId(Struct, frozen=True):
    """RFC 2971; names in lower case."""

    fields: Mapping[str, str | None]


class Quota(Struct, frozen=True):
    """RFC 9208 section 4.2.1: resource name to (usage, limit)."""

    root: bytes
    resources: Mapping[str, tuple[int, int]]


class QuotaRoot(Struct, frozen=True):
    """RFC 9208 section 4.2.2."""

    name: MailboxName
    roots: tuple[bytes, ...]


class Acl(Struct, frozen=True):
    """RFC 4314 section 3.6: identifier to rights."""

    name: MailboxName
    rights: Mapping[bytes, str]


class ListRights(Struct, frozen=True):
    """RFC 4314 section 3.7."""

    name: MailboxName
    identifier: bytes
    required: str
    optional: tuple[str, ...]


class MyRights(Struct, frozen=True):
    """RFC 4314 section 3.8."""

    name: MailboxName
    rights: str


# --- searches ---


class Found(Struct, frozen=True):
    """SEARCH or SORT (``kind``), in the server's order; ``modseq`` is RFC 7162 section 3.1.6."""

    kind: Literal["SEARCH", "SORT"]
    numbers: tuple[int, ...]
    modseq: int | None = None


class Partial(Struct, frozen=True):
    """RFC 9394 section 3.1: the part of the results that was asked for, and the numbers in it."""

    asked: str
    numbers: UidSet | SequenceSet


class Esearch(Struct, frozen=True):
    """RFC 9051 section 7.3.4. ``all`` and ``partial`` hold UIDs where ``uid``, else message numbers."""

    tag: str | None = None
    uid: bool = False
    min: int | None = None
    max: int | None = None
    count: int | None = None
    all: UidSet | SequenceSet | None = None
    modseq: int | None = None
    partial: Partial | None = None


class Threads(Struct, frozen=True):
    """RFC 5256 section 4, flattened: each thread's messages as (depth, number), depth 0 the root.

    A member that is None stands for a parent that is not in the mailbox.
    """

    threads: tuple[tuple[tuple[int, int | None], ...], ...]


# --- messages ---


class SectionKey(NamedTuple):
    """Names one section of a message: what a request asks for and a response gives back.

    ``part`` "" is the message; ``text`` is "", HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT or MIME;
    ``fields`` are sorted, in upper case; ``origin`` is the first octet of a partial fetch.
    """

    part: str = ""
    text: str = ""
    fields: tuple[bytes, ...] = ()
    origin: int | None = None
    binary: bool = False


NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
NO_SECTIONS: Final = cast("Mapping[SectionKey, bytes | Streamed | None]", NOTHING)
NO_SIZES: Final = cast("Mapping[str, int]", NOTHING)


class Fetched(Struct, frozen=True):
    """Data of one message (RFC 9051 section 7.5.2). None: the item was not in the response, or is ``broken``.

    ``present`` names the items seen (section items as BODY[] or BINARY[]), ``broken`` those of them that could
    not be read. An item the server sent as NIL is present and None.
    """

    seq: int
    uid: int | None = None
    flags: tuple[bytes, ...] | None = None
    modseq: int | None = None
    internaldate: datetime | None = None
    size: int | None = None
    envelope: Envelope | None = None
    structure: BodyPart | None = None
    email_id: str | None = None
    thread_id: str | None = None
    preview: str | None = None
    savedate: datetime | None = None
    gm_msgid: int | None = None
    gm_thrid: int | None = None
    gm_labels: tuple[bytes, ...] | None = None
    sections: Mapping[SectionKey, bytes | Streamed | None] = NO_SECTIONS
    binary_sizes: Mapping[str, int] = NO_SIZES
    present: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()

    def merged(self, later: Fetched) -> Fetched:
        """Both together; what ``later`` has wins. For one message of one mailbox answered in several responses."""
        fresh = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(later, name)) is not None and name not in _JOINED
        }
        return replace(
            self,
            **fresh,
            sections={**self.sections, **later.sections},
            binary_sizes={**self.binary_sizes, **later.binary_sizes},
            present=self.present | later.present,
            broken=(self.broken - later.present) | later.broken,
        )


_JOINED: Final = frozenset({"sections", "binary_sizes", "present", "broken"})


class Unknown(Struct, frozen=True):
    """An untagged response of a kind that is not understood; ``kind`` is its name in upper case."""

    kind: str
    frame: Frame


Response = (
    Tagged
    | Condition
    | Continue
    | Capability
    | Enabled
    | MailboxFlags
    | Exists
    | Recent
    | Expunged
    | Vanished
    | Listed
    | Status
    | Namespaces
    | ServerId
    | Quota
    | QuotaRoot
    | Acl
    | ListRights
    | MyRights
    | Found
    | Esearch
    | Threads
    | Fetched
    | Unknown
)
