"""What no single setting of linked accounts can be checked for: how they fit together."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.settings.issuer_checks import is_discoverable
from gateway.settings.model import Linked, Settings
from gateway.settings.position import Path
from gateway.settings.problem import Problem, repeated
from gateway.settings.url import is_loopback, split_url


def links_accounts(settings: Settings) -> bool:
    """Whether users can link accounts at all."""
    return settings.accounts.any_server or any(isinstance(each.auth, Linked) for each in settings.providers)


def account_problems(settings: Settings) -> Iterator[Problem]:
    """All that is wrong with how accounts are linked and kept."""
    accounts = settings.accounts
    if accounts.database is not None and accounts.database_file is not None:
        yield Problem(("accounts",), "needs one of database and database_file at most")
    own_file = accounts.database_file is None and (accounts.database or "sqlite").startswith("sqlite")
    if links_accounts(settings) and own_file and settings.limits.replicas > 1:
        yield Problem(("accounts", "database"), "must be PostgreSQL, since limits.replicas share it")
    if links_accounts(settings) and not accounts.keys:
        yield Problem(("accounts", "keys"), "is needed where accounts are linked: see gateway keys generate")
    yield from repeated([key.id for key in accounts.keys], lambda index: ("accounts", "keys", index, "id"))
    for index, key in enumerate(accounts.keys):
        if (key.file is None) == (key.env is None):
            yield Problem(("accounts", "keys", index), "needs one of file and env")
    for index, url in enumerate(accounts.return_to):
        if not _is_page(url):
            yield Problem(("accounts", "return_to", index), "must be an https URL (http on loopback only)")
    for index, provider in enumerate(settings.providers):
        if isinstance(provider.auth, Linked):
            yield from _linked(settings, provider.auth, ("providers", index, "auth"))


def _linked(settings: Settings, auth: Linked, at: Path) -> Iterator[Problem]:
    if auth.kind == "password":
        if auth.client_id is not None or auth.issuer is not None:
            yield Problem((*at, "kind"), "is password, which needs neither issuer nor client_id")
        return
    if not auth.client_id:
        yield Problem((*at, "client_id"), f"is needed with kind = {auth.kind}")
    if auth.client_secret_file is not None and auth.client_secret_env is not None:
        yield Problem(at, "needs one of client_secret_file and client_secret_env at most")
    if auth.issuer is None and auth.kind == "oidc":
        yield Problem((*at, "issuer"), "is needed with kind = oidc")
    if auth.issuer is not None and not is_discoverable(auth.issuer):
        yield Problem((*at, "issuer"), "must be an https URL without query (http on loopback only)")
    if settings.server.public_url is None:
        yield Problem(at, "needs server.public_url: the provider sends the browser back there")
    if not settings.accounts.return_to:
        yield Problem(at, "needs accounts.return_to: where the browser goes when the provider has sent it back")


def _is_page(url: str) -> bool:
    parts = split_url(url)
    if parts is None or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
