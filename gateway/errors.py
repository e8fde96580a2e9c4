"""The one error tree of the gateway; every error knows the reply that a client gets for it.

::

    GatewayError
    ├── ClientError                      what the caller sent or may not do
    │   ├── InvalidRequest          400  names the field
    │   ├── Unauthenticated         401  carries the RFC 6750 error code
    │   ├── Forbidden               403
    │   │   └── InsufficientScope   403  names the scope that is missing
    │   ├── NotFound                404
    │   ├── Conflict                409
    │   ├── IdExpired               410  the folder's UIDVALIDITY changed
    │   │   └── StateTooOld         410  more changed than is worth telling
    │   ├── PreconditionFailed      412
    │   ├── TooLarge                413
    │   ├── RangeNotSatisfiable     416
    │   ├── Unprocessable           422
    │   │   └── Unsupported         422  the mail server lacks an extension
    │   ├── DependencyFailed        424  in a batch: an operation before it failed
    │   ├── TooManyRequests         429
    │   └── HeadTooLarge            431
    ├── LocalError                  500  our own fault: what we sent was wrong
    ├── Unavailable                 503  pool exhausted, circuit open, draining
    ├── UpstreamError                    the mail server's side (or the way to it)
    │   ├── ConnectFailed           502  no connection, connection lost
    │   ├── TlsFailed               502
    │   ├── TlsRequired             502  the server can't do TLS as configured
    │   ├── ConnectionLost          502  EOF, reset or BYE with a command pending
    │   │   └── FolderStale         502  an open folder was rebuilt under the session
    │   ├── ProtocolViolation       502  a response that can't be parsed or is over a cap
    │   ├── DeadlinePassed          504
    │   └── Refused                      a tagged NO or BAD, by its response code (RFC 5530)
    │       ├── SignInRefused       403  (401 where the caller's own token was used)
    │       └── ...                      see ``refusal()``
    └── ConfigurationError               names key, file and line or variable; never a reply

Sources: RFC 9457 (problem details), RFC 5530 and RFC 9051 section 7.1 (response codes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

TokenScheme: TypeAlias = Literal["Bearer", "DPoP"]


class Reply(Struct, frozen=True):
    """What an error looks like over HTTP: RFC 9457 ``type`` (last path segment), status and title."""

    type: str
    status: int
    title: str
    retryable: bool = False
    retry_after: float | None = None  # seconds


class GatewayError(Exception):
    """Base of all errors. ``detail`` is shown to the client: never a secret, never mail content."""

    reply: ClassVar[Reply] = Reply("internal", 500, "Internal error")

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.retry_after = retry_after if retry_after is not None else self.reply.retry_after
        self.imap_code: str | None = None

    def answer(self) -> Reply:
        """The reply for this very error (subclasses may decide by their own state)."""
        return replace(self.reply, retry_after=self.retry_after)


class ClientError(GatewayError):
    """The request can't be served as it was sent."""


class InvalidRequest(ClientError):
    """A path, query, header or body value is malformed; ``field`` names it."""

    reply = Reply("invalid-request", 400, "Invalid request")


