"""All accounts of a caller: the one that the token itself names, and those that were linked."""

from __future__ import annotations

from typing import Protocol

from gateway.accounts.account import Account, Caller
from gateway.accounts.link import Link
from gateway.accounts.linked_accounts import LinkedAccounts
from gateway.errors import Forbidden, NotFound, Unprocessable


class OwnAccounts(Protocol):
    """What follows from a token and the settings alone (``accounts.directory.Directory``)."""

    async def accounts(self, caller: Caller, /) -> list[Account]: ...
    async def resolve(self, caller: Caller, ref: str, /) -> Account: ...


class EveryAccount:
    """`me` is the token's own account; where it names none that is served, the caller's default linked one."""

    def __init__(self, own: OwnAccounts, linked: LinkedAccounts) -> None:
        self._own = own
        self._linked = linked

    async def accounts(self, caller: Caller) -> list[Account]:
        """The token's own; those that were linked are told by ``link_of`` and ``links``, without signing in."""
        try:
            return await self._own.accounts(caller)
        except Forbidden:
            return []

    async def resolve(self, caller: Caller, ref: str) -> Account:
        """Raises what the own directory raises, NotFound, SignInRefused (to be linked again), Unavailable."""
        link = await self.link_of(caller, ref)
        if link is not None:
            return await self._linked.account(link)
        if ref != "me" and not await self.accounts(caller):
            raise NotFound("no such account", field="account")
        try:
            return await self._own.resolve(caller, ref)
        except (NotFound, Unprocessable) as error:
            if ref != "me":
                raise
            raise NotFound("no account is linked yet: POST /v1/accounts links one", field="account") from error

    async def links(self, caller: Caller) -> list[Link]:
        return await self._linked.for_caller(caller)

    async def link_of(self, caller: Caller, ref: str) -> Link | None:
        """The linked account that ``ref`` means; None where it means the token's own, or nothing of the caller's."""
        if ref == "me":
            if await self.accounts(caller):
                return None
            links = await self.links(caller)
            return links[0] if links else None
        return next((link for link in await self.links(caller) if link.id == ref), None)
