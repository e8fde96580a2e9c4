"""What an account can do, as its server tells after sign-in."""

from __future__ import annotations

from gateway.accounts.account import Account
from gateway.mail.again import reading
from gateway.mail.desk import Desk, target_of
from gateway.mail.resource import AccountInfo, Budget


def brief(account: Account) -> AccountInfo:
    """The account without asking its server."""
    return AccountInfo(id=account.id, address=account.address, provider=account.provider.name)


@reading
async def describe(desk: Desk, account: Account) -> AccountInfo:
    """Capabilities, how well changes can be told, and the connection budget."""
    async with desk.session(account) as session:
        capabilities = session.capabilities
    used = desk.pool.budget(target_of(account))
    return AccountInfo(
        id=account.id,
        address=account.address,
        provider=account.provider.name,
        capabilities=sorted(capabilities.names),
        sync_mode=capabilities.sync_mode(),
        budget=Budget(allowed=used.allowed, pool=used.pool, watchers=used.watchers, in_use=used.in_use),
    )
