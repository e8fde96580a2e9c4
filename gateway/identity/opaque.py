"""Opaque access tokens: what their issuer says of them, asked once for all who want to know, and refused from memory.

docs/decisions/0014-opaque-tokens.md says which issuer is asked about what.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256

from gateway.errors import Unavailable
from gateway.identity.access_token import AccessToken, access_token
from gateway.identity.fetch import DEADLINE, FetchFailed
from gateway.identity.introspection import IntrospectionEndpoint
from gateway.identity.refusal import TokenRefused
from gateway.log import logger
from gateway.metrics import IntrospectionOutcome
from gateway.settings.model import Issuer
from gateway.single_flight import SingleFlight

REFUSED_FOR = 10.0  # seconds in which a token that was refused is refused again, unasked
REFUSED_MAX = 10_000
AT_ONCE = 20
"""Questions under way."""
WAITING_MAX = 500
"""Tokens about which something is asked, or to be asked."""
PATIENCE = 2 * DEADLINE  # seconds that a request waits, its turn and the discovery included

_KINDS = frozenset({"bearer", "dpop", "access_token", "at+jwt"})
_USES = frozenset({"access", "access_token"})

_log = logger("gateway.identity.introspection")


class OpaqueTokens:
    """Those of one issuer. ``on_answer`` is told what came of each question."""

    def __init__(
        self,
        issuer: Issuer,
        endpoint: IntrospectionEndpoint,
        clock: Callable[[], float],
        on_answer: Callable[[IntrospectionOutcome], None] | None = None,
    ) -> None:
        self._issuer = issuer
        self._endpoint = endpoint
        self._clock = clock
        self._on_answer = on_answer or (lambda outcome: None)
        self._refused: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._flights: SingleFlight[bytes, AccessToken] = SingleFlight("introspection", WAITING_MAX)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def verify(self, token: str) -> AccessToken:
        """What the token says. Raises TokenRefused, and Unavailable where the issuer gives no usable answer."""
        digest = sha256(token.encode("ascii")).digest()
        self._recall(digest)
        flight = self._flights.join(digest, lambda: self._ask(token, digest))
        if flight is None:
            raise Unavailable("too many tokens are being asked about", retry_after=1)
        return await asyncio.shield(flight)  # one that leaves takes nothing from the others

    async def close(self) -> None:
        await self._flights.close()

    async def _ask(self, token: str, digest: bytes) -> AccessToken:
        try:
            async with asyncio.timeout(PATIENCE), self._turns:
                answer = await self._endpoint.ask(token)
        except (FetchFailed, TimeoutError) as failed:
            self._on_answer("failed")
            _log.warning("issuer gave no answer on a token", issuer=self._issuer.issuer, reason=str(failed) or "late")
            raise Unavailable("the issuer can't be asked about the token") from failed
        self._on_answer("active" if answer["active"] else "inactive")
        try:
            return self._read(answer)
        except TokenRefused as refused:
            self._remember(digest, refused.reason)
            raise

    def _read(self, answer: Mapping[str, object]) -> AccessToken:
        if answer["active"] is not True:
            raise TokenRefused("the token is not active")
        if answer.get("iss", self._issuer.issuer) != self._issuer.issuer:
            raise TokenRefused("the token is from another issuer")
        kinds = [answer[name] for name in ("token_type", "typ") if name in answer]
        if any(not isinstance(kind, str) or kind.lower() not in _KINDS for kind in kinds):
            raise TokenRefused("the token is not an access token")
        if "token_use" in answer and answer["token_use"] not in _USES:
            raise TokenRefused("the token is not an access token")
        return access_token(self._issuer, answer)

    def _recall(self, digest: bytes) -> None:
        reason, until = self._refused.get(digest, ("", 0.0))
        now = self._clock()
        if until - REFUSED_FOR <= now < until:
            raise TokenRefused(reason)
        self._refused.pop(digest, None)

    def _remember(self, digest: bytes, reason: str) -> None:
        self._refused[digest] = (reason, self._clock() + REFUSED_FOR)
        if len(self._refused) > REFUSED_MAX:
            self._refused.popitem(last=False)
