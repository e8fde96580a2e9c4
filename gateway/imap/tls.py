"""TLS with the mail server: one context for each authority file, and what a failed handshake means."""

from __future__ import annotations

import ssl

from gateway.errors import TlsFailed


class TlsContexts:
    """Keeps one verifying client context for each ``ca_file`` (None: the system's authorities).

    Making one reads every system root, about 20 ms; so whoever opens sessions keeps one of these and hands it in.
    """

    __slots__ = ("_contexts",)

    def __init__(self) -> None:
        self._contexts: dict[str | None, ssl.SSLContext] = {}

    def of(self, ca_file: str | None) -> ssl.SSLContext:
        """Host name and chain are verified, TLS 1.2 at least. Raises TlsFailed if ``ca_file`` can't be read."""
        context = self._contexts.get(ca_file)
        if context is None:
            try:
                context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
            except (OSError, ssl.SSLError) as error:
                raise TlsFailed(f"the configured authority file can't be used: {explain(error)}") from error
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._contexts[ca_file] = context
        return context


def explain(error: OSError) -> str:
    """The reason in words: what the certificate check said, else the alert's name."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or type(error).__name__
