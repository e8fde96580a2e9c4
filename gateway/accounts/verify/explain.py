"""What a failed step means: a code that a program can tell apart, and a hint that a person can act on."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gateway.accounts.dns_answer import NameFailed, NameMissing, NameTimeout
from gateway.accounts.host import HostRefused
from gateway.accounts.verify.hint import HINTS
from gateway.errors import (
    ConnectFailed,
    ConnectionLost,
    DeadlinePassed,
    GatewayError,
    NotFound,
    ProtocolViolation,
    Refused,
    SignInRefused,
    TlsFailed,
    TlsRequired,
)


class Fault(Struct, frozen=True):
    """``hint`` ends the matter for a person: never only that it failed."""

    code: str
    hint: str


_VERIFY: Final[Mapping[int, str]] = MappingProxyType(
    {
        2: "certificate-untrusted",
        9: "certificate-not-yet-valid",
        10: "certificate-expired",
        18: "certificate-self-signed",
        19: "certificate-untrusted",
        20: "certificate-untrusted",
        21: "certificate-untrusted",
        62: "certificate-wrong-name",
        64: "certificate-wrong-name",
    }
)
"""OpenSSL's X509_V_ERR_… numbers."""
_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
_LATER: Final = frozenset({"UNAVAILABLE", "LIMIT", "INUSE"})


def explain(step: str, error: GatewayError) -> Fault:
    """The code and the hint for what a step failed with."""
    code = _code(step, error)
    return Fault(code, HINTS[code])


def _code(step: str, error: GatewayError) -> str:
    match error:
        case HostRefused():
            return "host-refused"
        case NameMissing():
            return "no-such-host"
        case NameFailed():
            return "dns-failed"
        case NameTimeout():
            return "dns-timeout"
        case NotFound():
            return "no-account"
        case TlsFailed() | TlsRequired():
            return _tls(error)
        case Refused():
            return _refused(step, error)
        case DeadlinePassed():
            return _late(step, error)
        case ConnectFailed():
            return _connecting(step, error)
        case ConnectionLost():
            return "tls-closed" if step == "tls" else "turned-away" if step == "greeting" else "connection-lost"
        case ProtocolViolation():
            return "not-a-mail-server" if step == "greeting" else "malformed"
        case _:
            return "refused"


def _tls(error: TlsFailed | TlsRequired) -> str:
    if isinstance(error, TlsRequired):
        return "starttls-missing"
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _VERIFY.get(cause.verify_code, "certificate-invalid")
    if isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS:
        return "not-tls"
    return "tls-closed" if isinstance(cause, ssl.SSLEOFError) else "tls-failed"


def _connecting(step: str, error: ConnectFailed) -> str:
    if step == "dns":
        return "no-such-host"
    if step == "tls":
        return "tls-closed"
    cause = error.__cause__
    refused = isinstance(cause, OSError) and cause.errno == errno.ECONNREFUSED
    return "port-refused" if refused else "unreachable"


def _late(step: str, error: DeadlinePassed) -> str:
    if type(error).__name__ == "Overtime":
        return "overtime"
    known = {"tcp": "connect-timeout", "connect": "connect-timeout", "tls": "not-tls", "greeting": "greeting-timeout"}
    return known.get(step, "timeout")


def _refused(step: str, error: Refused) -> str:
    if error.imap_code in _LATER:
        return "throttled"
    if error.imap_code == "CONTACTADMIN":
        return "contact-admin"
    if isinstance(error, SignInRefused):
        if error.imap_code == "EXPIRED":
            return "credentials-expired"
        if "no way" in error.detail:
            return "no-mechanism"
        return "token-refused" if error.challenge is not None or error.own_token else "wrong-credentials"
    if error.imap_code == "NONEXISTENT":
        return "no-mailbox"
    return "not-permitted" if error.imap_code == "NOPERM" else "turned-away" if step == "greeting" else "refused"
