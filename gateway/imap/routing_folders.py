"""What LIST, LSUB, STATUS and NOTIFY wait for."""

from __future__ import annotations

from gateway.errors import ProtocolViolation
from gateway.imap.name import MailboxName
from gateway.imap.response import (
    Listed,
    MyRights,
    Response,
    Status,
)
from gateway.imap.routing import Claim, Want

# Responses kept for one LIST: a server of a hundred thousand folders is none of the real ones.
MAX_LISTED = 100_000
# Items kept of one mailbox's STATUS over several responses: all that are known are twelve.
MAX_STATUS_ITEMS = 100


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
