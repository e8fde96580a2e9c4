"""Linking by a sign-in at the provider, in three steps that only the one who began them can complete.

The client begins and sends a browser to the provider; the provider sends it back here; the client finishes with its
own token. The last step is what keeps one user from having another's mailbox linked to themselves by handing out the
first step's URL: whoever signs in is sent to a page of the client, where another token does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from gateway.accounts.access_tokens import AccessTokens
from gateway.accounts.account import Caller
from gateway.accounts.begun import Begun, BegunStore, Kept
from gateway.accounts.code_flow import CodeFlow
from gateway.accounts.every_account import EveryAccount
from gateway.accounts.keyring import Keyring, SealBroken
from gateway.accounts.link import Link, Place, new_id, owner_digest
from gateway.accounts.link_place import name_at, parsed
from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.link_store import LinkStore
from gateway.accounts.linked_accounts import made
from gateway.accounts.proof import LinkRefused, Prove, proven
from gateway.accounts.provider_web import ProviderRefused
from gateway.audit import Audit
from gateway.errors import GatewayError, InvalidRequest, Unavailable, Unprocessable
from gateway.imap.credential import Bearer
from gateway.log import logger
from gateway.secret import Secret

_log = logger("gateway.accounts")
_ERRORS: Final = frozenset(
    {"access_denied", "temporarily_unavailable", "login_required", "consent_required", "interaction_required"}
)


class Grants:
    """``pages``: where a browser may be sent back to; ``most``: accounts that one caller may link."""

    def __init__(
        self,
        providers: Mapping[str, LinkProvider],
        flow: CodeFlow,
        begun: BegunStore,
        store: LinkStore,
        keyring: Keyring,
        tokens: AccessTokens,
        every: EveryAccount,
        prove: Prove,
        audit: Audit,
        *,
        pages: frozenset[str],
        most: int,
    ) -> None:
        self.tokens = tokens
        self._providers, self._flow, self._begun, self._store = providers, flow, begun, store
        self._keyring, self._every, self._prove, self._audit = keyring, every, prove, audit
        self._pages, self._most = pages, most

    async def begin(
        self, caller: Caller, *, provider: str | None, issuer: str | None, address: str | None, return_to: str
    ) -> tuple[str, float]:
        """The URL to send the browser to, and until when it may come back.

        Raises Unprocessable, TooManyRequests, Unavailable.
        """
        chosen = self._chosen(provider, issuer)
        if return_to not in self._pages:
            raise Unprocessable("this is not one of the pages that may be returned to", field="returnTo")
        if address is not None:
            parsed(address)
        question = await self._flow.question(chosen, address)
        kept = Kept(verifier=question.verifier, nonce=question.nonce)
        begun = Begun(owner=owner_digest(caller), provider=chosen.name, return_to=return_to, address=address, kept=kept)
        state, ends = await self._begun.put("asked", begun)
        return question.url(state), ends

    async def came_back(self, *, state: str, code: str | None, issuer: str | None, error: str | None) -> str:
        """Where the browser goes next: to the client's page, with a code to finish with or with what went wrong.

        Raises InvalidRequest for a ``state`` that nobody is waiting for: then there is no page to go to.
        """
        begun = await self._begun.take("asked", state)
        provider = self._providers.get(begun.provider) if begun is not None else None
        if begun is None or provider is None:
            raise InvalidRequest("nobody waits for this answer: it is spent, too late or unknown", field="state")
        try:
            await self._flow.check_issuer(provider, issuer)
            if error is not None or code is None:
                return _page(begun.return_to, error=error if error in _ERRORS else "server_error")
            word = await self._granted(begun, provider, code)
        except Unavailable as failed:
            _log.warning("link_failed", provider=provider.name, reason=failed.detail)
            return _page(begun.return_to, error="temporarily_unavailable")
        except GatewayError as failed:
            _log.warning("link_failed", provider=provider.name, reason=failed.detail)
            return _page(begun.return_to, error="invalid_grant")
        return _page(begun.return_to, code=word)

    async def finish(self, caller: Caller, code: str, label: str | None) -> tuple[Link, bool]:
        """The link, and whether it is new. Raises Unprocessable, LinkRefused, Conflict, Unavailable, and what
        connecting to the mail server raises.
        """
        begun = await self._begun.take("granted", code, caller)
        provider = self._providers.get(begun.provider) if begun is not None else None
        if begun is None or provider is None:
            raise Unprocessable("the code is spent, too late, unknown, or was begun by somebody else", field="code")
        address = parsed(begun.kept.address)
        name = name_at(provider.provider, address, caller.subject)
        try:
            tokens = await self._flow.refresh(provider, Secret(begun.kept.refresh_token))
        except ProviderRefused as refused:
            raise LinkRefused("grant: the provider has ended the grant already", field="code") from refused
        old = await self._same(caller, Place(provider=provider.name), name)
        link_id = old.id if old is not None else new_id()
        refresh = tokens.refresh or Secret(begun.kept.refresh_token)
        link = Link(
            id=link_id, issuer=caller.issuer, subject=caller.subject, address=str(address), username=name,
            place=Place(provider=provider.name), method="oauth", label=label,
            sealed=self._keyring.seal(refresh, link_id, "refresh_token"), key_id=self._keyring.sealing,
        )  # fmt: skip
        credential = Bearer(name, tokens.access, provider.mechanism)
        await proven(self._prove, made(link, provider.provider, credential, None), "code")
        if old is None or not await self._store.replace_secret(link_id, "oauth", link.sealed, link.key_id):
            await self._store.add(link, most=self._most)  # also where it was unlinked meanwhile
        self.tokens.forget(link_id)
        self.tokens.keep(link_id, tokens)
        self._note(link, again=old is not None)
        found = await self._every.link_of(caller, link_id)
        return found or link, old is None

    async def revoke(self, link: Link) -> bool:
        """Tell the provider; whether that went well. The link is gone already, so it is no reason to fail."""
        provider = self._providers.get(link.place.provider or "")
        if provider is None:
            return False
        try:
            await self._flow.revoke(provider, self._keyring.open(link.sealed, link.id, link.column))
        except (Unavailable, SealBroken) as failed:
            _log.warning("revocation_failed", provider=provider.name, reason=failed.detail)
            return False
        return True

    async def _granted(self, begun: Begun, provider: LinkProvider, code: str) -> str:
        tokens = await self._flow.exchange(provider, code, begun.kept.verifier)
        if tokens.refresh is None:
            raise Unprocessable("the provider gave no refresh token", field="code")
        identity = await self._flow.identity(provider, tokens, begun.kept.nonce)
        address = identity.address or begun.address
        if address is None:
            raise Unprocessable("the provider does not tell the address", field="address")
        kept = Kept(refresh_token=tokens.refresh.reveal(), address=address)
        granted = Begun(owner=begun.owner, provider=provider.name, return_to=begun.return_to, kept=kept)
        return (await self._begun.put("granted", granted))[0]

    def _chosen(self, provider: str | None, issuer: str | None) -> LinkProvider:
        if (provider is None) == (issuer is None):
            raise Unprocessable("name a provider or an issuer", field="provider")
        for each in self._providers.values():
            if each.name == provider or each.issuer == issuer:
                return each
        raise Unprocessable("accounts of this provider can't be linked by signing in there", field="provider")

    async def _same(self, caller: Caller, place: Place, name: str) -> Link | None:
        links = await self._every.links(caller)
        return next((link for link in links if link.place == place and link.username == name), None)

    def _note(self, link: Link, *, again: bool) -> None:
        provider = link.place.provider
        _log.info("account-linked", provider=provider, how="oauth", again=again)
        self._audit.record(
            "account-linked", issuer=link.issuer, subject=link.subject, account=link.id, provider=provider,
            how="oauth", again=again,
        )  # fmt: skip


def _page(url: str, **parameters: str) -> str:
    """The client's page with what it has to know, each under a name of our own."""
    query = urlencode({f"link_{name}": value for name, value in parameters.items()})
    return f"{url}{'&' if '?' in url else '?'}{query}"
