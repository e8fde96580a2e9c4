"""How full an account is (RFC 9208)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.accounts.account import Account
from gateway.errors import Forbidden, Refused, Unsupported
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.address import id_of_folder
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.quota_level import AccountQuota, resources
from gateway.mail.roles import resolve


@reading
async def get_quota(desk: Desk, account: Account, ref: str, thresholds: Sequence[int]) -> AccountQuota:
    """All limits that a folder counts against; the inbox's are the account's. ``thresholds``: percents to warn at.

    Raises NotFound, Unsupported, and Forbidden where the server keeps the owner's quota to the owner.
    """
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        if not session.capabilities.has("QUOTA"):
            raise Unsupported("the mail server tells of no quota (it has no QUOTA)")
        try:
            return await quota_of(session, name, thresholds)
        except Refused as refused:
            if refused.imap_code is not None or refused.status != "NO":
                raise
            # RFC 9208 section 4.1.2: NO means that it is not permitted; that the folder exists is known by now.
            raise Forbidden("the mail server does not tell the quota of this folder", field="folder") from refused


async def quota_of(session: Session, name: MailboxName, thresholds: Sequence[int]) -> AccountQuota:
    """The same, of a server that has QUOTA. Raises Refused."""
    quotas = await session.get_quota_root(name)
    return AccountQuota(folder_id=id_of_folder(name), resources=resources(quotas, thresholds))
