"""In-memory doubles of what finds and tries mail servers."""

from __future__ import annotations

from collections.abc import Callable

from gateway.accounts.account import Account
from gateway.accounts.candidate import Found
from gateway.accounts.verify.verification import Verification, Wanted
from gateway.http.services import Servers
from gateway.http.tries import Tries
from gateway.settings.model import Settings


def servers(settings: Settings, clock: Callable[[], float]) -> Servers:
    return Servers(Finder(), Verifier(), Tries(settings.accounts.tries_per_minute, clock))


class Finder:
    """Finds nothing."""

    async def find(self, address: str, /) -> Found:
        return Found(address=address, imap=[], smtp=[], rejected=[], asked=[])


class Verifier:
    """All is well, and nothing was tried."""

    async def verify(self, wanted: Wanted, /) -> Verification:
        return Verification(ok=True, steps=[])

    async def verify_account(self, account: Account, /) -> Verification:
        return Verification(ok=True, steps=[])
