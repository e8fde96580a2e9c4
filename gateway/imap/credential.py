"""How an account signs in: a closed set of credentials, none of which shows its secret."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.secret import Secret


def _digest(*parts: str) -> str:
    """SHA-256 over the parts, each preceded by its length: no two lists of parts read the same."""
    digest = sha256()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8, "big"))
        digest.update(octets)
    return digest.hexdigest()


class Password(Struct, frozen=True):
    """An account's own user name and password."""

    user: str
    password: Secret

    def fingerprint(self) -> str:
        """A digest, in hex, over the kind, the names and the secret."""
        return _digest("password", self.user, self.password.reveal())


class ProxyPassword(Struct, frozen=True):
    """``user`` signs in with its password and acts as ``authzid`` (RFC 4616 section 2)."""

    authzid: str
    user: str
    password: Secret

    def fingerprint(self) -> str:
        """A digest, in hex, over the kind, the names and the secret."""
        return _digest("proxy-password", self.authzid, self.user, self.password.reveal())


class Bearer(Struct, frozen=True):
    """An OAuth access token for ``user``. ``own_token``: it is the one that the caller sent to the gateway.

    ``auto``: by OAUTHBEARER where the server has it, else by XOAUTH2.
    """

    user: str
    token: Secret
    mechanism: Literal["auto", "OAUTHBEARER", "XOAUTH2"] = "OAUTHBEARER"
    own_token: bool = False

    def fingerprint(self) -> str:
        """A digest, in hex, over the kind, the names and the secret."""
        return _digest("bearer", self.mechanism, self.user, "own" if self.own_token else "", self.token.reveal())


Credential: TypeAlias = Password | ProxyPassword | Bearer
