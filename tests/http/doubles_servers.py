"""In-memory doubles of what finds and tries mail servers."""

from __future__ import annotations

from gateway.accounts.account import Account
from gateway.accounts.candidate import Found
from gateway.accounts.verify.verification import Verification, Wanted
from gateway.http.services import Servers


def servers() -> Servers:
    return Servers(Finder(), Verifier())


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
