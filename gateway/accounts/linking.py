"""Linking accounts with a password, changing and unlinking them: what the HTTP floor calls."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from gateway.accounts.access_tokens import LINK_AT
from gateway.accounts.account import Account, Caller
from gateway.accounts.every_account import EveryAccount
from gateway.accounts.grants import Grants
from gateway.accounts.keyring import Keyring, SealBroken
from gateway.accounts.link import Link, new_id
from gateway.accounts.link_place import Places, Wanted
from gateway.accounts.link_store import LinkStore
from gateway.accounts.linked_accounts import LinkedAccounts, password_account
from gateway.accounts.proof import Prove, proven
from gateway.audit import Audit
from gateway.errors import GatewayError, NotFound, SignInRefused, Unavailable, Unprocessable
from gateway.imap.credential import Bearer, Credential, Password
from gateway.log import logger
from gateway.secret import Secret

_log = logger("gateway.accounts")


class Departed(Protocol):
    """What else has to be ended when a link, or the credential of one, is there no more."""

    def credential_gone(self, account: Account, /) -> None:
        """Connections that were opened with this credential are closed."""
        ...

    async def account_gone(self, account_id: str, /) -> None:
        """Its event streams end."""
        ...


class Linking:
    """``most``: accounts that one caller may link."""

    def __init__(
        self,
        every: EveryAccount,
        linked: LinkedAccounts,
        grants: Grants,
        store: LinkStore,
        keyring: Keyring,
        places: Places,
        prove: Prove,
        departed: Departed,
        audit: Audit,
        *,
        most: int,
    ) -> None:
        self.every = every
        self.grants = grants
        self._linked, self._store, self._keyring, self._places = linked, store, keyring, places
        self._prove, self._departed, self._audit, self._most = prove, departed, audit, most
        self._flagged: set[str] = set()

    async def link(self, caller: Caller, wanted: Wanted) -> tuple[Link, bool]:
        """The link, and whether it is new: the same mailbox gets the new password.

        Raises Unprocessable, LinkRefused, Conflict, and what connecting to the mail server raises.
        """
        found = await self._places.find(wanted, caller.subject)
        links = await self.every.links(caller)
        same = [link for link in links if link.place == found.place and link.username == found.username]
        old = same[0] if same else None
        link_id = old.id if old is not None else new_id()
        link = Link(
            id=link_id, issuer=caller.issuer, subject=caller.subject, address=wanted.address, username=found.username,
            place=found.place, method="password", sealed=self._keyring.seal(wanted.password, link_id, "password"),
            key_id=self._keyring.sealing, label=wanted.label,
        )  # fmt: skip
        await proven(self._prove, password_account(link, found.provider, wanted.password), "password")
        if old is None or not await self._replaced(old, link):
            await self._store.add(link, most=self._most)  # also where it was unlinked meanwhile
        self._note("account-linked", link, how="password", again=old is not None)
        stored = await self.every.link_of(caller, link_id)  # which may be unlinked already
        return stored or link, old is None

    async def patch(
        self, caller: Caller, ref: str, *, password: Secret | None, label: str | None, is_default: bool | None
    ) -> Link:
        """``None`` leaves as it is; an empty label takes it away. Raises as :meth:`link` does, and NotFound."""
        link = await self._get(caller, ref)
        if is_default and await self.every.accounts(caller):
            raise Unprocessable("the token's own account is the default one", field="isDefault")
        if password is not None:
            if link.method != "password":
                raise Unprocessable("this account is opened by a grant, not by a password", field="password")
            await proven(self._prove, password_account(link, self._linked.provider(link), password), "password")
            sealed = self._keyring.seal(password, link.id, link.column)
            if not await self._replaced(link, replace(link, sealed=sealed, key_id=self._keyring.sealing)):
                raise NotFound("no such account", field="account")
            self._note("account-linked", link, how="password", again=True)
        if label is not None or is_default is not None:
            new_label = link.label if label is None else label or None
            await self._store.describe(
                link, label=new_label, is_default=link.is_default if is_default is None else is_default
            )
        return await self._get(caller, link.id)

    async def unlink(self, caller: Caller, ref: str) -> None:
        """Raises NotFound, and Unprocessable for the token's own account: what follows from a token is not linked."""
        link = await self._get(caller, ref)
        if not await self._store.remove(link):
            raise NotFound("no such account", field="account")
        self._end(link)
        await self._departed.account_gone(link.id)
        revoked = await self.grants.revoke(link) if link.method == "oauth" else None
        self._note("account-unlinked", link, how=link.method, revoked=revoked)

    async def judged(self, error: SignInRefused, account_id: str, credential: Credential) -> GatewayError:
        """What a refused sign-in means where the account is a linked one; ``error`` itself where it is not.

        A password is no good any more, unless another one is linked by now. Of a token that was good before the end
        may have come early: another one is got, or refused, with the next request.
        """
        link = await self._store.get(account_id)
        if link is None:
            return error
        error.link = LINK_AT if link.method == "oauth" else f"/v1/accounts/{link.id}"
        if link.method == "password":
            now = self._keyring.open(link.sealed, link.id, link.column)
            if not isinstance(credential, Password) or credential.password != now:
                return Unavailable("the account was linked anew meanwhile", retry_after=1)
            self._flagged.add(link.id)
            await self._store.set_state(link.id, "reauth-required", version=link.version)
        elif isinstance(credential, Bearer) and self.grants.tokens.spoil(link.id, credential.token):
            return Unavailable("the mail server refused the access token: another one is got", retry_after=1)
        return error

    async def worked(self, account_id: str) -> None:
        """It was signed in to: a password that was refused before is good again."""
        self.grants.tokens.worked(account_id)
        if account_id in self._flagged:
            self._flagged.discard(account_id)
            await self._store.set_state(account_id, "ok")

    async def _replaced(self, old: Link, new: Link) -> bool:
        """False where it is gone."""
        self._end(old)
        self._flagged.discard(old.id)
        return await self._store.replace_secret(old.id, new.method, new.sealed, new.key_id)

    def _end(self, link: Link) -> None:
        """Connections that were opened with what the link holds are for nobody any more."""
        try:
            account = self._linked.last_known(link)
        except (SealBroken, Unavailable):
            account = None
        if account is not None:
            self._departed.credential_gone(account)
        self.grants.tokens.forget(link.id)

    async def _get(self, caller: Caller, ref: str) -> Link:
        link = await self.every.link_of(caller, ref)
        if link is None:
            if ref == "me" or any(account.id == ref for account in await self.every.accounts(caller)):
                raise Unprocessable("this account follows from the token, it was not linked", field="account")
            raise NotFound("no such account", field="account")
        return link

    def _note(self, event: str, link: Link, **details: str | int | bool | None) -> None:
        _log.info(event, provider=link.provider_name, **details)
        self._audit.record(
            event, issuer=link.issuer, subject=link.subject, account=link.id, provider=link.provider_name, **details
        )
