"""A client that holds a key: tokens bound to it, and proofs of any shape."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

from tests.servers.tokens import Key, make_key

from .forge import NOW, Forge, signed, without
from .resource import public

PATH = "/v1/accounts/me/folders"


def ath(token: str) -> str:
    return urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()


def public_jwk(key: Key) -> dict[str, object]:
    members = dict(key.as_dict(private=False))
    return {name: value for name, value in members.items() if name not in ("kid", "use", "alg")}


@dataclass
class Prover:
    """``claims`` and ``header`` are those of a good proof for ``GET`` of the folders; each has another id."""

    forge: Forge
    alg: str = "ES256"
    key: Key = field(default_factory=lambda: make_key("ES256"))
    ids: count[int] = field(default_factory=count)

    @property
    def thumbprint(self) -> str:
        return str(self.key.thumbprint())

    def token(self, **claims: object) -> str:
        return self.forge.token(**{"cnf": {"jkt": self.thumbprint}, **claims})

    def header(self, **changes: object) -> dict[str, object]:
        return without({"typ": "dpop+jwt", "alg": self.alg, "jwk": public_jwk(self.key), **changes})

    def claims(self, token: str, **changes: object) -> dict[str, object]:
        good: Mapping[str, object] = {
            "jti": f"proof-{next(self.ids)}",
            "htm": "GET",
            "htu": public(PATH),
            "iat": NOW,
            "ath": ath(token),
        }
        return without({**good, **changes})

    def proof(self, token: str, **claims: object) -> str:
        return signed(self.header(), self.claims(token, **claims), self.alg, self.key)

    def headed(self, token: str, **header: object) -> str:
        """A proof with good claims and a changed header."""
        return signed(self.header(**header), self.claims(token), self.alg, self.key)

    def headers(self, token: str, proof: str | None = None, scheme: str = "DPoP") -> dict[str, str]:
        return {"Authorization": f"{scheme} {token}", "DPoP": self.proof(token) if proof is None else proof}
