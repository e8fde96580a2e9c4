"""Which command an untagged response answers: decided by what is in it, never by its age alone.

Servers send the data of several pipelined commands before any of their tags (RFC 9051 section 5.5), so each command
has a ``Want`` that knows what it asked for. A response goes to the earliest want that still misses it, else to the
earliest that asked for it at all, else it is news of the mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Generic, TypeVar, cast

from msgspec.structs import replace

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.name import MailboxName
from gateway.imap.response import (
    Capability,
    Code,
    Condition,
    Enabled,
    Esearch,
    Fetched,
    Found,
    Listed,
    MyRights,
    Namespaces,
    Response,
    SectionKey,
    ServerId,
    Status,
    Threads,
    Vanished,
)
from gateway.imap.uids import Range, UidSet

# Responses kept for one LIST: a server of a hundred thousand folders is none of the real ones.
MAX_LISTED = 100_000
# Items kept of one mailbox's STATUS over several responses: all that are known are twelve.
MAX_STATUS_ITEMS = 100
# Octets of sections held for one FETCH, each message counted as MESSAGE_COST on top: half a million messages' flags, or
# a page of messages with all their header blocks. Bodies are streamed, so they don't come near it.
MAX_HELD = 256 * 1024 * 1024
MESSAGE_COST = 512  # flags and mod-sequence of one were measured at 450


class Claim(IntEnum):
    """How a want stands to a response."""

    NONE = 0
    AGAIN = 1  # asked for, and had already
    MISSED = 2  # asked for, not had yet


class Want:
    """What a command waits for besides its tag; this one: nothing. Wants of one ``lane`` run one at a time."""

    __slots__ = ("tag",)
    lane: str | None = None

    def __init__(self) -> None:
        self.tag = ""

    def claim(self, response: Response) -> Claim:
        return Claim.NONE

    def take(self, response: Response) -> None:
        """Only what was claimed is given."""


def route(wants: Iterable[Want], response: Response) -> Want | None:
    """The want, of those in flight in the order of their commands, that ``response`` belongs to."""
    second: Want | None = None
    for want in wants:
        claim = want.claim(response)
        if claim is Claim.MISSED:
            return want
        if claim is Claim.AGAIN and second is None:
            second = want
    return second


def match_section(asked: Iterable[SectionKey], given: SectionKey) -> SectionKey | None:
    """The section that was asked for and that ``given`` answers.

    Servers leave out the origin, or give back a HEADER.FIELDS list in their own way; that is no matter as
    long as only one section of the kind was asked for.
    """
    same = [key for key in asked if key[:2] == given[:2] and key.binary == given.binary]
    if given in same:
        return given
    exact = [key for key in same if given.origin in (None, key.origin)]
    return exact[0] if len(exact) == 1 else None


_SECTIONS: Final = frozenset({"BODY[]", "BINARY[]"})  # what ``Fetched.broken`` calls sections


class Messages(Want):
    """UID FETCH. ``names`` are the items asked for as ``Fetched.present`` names them, ``keys`` the sections.

    After ``most`` messages no other is kept: ``cut`` is the lowest UID of those.
    ``strayed``: the sequence number of the last message, where ``n:*`` was answered with one below n; else 0.
    """

    __slots__ = ("_gone", "_held", "_keys", "_most", "_names", "_uids", "_vanished", "cut", "messages", "strayed")

    def __init__(
        self,
        uids: UidSet,
        names: frozenset[str],
        keys: frozenset[SectionKey] = frozenset(),
        *,
        vanished: bool = False,
        most: int | None = None,
    ) -> None:
        super().__init__()
        self._most, self.cut = most, cast("int | None", None)
        self._uids, self._names, self._keys, self._vanished = uids, names - {"UID"}, keys, vanished
        self._held = self.strayed = 0
        self._gone: list[Range] = []
        self.messages: dict[int, Fetched] = {}

    @property
    def vanished(self) -> UidSet:
        """UIDs of VANISHED (EARLIER) responses."""
        return UidSet(self._gone)

    def claim(self, response: Response) -> Claim:
        if type(response) is Fetched:
            return self._claim_fetched(response)
        if type(response) is Vanished and response.earlier and self._vanished:
            return Claim.MISSED
        return Claim.NONE

    def _claim_fetched(self, response: Fetched) -> Claim:
        if response.uid is None:
            return Claim.NONE
        if response.uid not in self._uids:
            # ``n:*`` is answered with the last message even where that is below n: ours, but not wanted.
            strayed = self._uids.last == limits.MAX_NUMBER and self._names <= response.present
            return Claim.AGAIN if strayed else Claim.NONE
        answered = response.present & self._names
        if self._keys:  # a section that could not be read is an answer, too
            answered |= response.broken & _SECTIONS
        keys = self._asked(response) if response.sections else frozenset()
        had = self.messages.get(response.uid)
        if not answered and not keys:
            only_uid = not self._names and not self._keys
            return Claim.MISSED if only_uid and had is None else Claim.NONE
        if had is None or not answered <= had.present or not keys <= had.sections.keys():
            return Claim.MISSED
        return Claim.AGAIN

    def _asked(self, response: Fetched) -> frozenset[SectionKey]:
        found = (match_section(self._keys, key) for key in response.sections)
        return frozenset(key for key in found if key is not None)

    def take(self, response: Response) -> None:
        if type(response) is Fetched:
            if response.uid is not None and response.uid in self._uids:
                self._keep(response, response.uid)
            else:
                self.strayed = max(self.strayed, response.seq)
        elif type(response) is Vanished:
            self._gone.extend(response.uids.ranges)
            if len(self._gone) > limits.MAX_RANGES:
                raise ProtocolViolation("the mail server says too much of what is gone")

    def _keep(self, response: Fetched, uid: int) -> None:
        if self._most is not None and len(self.messages) >= self._most and uid not in self.messages:
            self.cut = uid if self.cut is None else min(uid, self.cut)
        else:
            self._take_fetched(response, uid)

    def _take_fetched(self, response: Fetched, uid: int) -> None:
        self._held += MESSAGE_COST
        if response.sections:
            self._held += sum(len(data) for data in response.sections.values() if isinstance(data, bytes))
            sections = {match_section(self._keys, key) or key: data for key, data in response.sections.items()}
            response = replace(response, sections=sections)
        if self._held > MAX_HELD:
            raise ProtocolViolation("the mail server answers with more than can be held")
        had = self.messages.get(uid)
        self.messages[uid] = response if had is None else had.merged(response)


class Stored(Want):
    """UID STORE: the FETCH responses that tell the new flags."""

    __slots__ = ("_uids", "messages")

    def __init__(self, uids: UidSet) -> None:
        super().__init__()
        self._uids = uids
        self.messages: dict[int, Fetched] = {}

    def claim(self, response: Response) -> Claim:
        if type(response) is not Fetched or response.uid is None or response.uid not in self._uids:
            return Claim.NONE
        if not response.present & {"FLAGS", "MODSEQ"}:
            return Claim.NONE
        return Claim.AGAIN if response.uid in self.messages else Claim.MISSED

    def take(self, response: Response) -> None:
        if type(response) is Fetched and response.uid is not None:
            had = self.messages.get(response.uid)
            self.messages[response.uid] = response if had is None else had.merged(response)


class Numbers(Want):
    """UID SEARCH or UID SORT, answered the old way or as ESEARCH with our tag (RFC 9051 section 7.3.4)."""

    __slots__ = ("_kind", "esearch", "lane", "modseq", "numbers")

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.lane = self._kind = kind
        self.numbers: list[int] = []
        self.modseq: int | None = None
        self.esearch: Esearch | None = None

    def claim(self, response: Response) -> Claim:
        if type(response) is Found and response.kind == self._kind:
            return Claim.MISSED
        if type(response) is Esearch and response.tag in (None, self.tag):
            return Claim.MISSED if self.esearch is None else Claim.AGAIN
        return Claim.NONE

    def take(self, response: Response) -> None:
        match response:
            case Found(numbers=numbers, modseq=modseq):
                if len(self.numbers) + len(numbers) > 2 * limits.MAX_EXPANDED:
                    raise ProtocolViolation("the mail server found too many messages")
                self.numbers.extend(numbers)
                self.modseq = modseq or self.modseq
            case Esearch():
                self.esearch = response
                self.modseq = response.modseq or self.modseq
            case _:
                pass


class Forest(Want):
    """UID THREAD; the last answer counts."""

    __slots__ = ("found",)
    lane = "THREAD"

    def __init__(self) -> None:
        super().__init__()
        self.found: Threads | None = None

    def claim(self, response: Response) -> Claim:
        return Claim.MISSED if type(response) is Threads else Claim.NONE

    def take(self, response: Response) -> None:
        if type(response) is Threads:
            self.found = response


class StatusOf(Want):
    """STATUS of one mailbox."""

    __slots__ = ("_name", "status")

    def __init__(self, name: MailboxName) -> None:
        super().__init__()
        self._name = name
        self.status: Status | None = None

    def claim(self, response: Response) -> Claim:
        if type(response) is not Status or response.name != self._name:
            return Claim.NONE
        return Claim.AGAIN if self.status is not None else Claim.MISSED

    def take(self, response: Response) -> None:
        if type(response) is Status:
            self.status = _merged(self.status, response)


def _merged(had: Status | None, news: Status) -> Status:
    """What NOTIFY tells in between has other items than what was asked for: each keeps its last value."""
    if had is None:
        return news
    if len(had.values) > MAX_STATUS_ITEMS:
        raise ProtocolViolation("the mail server tells too much of one folder")
    return Status(news.name, {**had.values, **news.values})


class Statuses(Want):
    """NOTIFY SET STATUS: the state of each mailbox that it covers (RFC 5465 section 3.1)."""

    __slots__ = ("_wanted", "statuses")

    def __init__(self, *, wanted: bool) -> None:
        super().__init__()
        self._wanted = wanted
        self.statuses: dict[MailboxName, Status] = {}

    def claim(self, response: Response) -> Claim:
        return Claim.MISSED if self._wanted and type(response) is Status else Claim.NONE

    def take(self, response: Response) -> None:
        if len(self.statuses) >= MAX_LISTED:
            raise ProtocolViolation("the mail server tells of too many folders")
        if type(response) is Status:
            self.statuses[response.name] = _merged(self.statuses.get(response.name), response)


class Listing(Want):
    """LIST or LSUB, with the STATUS responses of LIST-STATUS (RFC 5819) where ``status``, and the MYRIGHTS responses of
    LIST-MYRIGHTS (RFC 8440) where ``rights``."""

    __slots__ = ("_lsub", "_rights", "_status", "lane", "listed", "rights", "statuses")

    def __init__(self, *, lsub: bool = False, status: bool = False, rights: bool = False) -> None:
        super().__init__()
        self.lane = "LSUB" if lsub else "LIST"
        self._lsub, self._status, self._rights = lsub, status, rights
        self.listed: list[Listed] = []
        self.statuses: dict[MailboxName, Status] = {}
        self.rights: dict[MailboxName, str] = {}

    def claim(self, response: Response) -> Claim:
        if type(response) is Listed and response.lsub == self._lsub:
            return Claim.MISSED
        if type(response) is Status and self._status:
            return Claim.AGAIN if response.name in self.statuses else Claim.MISSED
        if type(response) is MyRights and self._rights:
            return Claim.AGAIN if response.name in self.rights else Claim.MISSED
        return Claim.NONE

    def take(self, response: Response) -> None:
        if len(self.listed) + len(self.statuses) + len(self.rights) >= 3 * MAX_LISTED:
            raise ProtocolViolation("the mail server lists too many folders")
        match response:
            case Listed():
                self.listed.append(response)
            case Status(name):
                self.statuses[name] = _merged(self.statuses.get(name), response)
            case MyRights(name, rights):
                self.rights[name] = rights
            case _:
                pass


One = TypeVar("One", Capability, Enabled, Namespaces, ServerId)


class Single(Want, Generic[One]):
    """A command with one answer of a kind: CAPABILITY, ENABLE, NAMESPACE, ID. The last one counts."""

    __slots__ = ("_kind", "lane", "value")

    def __init__(self, kind: type[One]) -> None:
        super().__init__()
        self._kind: type[One] = kind
        self.lane = kind.__name__
        self.value: One | None = None

    def claim(self, response: Response) -> Claim:
        return Claim.MISSED if type(response) is self._kind else Claim.NONE

    def take(self, response: Response) -> None:
        self.value = cast("One", response)


class Codes(Want):
    """A command whose code may come in an untagged OK before its tag, such as MOVE's COPYUID (RFC 6851 section 4.3)."""

    __slots__ = ("_name", "codes", "lane")

    def __init__(self, name: str) -> None:
        super().__init__()
        self.lane = self._name = name
        self.codes: list[Code] = []

    def claim(self, response: Response) -> Claim:
        if type(response) is Condition and response.code is not None and response.code.name == self._name:
            return Claim.MISSED
        return Claim.NONE

    def take(self, response: Response) -> None:
        if type(response) is Condition and response.code is not None and len(self.codes) < MAX_LISTED:
            self.codes.append(response.code)
