"""Access tokens of linked accounts: in memory only, refreshed ahead of their end, one refresh at a time.

Of several replicas one refreshes an account at a time: it holds a lease in the database. It reads the refresh token
under the lease, so that one that the provider has rotated since is never shown again, and stores the new one before
anything is done with what came with it (RFC 6749 section 6, RFC 9700 section 4.14).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import Struct

from gateway.accounts.code_flow import CodeFlow, Tokens
from gateway.accounts.keyring import Keyring
from gateway.accounts.link import Link, new_id
from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.link_store import LinkStore
from gateway.accounts.provider_web import ProviderRefused
from gateway.errors import SignInRefused, Unavailable
from gateway.secret import Secret
from gateway.single_flight import SingleFlight

LINK_AT: Final = "/v1/accounts/link"
AHEAD: Final = 300.0
"""Seconds before its end that a token is replaced; and at most a quarter of its life, both jittered."""
LEASE: Final = 30.0
"""Seconds: longer than a provider may take to answer."""
LOOK_AGAIN: Final = 0.1
AT_ONCE_MAX: Final = 500
"""Accounts whose tokens are being refreshed; for one more there is no time now."""
PAUSE: Final = 1.0
PAUSE_MAX: Final = 60.0
"""Seconds in which a provider that gave no usable answer is not asked again: the first time, and at most."""


@dataclass(frozen=True, slots=True)
class Access:
    """``ends``, ``renew`` and ``half``, when half its life is over, are in seconds since the epoch.

    ``worked``: the mail server has taken it.
    """

    token: Secret = field(repr=False)
    ends: float
    renew: float
    half: float
    worked: bool = False


class _Circuit(Struct):
    failures: int = 0
    closed_until: float = 0.0


class AccessTokens:
    """``clock``: seconds since the epoch; ``random``: a number from 0 up to 1."""

    def __init__(
        self,
        store: LinkStore,
        keyring: Keyring,
        flow: CodeFlow,
        providers: Mapping[str, LinkProvider],
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._store, self._keyring, self._flow, self._providers = store, keyring, flow, providers
        self._clock, self._random = clock, random
        self._held: dict[str, Access] = {}
        self._unsaved: dict[str, Secret] = {}
        self._refreshing: SingleFlight[str, Access] = SingleFlight("access token", AT_ONCE_MAX)
        self._circuits: dict[str, _Circuit] = {}
        self._name = new_id()

    async def of(self, link: Link, *, longest: bool = False) -> Access:
        """A token that is good for a while; ``longest``: one past half its life will not do if another can be had.

        Raises SignInRefused where the account has to be linked again, Unavailable where the provider gives no answer,
        and SealBroken.
        """
        held = self._held.get(link.id)
        if link.state == "reauth-required":
            self._held.pop(link.id, None)
            raise withdrawn()
        if held is not None and self._clock() < (held.half if longest else held.renew):
            return held
        try:
            return await self._one_at_a_time(link.id)
        except Unavailable:
            if held is not None and self._clock() < held.ends - 1:
                return held
            raise

    def keep(self, link_id: str, tokens: Tokens) -> Access:
        """What a provider has just given out."""
        now, ahead = self._clock(), min(AHEAD, tokens.lifetime / 4) * (0.5 + self._random() / 2)
        ends = now + tokens.lifetime
        self._held[link_id] = Access(tokens.access, ends, ends - ahead, now + tokens.lifetime / 2)
        return self._held[link_id]

    def held(self, link_id: str) -> Access | None:
        """The token at hand, good or not."""
        return self._held.get(link_id)

    def worked(self, link_id: str) -> None:
        held = self._held.get(link_id)
        if held is not None and not held.worked:
            self._held[link_id] = replace(held, worked=True)

    def spoil(self, link_id: str, token: Secret) -> bool:
        """The mail server refused a token: it is used no more. Whether another one may do better: it was good once."""
        held = self._held.get(link_id)
        if held is None or held.token != token:
            return held is not None
        self._held.pop(link_id)
        return held.worked

    def forget(self, link_id: str) -> None:
        self._held.pop(link_id, None)
        self._unsaved.pop(link_id, None)

    async def close(self) -> None:
        """Wait for refreshes under way: one that is broken off may lose the account its grant."""
        await self._refreshing.finish()

    async def _one_at_a_time(self, link_id: str) -> Access:
        refresh = self._refreshing.join(link_id, lambda: self._refreshed(link_id))
        if refresh is None:
            raise Unavailable("too many access tokens are being refreshed", retry_after=1)
        return await asyncio.shield(refresh)

    async def _refreshed(self, link_id: str) -> Access:
        deadline = self._clock() + LEASE
        while not await self._store.claim(link_id, self._name, LEASE):
            if await self._store.get(link_id) is None:
                raise withdrawn()
            if self._clock() > deadline:
                raise Unavailable("the account's grant is being renewed elsewhere", retry_after=2)
            await asyncio.sleep(LOOK_AGAIN)
        try:
            return await self._under_lease(link_id)
        finally:
            await self._store.release(link_id, self._name)

    async def _under_lease(self, link_id: str) -> Access:
        link = await self._store.get(link_id)
        if link is None or link.state == "reauth-required":
            raise withdrawn()
        provider = self._providers.get(link.place.provider or "")
        if provider is None:
            raise Unavailable("the provider of this account is not configured any more")
        circuit = self._circuits.setdefault(provider.name, _Circuit())
        self._check(circuit)
        token = self._unsaved.get(link_id) or self._keyring.open(link.sealed, link.id, link.column)
        try:
            tokens = await self._flow.refresh(provider, token)
        except ProviderRefused as refused:
            circuit.failures = 0
            if refused.code != "invalid_grant":  # our client's fault, and no other grant would do better
                raise Unavailable(f"the provider would not renew the grant: {refused.code}") from refused
            await self._refused(link)
            raise withdrawn() from refused
        except Unavailable as failed:
            self._failed(circuit)
            raise Unavailable(failed.detail, retry_after=max(1.0, circuit.closed_until - self._clock())) from failed
        circuit.failures = 0
        await self._save(link, tokens.refresh)
        return self.keep(link_id, tokens)

    async def _save(self, link: Link, token: Secret | None) -> None:
        """A rotated refresh token is stored first of all; until that is done it is the one that is kept."""
        token = token or self._unsaved.get(link.id)
        if token is None:
            return
        self._unsaved[link.id] = token
        sealed = self._keyring.seal(token, link.id, link.column)
        saved = await self._store.replace_secret(link.id, "oauth", sealed, self._keyring.sealing, version=link.version)
        self._unsaved.pop(link.id, None)
        if not saved:  # unlinked or linked anew meanwhile, which counts more
            self.forget(link.id)
            raise Unavailable("the account was changed meanwhile", retry_after=1)

    async def _refused(self, link: Link) -> None:
        self.forget(link.id)
        await self._store.set_state(link.id, "reauth-required", version=link.version)

    def _check(self, circuit: _Circuit) -> None:
        left = circuit.closed_until - self._clock()
        if circuit.failures and left > 0:
            raise Unavailable("the provider could not be asked a moment ago", retry_after=max(1.0, left))

    def _failed(self, circuit: _Circuit) -> None:
        circuit.failures += 1
        pause = min(PAUSE_MAX, PAUSE * 2 ** min(circuit.failures - 1, 10))
        circuit.closed_until = self._clock() + pause * (0.5 + self._random() / 2)


def withdrawn() -> SignInRefused:
    return SignInRefused("the provider has ended this account's grant: it has to be linked again", link=LINK_AT)
