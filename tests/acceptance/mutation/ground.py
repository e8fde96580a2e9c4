"""The grounds: a mailbox on Dovecot or on Cyrus, and gateways that take the server for one that can less."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot24 import Dovecot24
from tests.servers.tokens import TokenIssuer

from .world import Ground

DUPLICATE: Final = "Duplicated mailbox GUID"
"""Where INBOX is renamed while others list folders, Dovecot may come to hold one mailbox under two names: it drops one
of them, and makes the index anew, without its mod-sequences."""
SETTINGS: Final[Mapping[str, Mapping[str, object]]] = {
    "live": {
        "poll_seconds": 0.3, "sweep_seconds": 1, "probe_seconds": 2, "heartbeat_seconds": 5,
        "linger_seconds": 0.5, "coalesce_seconds": 0.02,
    },
    "limits": {"idle_connection_seconds": 3},
}  # fmt: skip


def on_dovecot(server: Dovecot, tokens: TokenIssuer, mode: str, ignore: tuple[str, ...]) -> Ground:
    user, _ = server.guest()
    version = " 2.4" if isinstance(server, Dovecot24) else ""
    auth = {"method": "pass_through", "mechanism": "OAUTHBEARER"}
    upstream = Upstream("127.0.0.1", server.tls_port, server.ca_file, auth, ignore=ignore)
    return Ground(
        f"dovecot{version} {mode}{'' if 'NOTIFY' not in ignore else ' without notify'}",
        user,
        lambda: server.client(user),
        lambda: GatewayProcess(upstream, tokens, settings=SETTINGS),
        window=mode == "window",
        log=lambda: complaints(server.log_text()),
        spoilt=lambda: server.log_text().count(DUPLICATE),
    )


def complaints(log: str) -> str:
    """What a mail server's log has beside sign-ins and sign-outs, the latest."""
    return "\n".join([line for line in log.splitlines() if not re.search(r" Info: | auth: Debug", line)][-20:])


def on_cyrus(server: Cyrus, tokens: TokenIssuer, mode: str, ignore: tuple[str, ...]) -> Ground:
    user, _ = server.guest()
    auth = {"method": "master_user", "user": "cyrus", "password_env": "TEST_MASTER"}
    upstream = Upstream("127.0.0.1", server.tls_port, server.ca_file, auth, username="{local}", ignore=ignore)
    return Ground(
        f"cyrus {mode}",
        user,
        lambda: server.client(user),
        lambda: GatewayProcess(upstream, tokens, settings=SETTINGS, environ={"TEST_MASTER": "cyruspw"}),
        window=mode == "window",
        without=frozenset(("rename_inbox",)),  # Cyrus 3.6 dies of it
        repeats=True,
    )
