"""What SEARCH, SORT and THREAD wait for."""

from __future__ import annotations

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.response import (
    Esearch,
    Found,
    Response,
    Threads,
)
from gateway.imap.routing import Claim, Want


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
