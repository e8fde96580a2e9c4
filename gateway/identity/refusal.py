"""Why a token is refused. The reason is fixed text: nothing of the token is ever in it."""

from __future__ import annotations

from authlib.oauth2.rfc6750 import InvalidTokenError


class TokenRefused(Exception):
    """The token is not accepted; ``reason`` may be shown to the client."""

    code: str = InvalidTokenError.error  # RFC 6750 section 3.1

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
