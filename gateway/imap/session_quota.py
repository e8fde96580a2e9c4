"""How much of what a mailbox may take is taken: the QUOTA extension (RFC 9208, and servers of before it)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.errors import Refused
from gateway.imap.encode.acl import quota_root
from gateway.imap.encode.arg import mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import Quota
from gateway.imap.routing_rights import QuotaOf, QuotaRootOf
from gateway.imap.session_core import Core, bare

STORAGE_UNIT: Final = 1024  # octets, RFC 9208 section 5.1


class Quotas(Core):
    """Where the server has no QUOTA a verb is refused by it, with BAD: look at the capabilities first."""

    async def get_quota_root(self, name: MailboxName) -> Sequence[Quota]:
        """Each root that the mailbox counts against (RFC 9208 section 4.1.2); none: nothing bounds it.

        Raises Refused, NONEXISTENT where there is no such mailbox.
        """
        want = QuotaRootOf(name)
        await self._run_on(name, "GETQUOTAROOT", mailbox(name), want=want)
        return want.quotas

    async def get_quota(self, root: bytes) -> Quota:
        """One root (RFC 9208 section 4.1.1); many servers refuse it to who administers nothing."""
        want = QuotaOf(root)
        await self._run("GETQUOTA", quota_root(root), want=want)
        return want.quota or Quota(root, {})

    async def overfull(self, refusal: Refused, name: MailboxName, *, octets: int, messages: int) -> Refused:
        """A bare NO, such as Cyrus's to what does not fit, is OVERQUOTA where a limit would be passed by so much more
        (RFC 9208 section 4.3.1)."""
        if not bare(refusal) or not self.capabilities.has("QUOTA"):
            return refusal
        want = QuotaRootOf(name)
        await self._wire.answer(self._start("GETQUOTAROOT", mailbox(name), want=want))
        more = {"STORAGE": -(-octets // STORAGE_UNIT), "MESSAGE": messages}
        for quota in want.quotas:
            if any(used + more.get(kind, 0) > limit for kind, (used, limit) in quota.resources.items()):
                return Refused(refusal.detail, code="OVERQUOTA", command=refusal.command)
        return refusal
