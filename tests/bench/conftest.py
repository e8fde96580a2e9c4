from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.letters import PAGE
from bench.site import Site, site


@pytest.fixture(scope="module")
def place(needs_dovecot: None) -> Iterator[Site]:
    with site(2, PAGE + 10, lambda _: None) as made:
        yield made
