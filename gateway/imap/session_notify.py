"""News of more than the selected mailbox, told by the server whenever there is some: NOTIFY (RFC 5465)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from gateway.errors import LocalError, Refused
from gateway.imap.encode.event_group import EventGroup, event_groups, no_events
from gateway.imap.name import MailboxName, encode_utf7
from gateway.imap.response import Condition, Fetched, Listed, Response, Status
from gateway.imap.routing_folders import Statuses
from gateway.imap.session_core import Core

Notice = Status | Listed | Condition


class Notifying(Core):
    # Told of each notice, and whether a command of ours that asks for such data was in flight, so that it may be
    # the answer to that: a server tells news in between, in the same words. Must not raise.
    on_notice: Callable[[Notice, bool], None] | None = None
    _notifying: bool = False
    _agreed: bool = False

    @property
    def notifying(self) -> bool:
        """Whether the server tells news by itself: until ``notify_none()``, or until that is too much for it."""
        return self._notifying

    async def notify(self, *groups: EventGroup, status: bool = False) -> Mapping[MailboxName, Status]:
        """From now on the server tells of these events at any time; what it told before is replaced.

        News of the selected mailbox go to ``mailbox``, of others to ``on_notice`` as Status, and as Listed where
        mailboxes or subscriptions change; a Condition with NOTIFICATIONOVERFLOW ends it (RFC 5465 section 5.8).
        Dovecot tells of the selected mailbox at once in IDLE only, of others always.
        ``status``: the state of each mailbox of the groups but the selected one is the result.
        Raises LocalError where the server does not offer it; Refused, BADEVENT for an event it does not have.
        """
        if not self.capabilities.has("NOTIFY"):
            raise LocalError("NOTIFY where it is not offered")
        want = Statuses(wanted=status)
        before, self._notifying = self._notifying, True
        try:
            await self._run("NOTIFY", event_groups(groups, status=status), want=want)
        except Refused:
            self._notifying = before
            raise
        self._agreed = True
        return want.statuses

    async def notify_none(self) -> None:
        """Nothing more is told of any mailbox, not even of the selected one to NOOP and IDLE (RFC 5465 section 3.1).

        So a session that goes on being used for one mailbox wants ``notify(Selected(delayed=True))`` instead. After an
        overflow it is wanted before another ``notify()``: where one replaces another, Dovecot 2.3 tells nothing more.
        """
        if self._agreed:
            await self._run("NOTIFY", no_events())
            self._notifying = self._agreed = False

    def _misspelt(self, name: MailboxName) -> bool:
        """Dovecot 2.3 tells news in UTF-8, and answers in modified UTF-7 as it must (RFC 9051 section 5.1)."""
        return self._notifying and not name.wire.isascii() and not self.capabilities.utf8_names

    def _hear(self, response: Response, ours: bool) -> None:
        if type(response) is Fetched:  # the frequent case
            super()._hear(response, ours)
            return
        if isinstance(response, Status | Listed) and self._misspelt(response.name):
            response, ours = replace(response, name=_spelt(response.name)), False
        super()._hear(response, ours)
        match response:
            case Status() | Listed(lsub=False):
                if self.on_notice is not None and (self._notifying or not ours):
                    self.on_notice(response, ours)
            case Condition(code=code) if code is not None and code.name == "NOTIFICATIONOVERFLOW":
                self._notifying = False
                if self.on_notice is not None:
                    self.on_notice(response, ours)
            case _:
                pass


def _spelt(name: MailboxName) -> MailboxName:
    """As answers spell it; as it is where it is no UTF-8."""
    try:
        return MailboxName(encode_utf7(name.wire.decode("utf-8")))
    except ValueError:
        return name
