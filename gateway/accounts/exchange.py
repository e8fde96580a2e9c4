"""Token exchange: the caller's token for one that opens the mail server (RFC 8693)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import httpx
from msgspec import Struct, field

from gateway.accounts.account import Caller
from gateway.accounts.token_endpoint import Answer, Client, NoAnswer, ask
from gateway.audit import Audit, NoAudit
from gateway.errors import Forbidden, GatewayError, Unauthenticated, Unavailable
from gateway.log import logger
from gateway.metrics import ExchangeOutcome
from gateway.secret import Secret
from gateway.settings.model import TokenExchange

GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a kind, no token
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
UNSAID_SECONDS: Final = 300.0
"""How long a token is taken to last whose end its issuer does not tell."""
LONGEST_SECONDS: Final = 86_400.0
DISCOVERY_SECONDS: Final = 86_400.0
_TOKEN: Final = re.compile(r"[!-~]{1,16384}")
# What says that this caller's token is not good (RFC 8693 section 2.2.2, RFC 6749 section 5.2): another one may be.
_BAD_TOKEN: Final = frozenset({"invalid_request", "invalid_grant", "invalid_token"})
# What says that this caller may not, whichever token is shown.
_NOT_ALLOWED: Final = frozenset(
    {"access_denied", "invalid_target", "invalid_scope", "unauthorized_client", "insufficient_scope",
     "interaction_required", "consent_required", "login_required"}
)  # fmt: skip

_log = logger("gateway.accounts")


class Means(Struct, frozen=True):
    """What issuers are reached by. ``discover`` finds a member of an issuer's metadata; ``clock``: epoch seconds.

    ``random`` gives numbers in [0, 1).
    """

    http: httpx.AsyncClient
    discover: Callable[[str, str], Awaitable[str]]
    clock: Callable[[], float]
    random: Callable[[], float]
    audit: Audit = field(default_factory=NoAudit)
    on_exchange: Callable[[ExchangeOutcome], None] = lambda outcome: None


class Exchanged(Struct, frozen=True):
    """``ends_at`` in epoch seconds."""

    token: Secret
    ends_at: float


class Exchanger:
    """Of one provider. Tokens of ``issuer`` only are sent, and to its own endpoint unless another is configured."""

    def __init__(self, settings: TokenExchange, issuer: str, client: Client, means: Means) -> None:
        self._settings = settings
        self._issuer = issuer
        self._client = client
        self._means = means
        self._found: tuple[str, float] | None = None  # the endpoint, and when it was discovered

    def check(self, caller: Caller) -> None:
        """Raises Forbidden for a token of another issuer: it must not be shown to this one."""
        if caller.issuer != self._issuer:
            raise Forbidden("tokens of this issuer are not exchanged for one that opens the mail server")
        if not caller.token:
            raise Forbidden("there is no token of the caller's that could be exchanged")

    async def exchange(self, caller: Caller) -> Exchanged:
        """Raises Unauthenticated or Forbidden where the issuer refuses, Unavailable where it gives no usable answer."""
        self.check(caller)
        try:
            answer = await ask(self._means.http, await self._endpoint(), self._form(caller), self._client)
            exchanged = self._read(answer) if answer.error is None else None
        except NoAnswer as failed:
            self._found = None  # it may have moved
            self._means.on_exchange("failed")
            _log.warning("no token by exchange", issuer=self._issuer, reason=str(failed))
            raise Unavailable("the issuer can't be asked for a token that opens the mail server") from failed
        if exchanged is None:
            raise self._refused(answer, caller)
        self._means.on_exchange("ok")
        return exchanged

    async def _endpoint(self) -> str:
        if self._settings.token_endpoint is not None:
            return self._settings.token_endpoint
        now = self._means.clock()
        if self._found is None or not 0 <= now - self._found[1] < DISCOVERY_SECONDS:
            self._found = (await self._means.discover(self._issuer, "token_endpoint"), now)
        return self._found[0]

    def _form(self, caller: Caller) -> Mapping[str, str]:
        """RFC 8693 section 2.1. An opaque token is an access token like another."""
        form = {
            "grant_type": GRANT,
            "subject_token": caller.token.reveal(),
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
        }
        wanted = {name: getattr(self._settings, name) for name in ("audience", "resource", "scope")}
        return form | {name: value for name, value in wanted.items() if value is not None}

    def _read(self, answer: Answer) -> Exchanged:
        """RFC 8693 section 2.2.1. One that is bound to a key, or no access token, opens no mail server."""
        members = answer.members
        token, kind = members.get("access_token"), members.get("token_type")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise NoAnswer("the answer has no token")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise NoAnswer("the token is no bearer token")
        if members.get("issued_token_type", ACCESS_TOKEN) not in (ACCESS_TOKEN, JWT):
            raise NoAnswer("the token is no access token")
        seconds = members.get("expires_in", UNSAID_SECONDS)
        if isinstance(seconds, str) and seconds.isascii() and seconds.isdecimal() and len(seconds) < 10:
            seconds = int(seconds)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
            raise NoAnswer("the token ends at no time that makes sense")
        return Exchanged(Secret(token), self._means.clock() + min(float(seconds), LONGEST_SECONDS))

    def _refused(self, answer: Answer, caller: Caller) -> GatewayError:
        code = answer.error or "unknown"
        known = code in _BAD_TOKEN or code in _NOT_ALLOWED
        self._means.on_exchange("refused" if known else "failed")
        if not known:  # invalid_client and the like: our configuration, or none of the caller's business
            _log.error("the issuer refuses the gateway's token exchanges", issuer=self._issuer, code=code)
            return Unavailable("the issuer does not exchange tokens for this gateway")
        self._means.audit.record(
            "exchange-refused", issuer=caller.issuer, subject=caller.subject, outcome="refused", code=code
        )
        if code in _BAD_TOKEN:
            reason = f"the issuer did not exchange the token for one that opens the mail server: {code}"
            return Unauthenticated(reason, code="invalid_token", scheme="Bearer" if caller.key is None else "DPoP")
        return Forbidden(f"the issuer lets this caller have no token that opens the mail server: {code}")
