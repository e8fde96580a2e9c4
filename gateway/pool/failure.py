"""What a failed open means for the next one."""

from __future__ import annotations

from copy import copy
from enum import Enum

from gateway.errors import (
    ConnectionLost,
    DeadlinePassed,
    GatewayError,
    ProtocolViolation,
    Refused,
    SignInRefused,
    TlsFailed,
    TlsRequired,
    TooManyRequests,
    Unavailable,
    UpstreamError,
)
from gateway.pool.measure import LeaseOutcome, OpenOutcome


class QueueFull(TooManyRequests):
    """As many wait for the account's connections as may."""


class Failure(Enum):
    """Closed set; see :func:`failure`."""

    HOST = "the host, or the way to it"
    BUSY = "the server, for this user, for now"
    LIMIT = "as many connections as the server allows"
    CREDENTIAL = "the credential"


def failure(error: GatewayError) -> Failure:
    """Whose failure ``error`` is (response codes: RFC 5530 section 3)."""
    if _says_limit(error):
        return Failure.LIMIT
    match error:
        case SignInRefused():
            return Failure.CREDENTIAL
        case Refused(imap_code="UNAVAILABLE" | "INUSE" | "SERVERBUG" | "CORRUPTION"):
            return Failure.BUSY
        case Refused():
            return Failure.CREDENTIAL
        case UpstreamError():
            return Failure.HOST
    return Failure.BUSY


def _says_limit(error: GatewayError) -> bool:
    """Gmail has no code for it: ``NO [ALERT] Too many simultaneous connections``; others say it in a BYE."""
    text = f"{error.detail} {error.bye or ''}" if isinstance(error, ConnectionLost) else error.detail
    words = text.lower()
    return isinstance(error, UpstreamError) and (
        error.imap_code == "LIMIT" or ("too many" in words and "connection" in words)
    )


def answer(error: GatewayError, wait: float) -> GatewayError:
    """What a caller hears while no attempt is made for ``wait`` more seconds.

    A refused credential and missing TLS stay what they are: waiting is no remedy, and the reason is.
    """
    if isinstance(error, TlsFailed | TlsRequired) or failure(error) is Failure.CREDENTIAL:
        return repeated(error, wait)
    return Unavailable("the mail server could not be used a moment ago", retry_after=wait)


def repeated(error: GatewayError, wait: float | None = None) -> GatewayError:
    """A copy to be raised once more: an exception that is raised twice would gather tracebacks for ever."""
    again = copy(error)
    if wait is not None:
        again.retry_after = wait
    return again


def outcome(error: GatewayError) -> OpenOutcome:
    """How the attempt is counted; only a refused credential counts as refused."""
    match error:
        case DeadlinePassed():
            return "timeout"
        case TlsFailed() | TlsRequired():
            return "tls"
        case ProtocolViolation():
            return "malformed"
    return "refused" if failure(error) is Failure.CREDENTIAL else "unreachable"


def lease_outcome(error: GatewayError) -> LeaseOutcome:
    """How waiting that ended in ``error`` is counted."""
    match error:
        case QueueFull():
            return "queue-full"
        case TooManyRequests() | DeadlinePassed():
            return "timeout"
        case Unavailable():
            return "circuit-open"
    return "failed"
