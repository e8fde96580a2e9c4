"""All that linked accounts need, made from the settings: first what may be wrong with them, then what has to run."""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.access_tokens import AccessTokens
from gateway.accounts.begun import BegunStore
from gateway.accounts.code_flow import CodeFlow
from gateway.accounts.database import migrate, open_database
from gateway.accounts.every_account import EveryAccount, OwnAccounts
from gateway.accounts.grants import Grants
from gateway.accounts.keyring import Keyring
from gateway.accounts.link_place import Finder, Places
from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.link_store import LinkStore
from gateway.accounts.linked_accounts import LinkedAccounts
from gateway.accounts.linking import Departed, Linking
from gateway.accounts.proof import Prove
from gateway.accounts.provider_web import ProviderWeb
from gateway.audit import Audit
from gateway.settings.model import Linked, Settings

CALLBACK = "/v1/accounts/link/callback"


class Office:
    """Made once, before there is an event loop; nothing is asked of database or provider until it runs."""

    def __init__(
        self,
        settings: Settings,
        own: OwnAccounts,
        engine: AsyncEngine,
        keyring: Keyring,
        providers: Mapping[str, LinkProvider],
    ) -> None:
        self._settings, self._own, self._engine = settings, own, engine
        self._keyring, self._providers = keyring, providers

    @classmethod
    def of(cls, settings: Settings, own: OwnAccounts, environ: Mapping[str, str] = os.environ) -> Self:
        """``own`` are the accounts that follow from a token alone.

        Raises ConfigurationError where a key, a client's secret or the database can't be had.
        """
        keyring = Keyring.open_all(settings.accounts.keys, environ)
        providers = {
            each.name: LinkProvider.of(each, each.auth, f"providers[{n}].auth", environ)
            for n, each in enumerate(settings.providers)
            if isinstance(each.auth, Linked) and each.auth.kind != "password"
        }
        return cls(settings, own, open_database(settings.accounts, environ), keyring, providers)

    @asynccontextmanager
    async def running(
        self,
        http: httpx.AsyncClient,
        prove: Prove,
        departed: Departed,
        audit: Audit,
        finder: Finder,
    ) -> AsyncIterator[Linking]:
        """Raises Unavailable where the database can't be used."""
        settings, accounts, engine = self._settings, self._settings.accounts, self._engine
        try:
            if accounts.migrate_at_start:
                await migrate(engine)
            store = LinkStore(engine, time.time)
            redirect = (settings.server.public_url or "").rstrip("/") + CALLBACK
            flow = CodeFlow(ProviderWeb(http, time.monotonic), redirect, time.time)
            tokens = AccessTokens(store, self._keyring, flow, self._providers, time.time, random.random)
            linked = LinkedAccounts(
                settings.providers,
                self._providers,
                store,
                self._keyring,
                tokens,
                any_server=accounts.any_server,
                ca_file=accounts.ca_file,
            )
            every = EveryAccount(self._own, linked)
            begun = BegunStore(engine, self._keyring, time.time)
            grants = Grants(
                self._providers, flow, begun, store, self._keyring, tokens, every, prove, audit,
                pages=frozenset(accounts.return_to), most=accounts.per_caller,
            )  # fmt: skip
            places = Places(settings.providers, any_server=accounts.any_server, ca_file=accounts.ca_file, finder=finder)
            yield Linking(
                every, linked, grants, store, self._keyring, places, prove, departed, audit, most=accounts.per_caller
            )
            await tokens.close()
        finally:
            await engine.dispose()
