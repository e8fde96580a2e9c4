"""A value that must not be shown: its ``repr`` and ``str`` are redacted, so it can't slip into a log."""

from __future__ import annotations

import hmac
from hashlib import sha256

from msgspec import Struct


class Reticent(Struct, frozen=True):
    """A value that is nobody's business: its ``repr`` says of what kind it is, and no more."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Secret:
    """Holds a password or token. ``reveal()`` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def fingerprint(self) -> str:
        """SHA-256 of the value, in hex: equal secrets have equal fingerprints, and it gives nothing away."""
        return sha256(self._value.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__
