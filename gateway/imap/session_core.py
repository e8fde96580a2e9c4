"""What every verb of a session stands on: the connection, what the server can do, and the mailbox that is selected."""

from __future__ import annotations

from gateway.errors import Refused
from gateway.imap.capability import Capabilities
from gateway.imap.connection import Connection, Pending, Wire
from gateway.imap.connection_states import shown
from gateway.imap.encode.arg import Arg, ListPattern, mailbox, pattern
from gateway.imap.encode.command import command
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import Capability, CapabilityCode, Condition, Enabled, Fetched, Response, Tagged
from gateway.imap.rights import told
from gateway.imap.routing import Want
from gateway.imap.routing_folders import Listing
from gateway.imap.routing_rights import MyRightsOf


class Core:
    """One signed-in connection. Verbs raise Refused for NO and BAD, and what ended the connection if it has ended."""

    def __init__(
        self, connection: Connection, endpoint: Endpoint, deadlines: Deadlines, ignore: frozenset[str]
    ) -> None:
        self.endpoint = endpoint
        self.deadlines = deadlines
        self.capabilities = Capabilities.of(())
        self._connection = connection
        self._wire: Wire = connection.protocol
        self._ignore = ignore
        self._told = False  # capabilities were told since the last sign-in or TLS
        self._mailbox: Mailbox | None = None
        self._lives: dict[MailboxName, int] = {}  # UIDVALIDITY of each mailbox that was opened
        self._outlived = False
        self._wire.on_news = self._hear

    @property
    def mailbox(self) -> Mailbox | None:
        """The selected mailbox, as the server's news keep it."""
        return self._mailbox

    @property
    def outlived(self) -> bool:
        """Whether a mailbox was opened, or is there and could not be, that had been opened before it was made anew.

        Dovecot may then take the files of the old one for those of the new one: it never sees that flags change, or
        says for good that the mailbox was deleted.
        """
        return self._outlived

    async def _run(self, name: str, *args: Arg, want: Want | None = None) -> Tagged:
        """A command's OK. Raises Refused for NO and BAD."""
        return await self._finish(self._start(name, *args, want=want))

    def _start(self, name: str, *args: Arg, want: Want | None = None) -> Pending:
        """Sends without waiting, so that several commands can be in flight; ``_finish`` waits."""
        pending = self._wire.command(command(name, *args), want)
        self._wire.start(pending)
        return pending

    async def _finish(self, pending: Pending) -> Tagged:
        tagged = await self._wire.answer(pending)
        if tagged.status != "OK":
            raise refused(pending.line.name, tagged)
        return tagged

    async def _run_on(
        self, subject: MailboxName, verb: str, *args: Arg, needs: str = "", want: Want | None = None
    ) -> Tagged:
        """As ``_run``, for a command on a mailbox by name: Refused is NONEXISTENT where there is none.

        ``needs``: the rights that the command takes there; Refused is NOPERM where one of them is missing.
        """
        try:
            return await self._run(verb, *args, want=want)
        except Refused as refusal:
            raise await self.denied(await self._explained(refusal, subject), subject, needs) from refusal

    async def _finish_all(self, pendings: list[Pending]) -> list[Tagged]:
        """All of them; where one fails or is cancelled, the rest is abandoned."""
        try:
            return [await self._finish(pending) for pending in pendings]
        finally:
            for pending in pendings:
                self._wire.abandon(pending)

    async def _explained(self, refusal: Refused, name: MailboxName) -> Refused:
        """A bare NO, such as Dovecot's to STATUS, says nothing of whether the mailbox ``name`` exists: LIST does."""
        if not bare(refusal) or await self._exists(name):
            return refusal
        return Refused(refusal.detail, code="NONEXISTENT", command=refusal.command)

    async def lacks(self, name: MailboxName, needs: str) -> bool:
        """Whether the server says that one of the rights ``needs`` is missing there; never without ACL."""
        if not needs or not self.capabilities.has("ACL"):
            return False
        want = MyRightsOf(name)
        await self._wire.answer(self._start("MYRIGHTS", mailbox(name), want=want))
        return want.rights is not None and not set(needs) <= set(told(want.rights, old=self.capabilities.old_rights))

    async def denied(self, refusal: Refused, name: MailboxName, needs: str) -> Refused:
        """A bare NO, such as Cyrus's to who may not, is NOPERM where one of the rights ``needs`` is missing there."""
        if not bare(refusal) or not await self.lacks(name, needs):
            return refusal
        return Refused(refusal.detail, code="NOPERM", command=refusal.command)

    async def _denied_here(self, refusal: Refused, needs: str) -> Refused:
        """The same for a command on the selected mailbox."""
        return refusal if self._mailbox is None else await self.denied(refusal, self._mailbox.name, needs)

    async def _run_here(self, verb: str, *args: Arg, needs: str) -> Tagged:
        """As ``_run``, for a command on the selected mailbox that takes these rights."""
        try:
            return await self._run(verb, *args)
        except Refused as refusal:
            raise await self._denied_here(refusal, needs) from refusal

    async def _explained_new(self, refusal: Refused, name: MailboxName) -> Refused:
        """The same for a mailbox that was to be made: Cyrus does not say ALREADYEXISTS."""
        if not bare(refusal) or not await self._exists(name):
            return refusal
        return Refused(refusal.detail, code="ALREADYEXISTS", command=refusal.command)

    def _misspelt(self, name: MailboxName) -> bool:
        """Whether no answer of this server would spell a name so: it is in news."""
        return False

    async def _exists(self, name: MailboxName) -> bool:
        want = Listing()
        await self._run("LIST", mailbox(MailboxName(b"")), pattern(ListPattern.covering(name)), want=want)
        return any(listed.name == name and "\\nonexistent" not in listed.attributes for listed in want.listed)

    def _hear(self, response: Response, ours: bool) -> None:
        if type(response) is Fetched:  # the frequent case
            if self._mailbox is not None:
                self._mailbox.apply(response, ours=ours)
                self._pushed(response)
            return
        self._hear_of_the_server(response)
        if self._mailbox is not None:
            if isinstance(response, Condition) and response.code is not None and response.code.name == "CLOSED":
                self._mailbox.reset()
            else:
                self._mailbox.apply(response, ours=ours)
            self._pushed(response)

    def _hear_of_the_server(self, response: Response) -> None:
        match response:
            case Capability(names):
                self._learn(names)
            case Enabled(names):
                self.capabilities = self.capabilities.with_enabled(names)
            case Condition(code=CapabilityCode(names=names)) | Tagged(code=CapabilityCode(names=names)):
                self._learn(names)
            case _:
                pass

    def _pushed(self, response: Response) -> None:
        """Called after each response about the selected mailbox."""

    def _learn(self, names: frozenset[str]) -> None:
        self._told = True
        enabled = self.capabilities.enabled
        self.capabilities = Capabilities.of(names).with_enabled(enabled).without(self._ignore)
        self._wire.writer.literal_plus = self.capabilities.has("LITERAL+")
        self._wire.writer.literal_minus = self.capabilities.has("LITERAL-")
        self._wire.capabilities = self.capabilities.names  # for aioimaplib's façade


def bare(refusal: Refused) -> bool:
    """Whether it is a NO that does not say why."""
    return refusal.imap_code is None and refusal.status == "NO"


def refused(name: str, tagged: Tagged) -> Refused:
    """The error for a tagged NO or BAD."""
    code = tagged.code.name if tagged.code is not None else None
    return Refused(shown(tagged.text), code=code, status=tagged.status, command=name)
