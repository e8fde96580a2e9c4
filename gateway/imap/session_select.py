"""Selecting a mailbox, leaving it, and asking for news."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import Refused
from gateway.imap.connection import Pending
from gateway.imap.encode.arg import Arg, mailbox
from gateway.imap.encode.command import command, select_parameters
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session_core import Core


class Selecting(Core):
    async def select(self, name: MailboxName, *, readonly: bool = False, again: bool = False) -> Mailbox:
        """The mailbox ``name``, selected (EXAMINE where ``readonly``).

        No round trip where it is selected already in a fitting mode; then the model is as fresh as the last answer
        (``noop()`` refreshes it); ``again`` opens it anew all the same. Raises Refused, NONEXISTENT where there is no
        such mailbox.
        """
        held = self._mailbox
        if not again and held is not None and held.name == name and (readonly or not held.readonly):
            return held
        args: list[Arg] = [mailbox(name)]
        parameters = select_parameters(condstore=self._asks_condstore())
        if parameters is not None:
            args.append(parameters)
        kept = held is not None and held.name == name and held.kept
        fresh = Mailbox(name, readonly=readonly, kept=kept)
        pending = self._wire.command(command("EXAMINE" if readonly else "SELECT", *args))
        pending.on_begin = lambda: self._enter(fresh)
        pending.on_end = lambda: self._entered(fresh, pending)
        self._wire.start(pending)
        try:
            await self._finish(pending)
        except Refused as refusal:
            explained = await self._explained(refusal, name)
            self._outlived = self._outlived or (name in self._lives and explained.imap_code is None)
            raise explained from refusal
        life = fresh.uidvalidity or 0
        self._outlived = self._outlived or self._lives.setdefault(name, life) != life
        return fresh

    def _asks_condstore(self) -> bool:
        return self.capabilities.has("CONDSTORE") and not self.capabilities.enabled & {"CONDSTORE", "QRESYNC"}

    def _enter(self, fresh: Mailbox) -> None:
        self._mailbox = fresh

    def _entered(self, fresh: Mailbox, pending: Pending) -> None:
        if self._mailbox is fresh and (pending.tagged is None or pending.tagged.status != "OK"):
            self._mailbox = None
        fresh.opened()

    async def unselect(self) -> None:
        """Leave the mailbox; nothing is expunged by it."""
        held = self._mailbox
        if held is None:
            return
        has_verb = self.capabilities.has("UNSELECT")
        if (
            not has_verb and not held.readonly
        ):  # CLOSE expunges, but not what was only examined (RFC 9051 section 6.4.1)
            held = await self._examine_anew(held)
        pending = self._wire.command(command("UNSELECT" if has_verb else "CLOSE"))
        pending.on_end = lambda: self._left(held, pending)  # also where nobody waits for it any more
        self._wire.start(pending)
        await self._finish(pending)

    def _left(self, held: Mailbox, pending: Pending) -> None:
        if self._mailbox is held and pending.tagged is not None and pending.tagged.status == "OK":
            self._mailbox = None

    async def _examine_anew(self, held: Mailbox) -> Mailbox:
        self._mailbox = None
        return await self.select(held.name, readonly=True)

    async def noop(self) -> None:
        """Has the server say what is new: afterwards the model is current."""
        await self._run("NOOP")

    @asynccontextmanager
    async def news(self) -> AsyncIterator[None]:
        """The same ahead of what is sent within, in the same round trip.

        Dovecot holds back what was expunged while a command that uses sequence numbers is behind it, so this is for
        those that name UIDs and change something: one on a message that is gone changes nothing, and tells nothing.
        """
        pending = self._wire.command(command("NOOP"))
        self._wire.start_with_next(pending)
        try:
            yield
            await self._finish(pending)
        finally:
            self._wire.abandon(pending)
