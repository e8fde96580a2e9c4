"""What an account can do, as its server tells after sign-in."""

from __future__ import annotations

from gateway.accounts.account import Account
from gateway.mail.again import reading
from gateway.mail.desk import Desk, target_of
from gateway.mail.resource import AccountInfo, AccountLimits, Budget


def brief(account: Account) -> AccountInfo:
    """The account without asking its server."""
    return AccountInfo(id=account.id, address=account.address, provider=account.provider.name)


@reading
async def describe(desk: Desk, account: Account) -> AccountInfo:
    """Capabilities, how well changes can be told, limits, and the connection budget."""
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
        limits=_limits(desk, capabilities.append_limit),
    )


def _limits(desk: Desk, append_limit: int | None) -> AccountLimits:
    """The gateway's own, but no larger message than the server takes (RFC 7889)."""
    most = desk.limits.message_bytes
    return AccountLimits(
        page_max=desk.limits.page_max,
        bulk_max=desk.limits.bulk_max,
        message_bytes=most if append_limit is None else min(most, append_limit),
        streams=desk.limits.streams_per_account,
    )
