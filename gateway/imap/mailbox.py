"""What is known of the mailbox that a connection has selected, kept current by whatever the server says of it."""

from __future__ import annotations

from msgspec import Struct

from gateway.imap.name import MailboxName
from gateway.imap.response import (
    Condition,
    Exists,
    Expunged,
    Fetched,
    FlagsCode,
    MailboxFlags,
    MailboxId,
    NumberCode,
    Response,
    Tagged,
    Vanished,
)


class Mailbox(Struct):
    """``version`` counts the news of other than our own doing since the mailbox was opened; each sets ``changed``.

    ``uidnext`` and ``highestmodseq`` are what the server said last; the latter rises with the MODSEQ of later
    FETCH responses too (RFC 7162 section 3.1.4). None: the server did not say, or has none (NOMODSEQ).
    ``kept``: whoever opened it has had the connection to itself since, and knows of no renaming.
    """

    name: MailboxName
    readonly: bool = False
    exists: int = 0
    uidvalidity: int | None = None
    uidnext: int | None = None
    highestmodseq: int | None = None
    flags: tuple[bytes, ...] = ()
    permanent_flags: tuple[bytes, ...] | None = None
    mailbox_id: str | None = None
    uids_stick: bool = True
    version: int = 0
    changed: bool = False
    kept: bool = False

    def apply(self, response: Response, *, ours: bool = False) -> None:
        """``ours``: the response answers a command, so that it is no news (but may raise ``highestmodseq``)."""
        if type(response) is Fetched:  # the frequent case
            if response.modseq is not None:
                self._raise(response.modseq)
            if not ours:
                self._news()
            return
        match response:
            case Exists(count):
                if count != self.exists:
                    self.exists = count
                    self._news()
            case Expunged():
                self._gone(1)
            case Vanished(uids, False):
                self._gone(len(uids))
            case MailboxFlags(flags):
                self.flags = flags
            case Condition() | Tagged():
                self._code(response)
            case _:
                pass

    def opened(self) -> None:
        """What was told until now was of the moment of opening, no news."""
        self.version, self.changed = 0, False

    def reset(self) -> None:
        """What was told so far was of the mailbox selected before (RFC 7162 section 3.2.11)."""
        self.exists = 0
        self.uidvalidity = self.uidnext = self.highestmodseq = None
        self.flags, self.permanent_flags = (), None
        self.mailbox_id, self.uids_stick = None, True

    def _code(self, response: Condition | Tagged) -> None:
        match response.code:
            case NumberCode(name="UIDVALIDITY", number=number):
                self.uidvalidity = number
            case NumberCode(name="UIDNEXT", number=number):
                self.uidnext = number
            case NumberCode(name="HIGHESTMODSEQ", number=number):
                # RFC 7162 section 7 has no 0 here: servers that send it keep no mod-sequences.
                self.highestmodseq = max(number, self.highestmodseq or 0) or None
            case FlagsCode(name="PERMANENTFLAGS", flags=flags):
                self.permanent_flags = flags
            case MailboxId(id=mailbox_id):
                self.mailbox_id = mailbox_id
            case code if code is not None:
                self._bare_code(code.name)
            case _:
                pass

    def _bare_code(self, name: str) -> None:
        match name:
            case "NOMODSEQ":
                self.highestmodseq = None
            case "READ-ONLY":
                self.readonly = True
            case "READ-WRITE":
                self.readonly = False
            case "UIDNOTSTICKY":
                self.uids_stick = False
            case _:
                pass

    def _raise(self, modseq: int | None) -> None:
        if modseq is not None and self.highestmodseq is not None and modseq > self.highestmodseq:
            self.highestmodseq = modseq

    def _gone(self, count: int) -> None:
        self.exists = max(0, self.exists - count)
        self._news()

    def _news(self) -> None:
        self.version += 1
        self.changed = True