class Unauthenticated(ClientError):
    """No token, or one that is not accepted.

    ``code`` is RFC 6750 section 3.1's or RFC 9449 section 12.2's (None: no token was sent), ``scheme`` what the token
    was sent with; ``nonce`` must be in the client's next proof (RFC 9449 section 9).
    """

    reply = Reply("unauthenticated", 401, "Authentication required")

    def __init__(
        self, detail: str = "", *, code: str | None = None, scheme: TokenScheme = "Bearer", nonce: str | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.scheme: TokenScheme = scheme
        self.nonce = nonce


class Forbidden(ClientError):
    reply = Reply("forbidden", 403, "Not permitted")


class InsufficientScope(Forbidden):
    """The token lacks ``scope`` (RFC 6750 section 3.1)."""

    reply = Reply("insufficient-scope", 403, "The token lacks a scope")

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs the scope {scope}")
        self.scope = scope


class NotFound(ClientError):
    reply = Reply("not-found", 404, "Not found")


class MethodNotAllowed(ClientError):
    reply = Reply("method-not-allowed", 405, "Method not allowed")


class MethodUnknown(ClientError):
    """No resource has such a method (RFC 9110 section 15.6.2)."""

    reply = Reply("method-unknown", 501, "Method not known")


class Conflict(ClientError):
    reply = Reply("conflict", 409, "Conflict with the present state")


class IdExpired(ClientError):
    """The folder was rebuilt (RFC 9051 section 2.3.1.1): ids and tokens of before it mean nothing now."""

    reply = Reply("id-expired", 410, "The folder was rebuilt; this id or state is no longer valid")


class StateTooOld(IdExpired):
    """More happened since a state than is worth telling: reading the folder again costs the client less."""

    reply = Reply("state-too-old", 410, "Too much changed since this state; read the folder again")


class PreconditionFailed(ClientError):
    """``flags`` and ``etag``: the message as it is now, where the condition was on its flags."""

    reply = Reply("precondition-failed", 412, "The resource was changed meanwhile")

    def __init__(
        self,
        detail: str = "",
        *,
        field: str | None = None,
        flags: Sequence[str] | None = None,
        etag: str | None = None,
    ) -> None:
        super().__init__(detail, field=field)
        self.flags = flags
        self.etag = etag


class DependencyFailed(ClientError):
    """An operation that was not tried, as one before it, on which it rests, failed (RFC 4918 section 11.4)."""

    reply = Reply("dependency-failed", 424, "Not tried: an operation before it failed")


class TooLarge(ClientError):
    reply = Reply("too-large", 413, "Too large")


class UnsupportedMediaType(ClientError):
    reply = Reply("unsupported-media-type", 415, "Unsupported media type")


class RangeNotSatisfiable(ClientError):
    """``size`` is the resource's length in octets, for ``Content-Range: bytes */size``."""

    reply = Reply("range-not-satisfiable", 416, "Range not satisfiable")

    def __init__(self, detail: str = "", *, size: int | None = None) -> None:
        super().__init__(detail)
        self.size = size


class Unprocessable(ClientError):
    reply = Reply("unprocessable", 422, "This can't be done")


class Unsupported(Unprocessable):
    """The mail server lacks the extension that this needs; another server's account may well have it."""

    reply = Reply("unsupported", 422, "The mail server does not offer this")


class TooManyRequests(ClientError):
    reply = Reply("too-many-requests", 429, "Too many requests", retryable=True, retry_after=2)


class HeadTooLarge(ClientError):
    """The request line and header are over a bound (RFC 6585 section 5)."""

    reply = Reply("head-too-large", 431, "The request's head is too large")


class LocalError(GatewayError):
    """A defect of the gateway itself, such as a command that the server calls BAD."""

    reply = Reply("gateway-fault", 500, "The gateway made a mistake")


class Unavailable(GatewayError):
    """The gateway can't serve this now: pool exhausted, circuit open, draining."""

    reply = Reply("unavailable", 503, "Temporarily unavailable", retryable=True, retry_after=5)


class UpstreamError(GatewayError):
    """The mail server, or the way to it, failed. ``maybe_done``: a write was sent before, and may be carried out."""

    reply = Reply("upstream-failed", 502, "The mail server failed", retryable=True)
    maybe_done = False


class ConnectFailed(UpstreamError):
    reply = Reply("upstream-unreachable", 502, "The mail server can't be reached", retryable=True, retry_after=5)


class TlsFailed(UpstreamError):
    reply = Reply("upstream-tls-failed", 502, "No trusted TLS connection to the mail server")


class TlsRequired(UpstreamError):
    reply = Reply("upstream-tls-required", 502, "The mail server does not offer the TLS that is required")


class ConnectionLost(UpstreamError):
    """EOF, reset or BYE while a command was pending."""

    reply = Reply("upstream-lost", 502, "The connection to the mail server was lost", retryable=True)

    def __init__(self, detail: str = "", *, bye: str | None = None, maybe_done: bool = False) -> None:
        super().__init__(detail)
        self.bye = bye
        self.maybe_done = maybe_done


class FolderStale(ConnectionLost):
    """A command was refused in a folder that had been open for a while: it may have been rebuilt under the session."""


class WriteInDoubt(Unavailable):
    """The connection was lost after a write was sent; it may have happened and is never repeated by itself.

    ``repeatable``: the same request does nothing twice, so that it is for the client to send it again.
    """

    reply = Reply("write-in-doubt", 503, "The change may or may not have been made", retryable=False, retry_after=2)

    def __init__(self, detail: str = "", *, repeatable: bool = False) -> None:
        super().__init__(detail)
        self.repeatable = repeatable

    def answer(self) -> Reply:
        return replace(super().answer(), retryable=self.repeatable)


class ProtocolViolation(UpstreamError):
    """Octets that are no valid IMAP response, or go over a cap of ``imap/limits.py``."""

    reply = Reply("upstream-malformed", 502, "The mail server sent a malformed response", retryable=True)


class DeadlinePassed(UpstreamError):
    reply = Reply("upstream-timeout", 504, "The mail server did not answer in time", retryable=True)


class Refused(UpstreamError):
    """A tagged NO or BAD. ``code`` is the response code's name in upper case, or None."""

    reply = Reply("upstream-refused", 422, "The mail server refused")

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        status: str = "NO",
        command: str = "",
        reply: Reply | None = None,
    ) -> None:
        super().__init__(detail)
        self.imap_code = code
        self.status = status
        self.command = command
        self._reply = reply or refusal(code, status)
        if self.retry_after is None:
            self.retry_after = self._reply.retry_after

    def answer(self) -> Reply:
        return replace(self._reply, retry_after=self.retry_after)


