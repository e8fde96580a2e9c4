"""TLS with the mail server: one context for each authority file, and what a failed handshake means."""

from __future__ import annotations

import ssl

from gateway.errors import TlsFailed
from gateway.imap.tls_sessions import TlsSessions, resuming


class TlsContexts:
    """Keeps one verifying client context for each ``ca_file`` (None: the system's authorities).

    Making one reads every system root, about 20 ms; so whoever opens sessions keeps one of these and hands it in.
    ``resume``: connections take up the TLS sessions of earlier ones to the same host; for servers of one kind.
    """

    __slots__ = ("_contexts", "_resume", "_sessions")

    def __init__(self, *, resume: bool = False) -> None:
        self._contexts: dict[str | None, ssl.SSLContext] = {}
        self._resume = resume
        self._sessions: dict[str | None, TlsSessions] = {}

    def of(self, ca_file: str | None) -> ssl.SSLContext:
        """Host name and chain are verified, TLS 1.2 at least. Raises TlsFailed if ``ca_file`` can't be read."""
        context = self._contexts.get(ca_file)
        if context is None:
            try:
                context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
            except (OSError, ssl.SSLError) as error:
                raise TlsFailed(f"the configured authority file can't be used: {explain(error)}") from error
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._resume:
                self._sessions[ca_file] = TlsSessions()
                context.sslobject_class = resuming(self._sessions[ca_file])
            self._contexts[ca_file] = context
        return context

    def keep(self, ca_file: str | None, done: ssl.SSLObject) -> None:
        """The session of a connection that is good and has heard something of the server: a ticket comes with that."""
        if ca_file in self._sessions:
            self._sessions[ca_file].keep(done)

    def forget(self, ca_file: str | None, host: str) -> None:
        """A handshake failed: the next one is not to be of an earlier session."""
        if ca_file in self._sessions:
            self._sessions[ca_file].forget(host)


def explain(error: OSError) -> str:
    """The reason in words: what the certificate check said, else the alert's name."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or type(error).__name__
