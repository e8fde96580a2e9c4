"""The authorization code flow with PKCE, for the one client there is: the page (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from gateway.demo.issuer.tokens import SCOPES

CLIENT_ID = "demo-page"
_CODE_SECONDS = 60.0
_MOST_CODES = 100
_MOST_GUESSES = 20
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class Denied(Exception):
    """``error`` is an OAuth error code (RFC 6749 section 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Request:
    """An authorization request that was checked."""

    redirect_uri: str
    state: str
    challenge: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Grant:
    request: Request
    expires_at: float


class Grants:
    """Codes are random, live a minute and work once.

    ``sign_in_code``: what the terminal shows and the consent page asks for, so that nobody else on this machine
    opens a real mailbox; None where there is nothing to protect. ``clock``: seconds since the epoch.
    """

    def __init__(self, redirect_uris: frozenset[str], sign_in_code: str | None, clock: Callable[[], float]) -> None:
        self._redirect_uris = redirect_uris
        self._sign_in_code = sign_in_code
        self._clock = clock
        self._codes: dict[str, _Grant] = {}
        self._guesses = 0

    @property
    def wants_code(self) -> bool:
        return self._sign_in_code is not None

    def check(self, query: Mapping[str, str]) -> Request:
        """Raises Denied: nothing is ever redirected to an address that isn't the page's own."""
        if query.get("client_id") != CLIENT_ID or query.get("redirect_uri") not in self._redirect_uris:
            raise Denied("invalid_client", "The client or its redirect address is unknown.")
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise Denied("invalid_request", "Only the code flow with an S256 challenge is served.")
        if not _CHALLENGE.fullmatch(query.get("code_challenge", "")):
            raise Denied("invalid_request", "The code challenge is malformed.")
        asked = query.get("scope", " ".join(SCOPES)).split()
        if not set(asked) <= set(SCOPES):
            raise Denied("invalid_scope", "A scope is unknown.")
        return Request(query["redirect_uri"], query.get("state", ""), query["code_challenge"], tuple(asked))

    def grant(self, request: Request, typed: str) -> str:
        """A code for the request, once the user agreed; ``typed`` is what was entered as the sign-in code."""
        if self._sign_in_code is not None:
            self._guesses += 1
            right = hmac.compare_digest(typed.strip().encode(), self._sign_in_code.encode())
            if not right or self._guesses > _MOST_GUESSES:
                raise Denied("access_denied", "That is not the code that the terminal shows.")
            self._guesses = 0
        now = self._clock()
        self._codes = {code: grant for code, grant in self._codes.items() if grant.expires_at > now}
        if len(self._codes) >= _MOST_CODES:
            raise Denied("temporarily_unavailable", "Too many sign-ins at once.")
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Grant(request, now + _CODE_SECONDS)
        return code

    def redeem(self, form: Mapping[str, str]) -> Request:
        """The request that the code was for. Raises Denied; a code that was tried is spent."""
        if form.get("grant_type") != "authorization_code":
            raise Denied("unsupported_grant_type", "Only authorization_code is served.")
        grant = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            grant is None
            or grant.expires_at <= self._clock()
            or form.get("client_id") != CLIENT_ID
            or form.get("redirect_uri") != grant.request.redirect_uri
            or not hmac.compare_digest(challenge, grant.request.challenge)
        ):
            raise Denied("invalid_grant", "The code is unknown, spent or too old.")
        return grant.request
