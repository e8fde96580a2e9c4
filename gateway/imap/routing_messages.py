"""What FETCH and STORE wait for: messages, by UID and by what was asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from msgspec.structs import replace

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.response import (
    Fetched,
    Response,
    SectionKey,
    Vanished,
)
from gateway.imap.routing import Claim, Want
from gateway.imap.uids import Range, UidSet

# Octets of sections held for one FETCH, each message counted as MESSAGE_COST on top: half a million messages' flags, or
# a page of messages with all their header blocks. Bodies are streamed, so they don't come near it.
MAX_HELD = 256 * 1024 * 1024
MESSAGE_COST = 512  # flags and mod-sequence of one were measured at 450


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
