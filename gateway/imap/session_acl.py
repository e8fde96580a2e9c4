"""Who may do what with a mailbox: the ACL extension (RFC 4314)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.imap.encode.acl import Change, identifier, modification
from gateway.imap.encode.arg import mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import ListRights
from gateway.imap.rights import asked, told
from gateway.imap.routing_rights import AclOf, MyRightsOf, RightsFor
from gateway.imap.session_core import Core


class Sharing(Core):
    """Where the server has no ACL a verb is refused by it, with BAD: look at the capabilities first."""

    async def get_acl(self, name: MailboxName) -> Mapping[bytes, str]:
        """Rights by identifier, those that an identifier starting with ``-`` lacks too (RFC 4314 section 3.3).

        Raises Refused, NOPERM without the right to administer, NONEXISTENT where there is no such mailbox.
        """
        want = AclOf(name)
        await self._run_on(name, "GETACL", mailbox(name), needs="a", want=want)
        return {who: told(letters, old=self.capabilities.old_rights) for who, letters in want.rights.items()}

    async def set_acl(self, name: MailboxName, who: bytes, letters: str, change: Change = "replace") -> None:
        """Replace an identifier's rights, or add to or remove from them (RFC 4314 section 3.1). Raises as get_acl;
        Refused with the status BAD for rights or an identifier that the server does not know."""
        rights = modification(asked(letters, old=self.capabilities.old_rights), change)
        await self._run_on(name, "SETACL", mailbox(name), identifier(who), rights, needs="a")

    async def delete_acl(self, name: MailboxName, who: bytes) -> None:
        """Take an identifier off the list; one that is not on it is no error to most servers. Raises as set_acl."""
        await self._run_on(name, "DELETEACL", mailbox(name), identifier(who), needs="a")

    async def list_rights(self, name: MailboxName, who: bytes) -> ListRights:
        """What can be granted to an identifier; letters in one string go together (RFC 4314 section 3.7)."""
        want = RightsFor(name)
        await self._run_on(name, "LISTRIGHTS", mailbox(name), identifier(who), needs="a", want=want)
        found = want.found or ListRights(name, who, "", ())
        old = self.capabilities.old_rights
        optional = [told(letters, old=old) for letters in found.optional]
        return ListRights(name, who, told(found.required, old=old), tuple(filter(None, optional)))

    async def my_rights(self, name: MailboxName) -> str:
        """Raises Refused, NONEXISTENT where there is no such mailbox, or none that may be known of."""
        want = MyRightsOf(name)
        await self._run_on(name, "MYRIGHTS", mailbox(name), want=want)
        return told(want.rights or "", old=self.capabilities.old_rights)

    async def my_rights_of(self, names: Sequence[MailboxName]) -> Mapping[MailboxName, str]:
        """All in flight together; a mailbox that refuses, such as one just deleted, is left out."""
        wants = [MyRightsOf(name) for name in names]
        pendings = [self._start("MYRIGHTS", mailbox(name), want=want) for name, want in zip(names, wants, strict=True)]
        try:
            for pending in pendings:
                await self._wire.answer(pending)
        finally:
            for pending in pendings:
                self._wire.abandon(pending)
        old = self.capabilities.old_rights
        return {
            name: told(want.rights, old=old) for name, want in zip(names, wants, strict=True) if want.rights is not None
        }
