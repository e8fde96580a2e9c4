"""What a server can say, as a closed set of values (RFC 9051 section 7). ``Response`` is the union.

Names of status codes, capabilities and items are in upper case; octets that people wrote stay octets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from gateway.imap.code import AppendUid as AppendUid
from gateway.imap.code import BadCharset as BadCharset
from gateway.imap.code import CapabilityCode as CapabilityCode
from gateway.imap.code import Code as Code
from gateway.imap.code import CopyUid as CopyUid
from gateway.imap.code import FlagsCode as FlagsCode
from gateway.imap.code import MailboxId as MailboxId
from gateway.imap.code import Modified as Modified
from gateway.imap.code import NumberCode as NumberCode
from gateway.imap.fetched import Fetched as Fetched
from gateway.imap.fetched import SectionKey as SectionKey
from gateway.imap.framer import Frame
from gateway.imap.name import MailboxName
from gateway.imap.uids import SequenceSet, UidSet

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
    """RFC 9394 section 3.1: the part of the results that was asked for, and the numbers in it.

    ``order`` has their ranges as the server wrote them, which is the order of a sort (RFC 5267 section 3.2).
    """

    asked: str
    numbers: UidSet | SequenceSet
    order: tuple[tuple[int, int], ...] = ()


class Esearch(Struct, frozen=True):
    """RFC 9051 section 7.3.4. ``all`` and ``partial`` hold UIDs where ``uid``, else message numbers.

    ``order`` has the ranges of ``all`` as the server wrote them, which is the order of a sort (RFC 5267 section 3.2).
    """

    tag: str | None = None
    uid: bool = False
    min: int | None = None
    max: int | None = None
    count: int | None = None
    all: UidSet | SequenceSet | None = None
    modseq: int | None = None
    partial: Partial | None = None
    order: tuple[tuple[int, int], ...] = ()


class Threads(Struct, frozen=True):
    """RFC 5256 section 4, flattened: each thread's messages as (depth, number), depth 0 the root.

    A member that is None stands for a parent that is not in the mailbox.
    """

    threads: tuple[tuple[tuple[int, int | None], ...], ...]


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
