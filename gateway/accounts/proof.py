"""That a credential really opens its account, before it is stored."""

from __future__ import annotations

from typing import Protocol

from gateway.accounts.account import Account
from gateway.errors import Reply, SignInRefused, Unprocessable


class Prove(Protocol):
    """Signs in and out. Raises SignInRefused, and what else connecting to a mail server raises."""

    async def __call__(self, account: Account, /) -> None: ...


class LinkRefused(Unprocessable):
    """The mail server refused what should open the account."""

    reply = Reply("link-refused", 422, "The account could not be linked")


async def proven(prove: Prove, account: Account, field: str) -> None:
    """Raises LinkRefused, the same for an unknown user and for a wrong password; ``field``: what was refused."""
    try:
        await prove(account)
    except SignInRefused as error:
        refused = LinkRefused("auth: the mail server refused to sign in with this", field=field)
        refused.imap_code = error.imap_code
        raise refused from error
