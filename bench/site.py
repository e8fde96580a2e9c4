"""Where it is measured: a real Dovecot behind TLS, the same mail in every account, and the gateway's own process."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.alike import alike
from bench.gateway_api import GatewayApi
from bench.imapflow_api import ImapflowApi
from bench.letters import Mailbox
from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.tokens import TokenIssuer

GATEWAY = (sys.executable, "-m", "gateway")


@dataclass(frozen=True, slots=True)
class Site:
    """``users`` all have the same ``mailbox``; ``forgetful`` is a gateway that remembers no summaries."""

    server: Dovecot
    gateway: GatewayProcess
    forgetful: GatewayProcess
    users: tuple[str, ...]
    mailbox: Mailbox


@contextmanager
def site(
    users: int,
    messages: int,
    say: Callable[[str], None],
    *,
    command: Sequence[str] = GATEWAY,
    forgetful: Sequence[str] = GATEWAY,
) -> Iterator[Site]:
    """``command`` starts the gateway, ``forgetful`` the other one."""
    keys = Path(tempfile.mkdtemp(prefix="gw-bench."))
    keys.chmod(0o755)  # Dovecot's login runs as another user
    try:
        issuer = TokenIssuer(keys)
        options = DovecotOptions(oauth=OAuth(issuer.dovecot_keys, (issuer.issuer,)), guests=users)
        with Dovecot(options) as server:
            mailbox = Mailbox.of(messages)
            say(f"Dovecot with {users} accounts of {messages} messages")
            names = alike(server, users, mailbox, without="dovecot.index*")
            upstream = upstream_of(server, server.tls_port)
            say("the gateway, in a process of its own; and one that forgets what it listed")
            none = {"limits": {"summaries_octets": 0}}
            with (
                GatewayProcess(upstream, issuer, command=command) as gateway,
                GatewayProcess(upstream, issuer, settings=none, command=forgetful) as other,
            ):
                yield Site(server, gateway, other, names, mailbox)
    finally:
        shutil.rmtree(keys, ignore_errors=True)


def api_of(place: Site) -> GatewayApi:
    """The gateway's API, called as each of the users."""
    gateway = place.gateway
    return GatewayApi(gateway.url, lambda number: gateway.headers(place.users[number], ttl=3000), place.forgetful.url)


def imapflow_of(place: Site, url: str) -> ImapflowApi:
    """imapflow's server at ``url``, which signs in by the same tokens. Dovecot wants the name that a token has."""
    return ImapflowApi(
        url,
        lambda number: (f"{place.users[number]}@example.org", place.gateway.headers(place.users[number], ttl=3000)),
    )


def upstream_of(server: Dovecot, port: int) -> Upstream:
    return Upstream("localhost", port, server.ca_file, {"method": "pass_through", "mechanism": "OAUTHBEARER"})
