"""Fixtures shared by all tests: real servers, issuers and tokens."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .servers import cyrus as cyrus_server
from .servers import dovecot24 as dovecot24_server
from .servers import postgresql as postgresql_server
from .servers.cyrus import Cyrus
from .servers.dovecot import MISSING, Dovecot
from .servers.dovecot24 import Dovecot24
from .servers.dovecot_config import DovecotOptions, OAuth
from .servers.postgresql import Postgresql
from .servers.tokens import TokenIssuer

# A busy machine is no failure. CI takes the same examples each time; a person's runs look for new ones.
settings.register_profile(
    "project",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What ten thousand tests are made of is not looked through again and again by the collector."""
    gc.collect()
    gc.freeze()


DovecotFactory = Callable[[DovecotOptions], Dovecot]


@pytest.fixture(scope="session")
def tokens() -> Iterator[TokenIssuer]:
    """An issuer whose tokens the ``dovecot`` fixture accepts too."""
    # not pytest's own directory: only its owner may enter that, and Dovecot's login runs as another user
    directory = Path(tempfile.mkdtemp(prefix="gw-tokens."))
    directory.chmod(0o755)
    yield TokenIssuer(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def needs_dovecot() -> None:
    if not Dovecot.available():
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def dovecot(needs_dovecot: None, tokens: TokenIssuer) -> Iterator[Dovecot]:
    """The server that most tests share: alice, bob, carol and ``guest()``; passwords and bearer tokens."""
    oauth = OAuth(tokens.dovecot_keys, (tokens.issuer,))
    with Dovecot(DovecotOptions(oauth=oauth, master=("gateway", "masterpw"), guests=5000)) as server:
        yield server


@pytest.fixture(scope="session")
def sharing_dovecot(needs_dovecot: None, tokens: TokenIssuer) -> Iterator[Dovecot]:
    """A server with access rights, shared folders and a quota of 10 MB a user; tokens and a master user too."""
    oauth = OAuth(tokens.dovecot_keys, (tokens.issuer,))
    with Dovecot(DovecotOptions(oauth=oauth, master=("gateway", "masterpw"), full=True)) as server:
        yield server


@pytest.fixture
def dovecot_factory(needs_dovecot: None) -> Iterator[DovecotFactory]:
    """Starts servers of their own for a test that restarts, floods or configures one."""
    with ExitStack() as stack:
        yield lambda options: stack.enter_context(Dovecot(options))


@pytest.fixture(scope="session")
def dovecot24(tokens: TokenIssuer) -> Iterator[Dovecot24]:
    """A Dovecot 2.4 with alice, bob, carol and ``guest()``; passwords and bearer tokens."""
    if not Dovecot24.available():
        pytest.skip(dovecot24_server.MISSING)
    with Dovecot24(DovecotOptions(oauth=OAuth(tokens.dovecot_keys, (tokens.issuer,)), guests=600)) as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    """A Cyrus server with alice, bob, carol and ``guest()``; passwords only."""
    if not Cyrus.available():
        pytest.skip(cyrus_server.MISSING)
    with Cyrus() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A server that gives each test a database of its own."""
    programs = postgresql_server.binaries()
    if programs is None:
        pytest.skip(postgresql_server.MISSING)
    with Postgresql(programs) as server:
        yield server
