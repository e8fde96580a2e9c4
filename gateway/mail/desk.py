"""What the verbs work with: the pool, the limits and a clock, and the way from an account to a signed-in session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from gateway.accounts.account import Account
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.opening import Current, Stale
from gateway.mail.summaries import Summaries
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.settings.model import Limits


@dataclass(frozen=True, slots=True)
class Desk:
    """Handed to every verb; built once by the composition.

    ``bulk``: what is done at it yields to what somebody waits for.
    """

    pool: Pool
    limits: Limits
    clock: Callable[[], float]
    summaries: Summaries
    bulk: bool = field(default=False, kw_only=True)

    def leased(self, account: Account, name: MailboxName | None = None) -> AbstractAsyncContextManager[Session]:
        """A connection for one verb, best with that folder open."""
        return self.pool.lease(target_of(account), name, bulk=self.bulk)

    def examines(self) -> bool:
        """Whether a folder that is only read is opened for reading only."""
        return True

    def entered(self, mailbox: Mailbox) -> None:
        """Told of each folder that was opened a moment ago."""

    @asynccontextmanager
    async def session(self, account: Account) -> AsyncIterator[Session]:
        """A signed-in session of the account, whatever folder it has open."""
        async with self.leased(account) as session:
            yield session

    def folder(
        self, account: Account, name: MailboxName, *, readonly: bool = True, meanwhile: bool = False
    ) -> AbstractAsyncContextManager[tuple[Session, Mailbox]]:
        """A session with the folder open, and told of what happened to it until now.

        Where the folder is open already the server is asked for news first: without that it may show messages as they
        were. ``meanwhile``: where it can't be another folder by now, in the same round trip as the first command, for
        one that changes messages by UID. Raises NotFound where there is no such folder.
        """
        return Current(
            self.leased(account, name),
            name,
            examines=readonly and self.examines(),
            entered=self.entered,
            readonly=readonly,
            meanwhile=meanwhile,
        )

    def stale(self, account: Account, name: MailboxName) -> AbstractAsyncContextManager[Session]:
        """A session with the folder open as it was last known, for who refreshes it."""
        return Stale(self.leased(account, name), name, examines=self.examines(), entered=self.entered)


def target_of(account: Account) -> Target:
    """The account as the pool knows it."""
    return Target(
        account_id=account.id,
        provider=account.provider.name,
        endpoint=account.endpoint,
        credential=account.credential,
        expires_at=account.expires_at,
        ignore=frozenset(name.upper() for name in account.provider.disable_capabilities),
        compress=account.provider.compress,
    )
