"""Serving a POST that carries an Idempotency-Key: at most once, with the same answer every time."""

from __future__ import annotations

import hmac
import re
from hashlib import blake2b
from typing import Final

from msgspec import Struct, field
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import Conflict, GatewayError, InvalidRequest, Unprocessable, UpstreamError, WriteInDoubt
from gateway.http.base import route_template
from gateway.http.idempotency import IdempotencyKey, IdempotencyStore, SavedReply
from gateway.http.packed import PLAIN
from gateway.http.problem import answer
from gateway.identity.principal import Principal

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
ANSWER_MAX: Final = 5 * 1024 * 1024
"""Octets of an answer that is kept; a batch's fits. Of a longer one it is kept that there was one."""
_PER_ANSWER: Final = frozenset({b"x-request-id"})


def key_of(scope: Scope, principal: Principal) -> IdempotencyKey | None:
    """The request's key; None where it has none. Raises InvalidRequest."""
    values = Headers(scope=scope).getlist(HEADER)
    if not values:
        return None
    if len(values) > 1 or not _KEY.fullmatch(values[0]):
        raise InvalidRequest("a key is 1 to 255 visible ASCII characters", field=HEADER)
    route = f"{scope['method']} {route_template(scope)}"
    return IdempotencyKey(principal.issuer, principal.subject, route, values[0])


async def serve_once(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, key: IdempotencyKey, store: IdempotencyStore
) -> None:
    """Run ``app``, or replay what it answered before. Raises Conflict, Unprocessable, and what ``app`` raises."""
    saved = await store.begin(key)
    body = _HashedBody(scope, receive)
    if saved is None:
        await _Claim(key, store, body, _Recorder(send)).serve(app, scope)
        return
    await body.drain()
    if not hmac.compare_digest(saved.fingerprint, body.fingerprint()):
        raise Unprocessable("the key was used for another request", field=HEADER)
    headers = [*saved.headers, (REPLAYED.lower().encode(), b"true")]
    await send({"type": "http.response.start", "status": saved.status, "headers": headers})
    await send({"type": "http.response.body", "body": saved.body})


class _HashedBody:
    """The request's body on its way in, hashed as it goes, with what else makes two requests the same."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._digest = blake2b(digest_size=32)
        for part in (
            scope["method"],
            scope["path"],
            scope["query_string"],
            Headers(scope=scope).get("content-type", ""),
        ):
            octets = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
            self._digest.update(len(octets).to_bytes(8, "big") + octets)
        self.complete = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not self.complete:
            self._digest.update(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        while not self.complete:
            if (await self.receive())["type"] == "http.disconnect":
                raise ClientDisconnect

    def fingerprint(self) -> bytes:
        return self._digest.digest()


class _Recorder(Struct):
    """Passes the answer on and keeps a copy, as far as it is not ``overlong``."""

    to: Send
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False
    overlong: bool = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [pair for pair in message.get("headers", []) if pair[0] not in _PER_ANSWER]
        elif message["type"] == "http.response.body":
            self._keep(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        await self.to(message)

    def _keep(self, octets: bytes) -> None:
        self.overlong = self.overlong or len(self.body) + len(octets) > ANSWER_MAX
        if self.overlong:
            self.body.clear()
        else:
            self.body += octets

    def reply(self, fingerprint: bytes) -> SavedReply:
        return SavedReply(fingerprint, self.status, tuple(self.headers), bytes(self.body))


class _Claim(Struct):
    """The first request with a key: whatever becomes of it, the key ends up finished or released."""

    key: IdempotencyKey
    store: IdempotencyStore
    body: _HashedBody
    recorder: _Recorder
    settled: bool = False

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        scope[PLAIN] = True
        try:
            try:
                await app(scope, self.body.receive, self.recorder.send)
            except GatewayError as error:
                if not self._lasting(error):
                    await self._release()
                    raise
                await answer(error, scope)(scope, self.body.receive, self.recorder.send)
        finally:
            await self._settle(scope)

    def _lasting(self, error: GatewayError) -> bool:
        """Whether the same request would, or must, get the same answer again."""
        if not self.body.complete:
            return False  # the request was refused unread: nothing was done, and it has no fingerprint
        if isinstance(error, UpstreamError) and error.maybe_done:
            return True
        reply = error.answer()
        return not reply.retryable and reply.status not in (401, 403, 429)

    async def _settle(self, scope: Scope) -> None:
        if self.settled:
            return
        if not self.body.complete:
            await self._release()
        elif not self.recorder.complete:  # it broke off after the whole request was read: nobody knows how far it came
            await self._keep(WriteInDoubt("the first request with this key did not end"), scope)
        elif self.recorder.overlong:
            done = "the first request with this key was carried out; its answer was too long to be kept"
            await self._keep(Conflict(done, field=HEADER), scope)
        else:
            await self.store.finish(self.key, self.recorder.reply(self.body.fingerprint()))

    async def _keep(self, error: GatewayError, scope: Scope) -> None:
        """What the key's next users get, in place of the answer."""
        told = answer(error, scope)
        headers = tuple(pair for pair in told.raw_headers if pair[0] not in _PER_ANSWER)
        reply = SavedReply(self.body.fingerprint(), told.status_code, headers, bytes(told.body))
        await self.store.finish(self.key, reply)

    async def _release(self) -> None:
        self.settled = True
        await self.store.release(self.key)