class SignInRefused(Refused):
    """The server refused the credentials. ``own_token``: they were the caller's bearer token.

    ``challenge`` is the server's JSON reason of XOAUTH2 / OAUTHBEARER (RFC 7628 section 3.2.2). ``link`` is where a
    linked account can be linked again.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        own_token: bool = False,
        challenge: str | None = None,
        link: str | None = None,
    ) -> None:
        super().__init__(detail, code=code, command="AUTHENTICATE", reply=_REAUTH)
        self.own_token = own_token
        self.challenge = challenge
        self.link = link

    def answer(self) -> Reply:
        return _TOKEN_REFUSED if self.own_token else _REAUTH


_REAUTH = Reply("account-reauth-required", 403, "The mail server refused the account's credentials")
_TOKEN_REFUSED = Reply("upstream-token-refused", 401, "The mail server refused the token")

_REFUSALS: dict[str, Reply] = {
    "NONEXISTENT": Reply("not-found", 404, "Not found"),
    "EXPUNGEISSUED": Reply("not-found", 404, "Not found"),
    "ALREADYEXISTS": Reply("already-exists", 409, "It exists already"),
    "HASCHILDREN": Reply("has-children", 409, "The folder has folders below it"),
    "INUSE": Reply("in-use", 409, "In use", retryable=True, retry_after=3),
    "TRYCREATE": Reply("destination-missing", 422, "The destination folder does not exist"),
    "CANNOT": Reply("cannot", 422, "The mail server can't do this"),
    "USEATTR": Reply("cannot", 422, "The mail server can't do this"),
    "BADCHARSET": Reply("charset-unsupported", 422, "The mail server can't search in this charset"),
    "UNKNOWN-CTE": Reply("encoding-unknown", 422, "The part's encoding is unknown to the mail server"),
    "MODIFIED": Reply("precondition-failed", 412, "The resource was changed meanwhile"),
    "OVERQUOTA": Reply("over-quota", 507, "The mailbox is full"),
    "TOOBIG": Reply("too-large", 413, "Too large"),
    "APPENDLIMIT": Reply("too-large", 413, "Too large"),
    "LIMIT": Reply("upstream-limit", 429, "A limit of the mail server was reached", retryable=True, retry_after=10),
    "NOPERM": Reply("forbidden", 403, "Not permitted"),
    "AUTHORIZATIONFAILED": Reply("forbidden", 403, "Not permitted"),
    "CONTACTADMIN": Reply("contact-admin", 403, "The mail server asks for its administrator"),
    "AUTHENTICATIONFAILED": _REAUTH,
    "EXPIRED": _REAUTH,
    "PRIVACYREQUIRED": TlsRequired.reply,
    "UNAVAILABLE": Reply("upstream-unavailable", 503, "The mail server is unavailable", retryable=True, retry_after=10),
    "SERVERBUG": Reply("upstream-failed", 502, "The mail server failed", retryable=True),
    "CORRUPTION": Reply("upstream-failed", 502, "The mail server failed"),
    "CLIENTBUG": LocalError.reply,
}


def refusal(code: str | None, status: str = "NO") -> Reply:
    """The reply for a response code (RFC 5530 section 3); BAD without a known code is our own fault."""
    if code in _REFUSALS:
        return _REFUSALS[code]
    return LocalError.reply if status == "BAD" else Refused.reply


def replies() -> dict[str, Reply]:
    """Every reply that a client may get, by its ``type``: what the documentation lists."""
    found = [_REAUTH, _TOKEN_REFUSED, *_REFUSALS.values()]
    kinds: list[type[GatewayError]] = [GatewayError]
    while kinds:
        kind = kinds.pop()
        found.append(kind.reply)
        kinds.extend(kind.__subclasses__())
    return {reply.type: reply for reply in sorted(found, key=lambda r: (r.status, r.type, r.retryable))}


class ConfigurationError(GatewayError):
    """The configuration is wrong; ``where`` names the file and line, or the environment variable."""

    def __init__(self, detail: str, *, key: str, where: str) -> None:
        super().__init__(f"{key}: {detail} ({where})")
        self.key = key
        self.where = where
