"""Nonces for proofs (RFC 9449 sections 8 and 9): a time that only this gateway, or one with its secret, can write."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

from gateway.settings.kept_secret import KeptSecret

LIFETIME = 300.0  # seconds in which a nonce is accepted
STEP = 60.0  # seconds in which the same one is given


class Nonces:
    """Nothing is remembered: a nonce is checked by making it again."""

    def __init__(self, secret: KeptSecret, clock: Callable[[], float]) -> None:
        self._secret = secret
        self._clock = clock

    def present(self) -> str:
        """The nonce to give to clients now."""
        return self._at(self._step())

    def accepts(self, nonce: object) -> bool:
        """Whether it was given within the last five minutes."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        now = self._step()
        known = [self._at(now - back) for back in range(int(LIFETIME / STEP) + 1)]
        return any(hmac.compare_digest(nonce, each) for each in known)

    def _step(self) -> int:
        return int(self._clock() // STEP)

    def _at(self, step: int) -> str:
        digest = hmac.digest(self._secret.read().reveal().encode(), b"dpop nonce %d" % step, "sha256")
        return urlsafe_b64encode(digest[:18]).decode("ascii")
