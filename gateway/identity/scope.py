"""What a token permits: the closed set of the gateway's scopes.

Issuers may call them otherwise (``issuers[].scopes``); above this room only these names exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from gateway.errors import InsufficientScope


class Scope(StrEnum):
    """A permission. A route declares the one it needs."""

    READ = "mail.read"
    METADATA = "mail.metadata"
    MODIFY = "mail.modify"
    DELETE = "mail.delete"
    SEND = "mail.send"
    FOLDERS = "mail.folders"
    EVENTS = "mail.events"
    ACCOUNTS = "mail.accounts"
    ADMIN = "mail.admin"


MEANING: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.READ: "read messages, their bodies and attachments",
        Scope.METADATA: "read lists, headers and flags, but no bodies",
        Scope.MODIFY: "set flags; move, copy and store messages",
        Scope.DELETE: "delete messages",
        Scope.SEND: "send messages",
        Scope.FOLDERS: "create, rename and delete folders",
        Scope.EVENTS: "follow changes as they happen",
        Scope.ACCOUNTS: "link and unlink accounts",
        Scope.ADMIN: "operate the gateway",
    }
)

# Who may read bodies may read headers. Nothing else is implied: in particular ``mail.admin`` opens no mail.
IMPLIED: Mapping[Scope, frozenset[Scope]] = MappingProxyType({Scope.READ: frozenset({Scope.METADATA})})


class Holder(Protocol):
    """Whoever was granted scopes."""

    def allows(self, scope: Scope) -> bool: ...


def with_implied(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes among ``names`` and all that they imply; names that are no scope of the gateway are dropped."""
    known = frozenset(Scope(name) for name in names if name in _NAMES)
    return known.union(*(IMPLIED.get(scope, frozenset()) for scope in known))


def granted(names: Iterable[str], renamed: Mapping[str, str]) -> frozenset[Scope]:
    """The gateway's scopes that an issuer's ``names`` stand for.

    ``renamed`` gives the issuer's name by the gateway's. A renamed scope is no longer granted by its own name.
    """
    held = frozenset(names)
    return with_implied(scope for scope in Scope if renamed.get(scope, scope.value) in held)


def require(holder: Holder, scope: Scope) -> None:
    """Raises InsufficientScope, naming the scope, where ``holder`` was not granted it."""
    if not holder.allows(scope):
        raise InsufficientScope(scope.value)


_NAMES = frozenset(scope.value for scope in Scope)
