"""The corpus on each real server, read once."""

from __future__ import annotations

import pytest

from tests.blackbox.conftest import Site, on_cyrus, on_dovecot
from tests.corpus.corpus import CORPUS
from tests.corpus.delivery import Reading, read

__all__ = ["on_cyrus", "on_dovecot"]


@pytest.fixture(scope="session", params=["dovecot", "cyrus"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture(scope="session")
def reading(site: Site) -> Reading:
    return read(site, CORPUS)
