"""A Dovecot behind TLS that takes the tokens of an issuer, and gateways before it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.tokens import TokenIssuer


@dataclass(frozen=True, slots=True)
class Served:
    server: Dovecot
    issuer: TokenIssuer

    def gateway(self, limits: Mapping[str, object], port: int | None = None) -> GatewayProcess:
        """One that has not started; ``port``: of what stands between it and the server."""
        auth = {"method": "pass_through", "mechanism": "OAUTHBEARER"}
        upstream = Upstream("localhost", port or self.server.tls_port, self.server.ca_file, auth)
        return GatewayProcess(upstream, self.issuer, settings={"limits": limits})


@contextmanager
def served(guests: int, *, mdbox: bool = False) -> Iterator[Served]:
    keys = Path(tempfile.mkdtemp(prefix="gw-bench."))
    keys.chmod(0o755)  # Dovecot's login runs as another user
    try:
        issuer = TokenIssuer(keys)
        oauth = OAuth(issuer.dovecot_keys, (issuer.issuer,))
        with Dovecot(DovecotOptions(oauth=oauth, guests=guests, mdbox=mdbox)) as server:
            yield Served(server, issuer)
    finally:
        shutil.rmtree(keys, ignore_errors=True)
