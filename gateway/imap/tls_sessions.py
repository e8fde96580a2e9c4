"""Sessions of TLS that are taken up again: less to compute for both sides, and one chain of certificates for all.

RFC 8446 section 2.2 (TLS 1.3) and RFC 5077 (TLS 1.2). A server that does not take a session goes the whole way, and
nobody notices. A ticket is used by many connections: RFC 8446 appendix C.4 advises against that so that a client is
not recognised, which a gateway, with its one address and a signed-in user on each connection, need not mind.
"""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

LIFE_SECONDS: Final = 3600.0
"""Since a certificate was last looked at: one that has expired or was changed is found out after that."""
FRESH_SECONDS: Final = 60.0
"""For so long another one is not kept in its place, as of a server that takes none, or many connections at once."""
HOSTS: Final = 1_000
"""The one used longest ago goes first."""


class _Kept(Struct, frozen=True):
    session: ssl.SSLSession
    verified_at: float


class TlsSessions:
    """A session with each host, of one context. ``clock``: seconds."""

    __slots__ = ("_clock", "_kept")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def offer(self, host: str | None) -> ssl.SSLSession | None:
        """To be taken up with a host whose certificate is to be good for that very name."""
        kept = self._kept.get(host or "")
        if kept is None:
            return None
        if self._clock() - kept.verified_at >= LIFE_SECONDS:
            del self._kept[host or ""]
            return None
        self._kept.move_to_end(host or "")
        return kept.session

    def keep(self, done: ssl.SSLObject) -> None:
        """What others may take up later: only of a handshake in which the certificate was looked at."""
        host, now = done.server_hostname, self._clock()
        if not host or done.session_reused:
            return
        before = self._kept.get(host)
        if before is not None and now - before.verified_at < FRESH_SECONDS:
            return
        session = done.session  # a copy, which takes as long as a third of the handshake
        if session is None or not session.has_ticket:
            return
        self._kept[host] = _Kept(session, now)
        self._kept.move_to_end(host)
        while len(self._kept) > HOSTS:
            self._kept.popitem(last=False)

    def forget(self, host: str) -> None:
        """Something went wrong: the next connection begins anew."""
        self._kept.pop(host, None)


def resuming(sessions: TlsSessions) -> type[ssl.SSLObject]:
    """For ``SSLContext.sslobject_class``: offers what is kept as its handshake begins."""

    class Resuming(ssl.SSLObject):
        _begun = False

        def do_handshake(self) -> None:
            if not self._begun:
                self._begun = True
                kept = sessions.offer(self.server_hostname)
                if kept is not None:
                    self.session = kept
            super().do_handshake()

    return Resuming
