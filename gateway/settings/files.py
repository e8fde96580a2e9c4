"""The files that settings name: where they are, and whether they can be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from gateway.settings.accounts import Accounts
from gateway.settings.model import Linked, MasterUser, Settings, TokenExchange
from gateway.settings.position import Path
from gateway.settings.problem import Problem

FILE_KEYS = frozenset(
    {"jwks_file", "ca_file", "password_file", "client_secret_file", "nonce_secret_file", "database_file", "file"}
)


def resolve(value: object, base: FilePath) -> None:
    """Make the relative file names of a configuration relative to its own directory ``base``, in place."""
    if isinstance(value, list):
        for item in value:
            resolve(item, base)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in FILE_KEYS and isinstance(item, str) and item:
                value[key] = str(base / item)
            else:
                resolve(item, base)


def file_problems(settings: Settings) -> Iterator[Problem]:
    """Files that can't be read, or are evidently not what they should be."""
    for path, name in _named(settings):
        try:
            with FilePath(name).open("rb") as file:
                head = file.read(1_048_576)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
            yield Problem(path, f"{name} can't be read: {reason.lower()}")
            continue
        if path[-1] == "ca_file" and b"-----BEGIN CERTIFICATE-----" not in head:
            yield Problem(path, f"{name} has no PEM certificate")
        elif not head.strip():
            yield Problem(path, f"{name} is empty")


def _named(settings: Settings) -> Iterator[tuple[Path, str]]:
    for index, issuer in enumerate(settings.issuers):
        if issuer.jwks_file is not None:
            yield ("issuers", index, "jwks_file"), issuer.jwks_file
        asking = issuer.introspection
        if asking is not None and asking.client_secret_file is not None:
            yield ("issuers", index, "introspection", "client_secret_file"), asking.client_secret_file
    for index, provider in enumerate(settings.providers):
        if provider.imap.ca_file is not None:
            yield ("providers", index, "imap", "ca_file"), provider.imap.ca_file
        if isinstance(provider.auth, MasterUser) and provider.auth.password_file is not None:
            yield ("providers", index, "auth", "password_file"), provider.auth.password_file
        if isinstance(provider.auth, Linked | TokenExchange) and provider.auth.client_secret_file is not None:
            yield ("providers", index, "auth", "client_secret_file"), provider.auth.client_secret_file
    yield from _of_accounts(settings.accounts)
    if settings.dpop.nonce_secret_file is not None:
        yield ("dpop", "nonce_secret_file"), settings.dpop.nonce_secret_file


def _of_accounts(accounts: Accounts) -> Iterator[tuple[Path, str]]:
    for index, key in enumerate(accounts.keys):
        if key.file is not None:
            yield ("accounts", "keys", index, "file"), key.file
    if accounts.database_file is not None:
        yield ("accounts", "database_file"), accounts.database_file
    if accounts.ca_file is not None:
        yield ("accounts", "ca_file"), accounts.ca_file
