"""Gateways for the acceptance runs: each test has its own, with a mail server whose connections are only its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.tokens import TokenIssuer

PASS_THROUGH = {"method": "pass_through", "mechanism": "OAUTHBEARER"}
Settings = Mapping[str, Mapping[str, object]]
StartGateway = Callable[..., GatewayProcess]
StartDovecot = Callable[..., Dovecot]


@pytest.fixture
def start_dovecot(needs_dovecot: None, tokens: TokenIssuer) -> Iterator[StartDovecot]:
    """``start_dovecot(mdbox=True)``: a server of the test's own that takes the issuer's tokens; ``of``: its version."""
    oauth = OAuth(tokens.dovecot_keys, (tokens.issuer,))
    with ExitStack() as stack:

        def start(
            *,
            mdbox: bool = False,
            by_guid: bool = False,
            guests: int = 60,
            max_connections: int = 50,
            of: type[Dovecot] = Dovecot,
        ) -> Dovecot:
            options = DovecotOptions(
                oauth=oauth, guests=guests, mdbox=mdbox, by_guid=by_guid, max_connections=max_connections
            )
            return stack.enter_context(of(options))

        yield start


@pytest.fixture
def start_gateway(tokens: TokenIssuer) -> Iterator[StartGateway]:
    """``start_gateway(dovecot, port=…, settings=…, ignore=…)``: a gateway in front of it, or of a proxy's port."""
    with ExitStack() as stack:

        def start(
            server: Dovecot, *, port: int | None = None, settings: Settings | None = None, ignore: tuple[str, ...] = ()
        ) -> GatewayProcess:
            upstream = Upstream("127.0.0.1", port or server.tls_port, server.ca_file, PASS_THROUGH, ignore=ignore)
            return stack.enter_context(GatewayProcess(upstream, tokens, settings=settings or {}))

        yield start
