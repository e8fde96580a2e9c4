"""Looking at a certificate: of a connection that was verified, and of a server that was not trusted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from gateway.accounts.verify.certificate import SOON, Certificate, now, read_certificate
from gateway.accounts.verify.step import Seen
from gateway.accounts.verify.talk import PlainTalk, plainly
from gateway.errors import GatewayError, TlsFailed
from gateway.imap.endpoint import Deadlines, Endpoint

Preamble = Callable[[PlainTalk], Awaitable[None]]
"""What is said in plain text to have TLS begin."""


def secured(tls: ssl.SSLObject | None) -> tuple[Certificate | None, Seen]:
    """The certificate of a verified connection, and what its step tells: a warning where it ends soon."""
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    certificate = read_certificate(der, tls.version() or "TLS") if tls is not None and der else None
    if certificate is None:
        return None, Seen("certificate and name verified")
    detail = f"certificate and name verified; {certificate.describe(now())}"
    days = certificate.days_left(now())
    if days >= SOON:
        return certificate, Seen(detail)
    hint = f"The server's operator has to renew the certificate within {days} days."
    return certificate, Seen(detail, "certificate-ends-soon", hint)


async def with_certificate(
    failed: TlsFailed, endpoint: Endpoint, deadlines: Deadlines, preamble: Preamble | None
) -> TlsFailed:
    """The same failure, and what the certificate says that was not accepted."""
    if not isinstance(failed.__cause__, ssl.SSLCertVerificationError):
        return failed
    found = None
    with suppress(GatewayError, OSError):
        async with asyncio.timeout(deadlines.connect):
            found = await _peek(endpoint, deadlines, preamble)
    return TlsFailed(failed.detail if found is None else f"{failed.detail}; {found.describe(now())}")


async def _peek(endpoint: Endpoint, deadlines: Deadlines, preamble: Preamble | None) -> Certificate | None:
    """Nothing is said to the server beyond TLS, and nothing of what it says is believed."""
    talk = await plainly(endpoint, deadlines)
    try:
        if preamble is not None:
            await preamble(talk)
        under = await talk.secure(endpoint.host, _unverified(), deadlines.connect)
    finally:
        talk.close()
    try:
        der = under.tls.getpeercert(binary_form=True) if under.tls is not None else None
        return read_certificate(der, under.tls.version() or "TLS") if under.tls is not None and der else None
    finally:
        under.close()


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it was refused already: this is to say why
    return context
