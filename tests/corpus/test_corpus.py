"""Every message of the corpus, on every server: as expected, and never at the cost of the others on its page."""

from __future__ import annotations

import pytest

from tests.blackbox.conftest import Site
from tests.corpus.corpus import CORPUS, THEMES
from tests.corpus.delivery import PAGE, Reading
from tests.corpus.differences.servers import DIFFERENT, REFUSED


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) == sum(map(len, THEMES.values())) >= 150


@pytest.mark.parametrize("name", CORPUS)
def test_message(name: str, site: Site, reading: Reading) -> None:
    if name in REFUSED[site.name]:
        assert name in reading.refused
        return
    assert name not in reading.refused, reading.refused[name]
    seen = reading.seen[name]
    assert seen["failed"] == []
    expected = CORPUS[name].of(DIFFERENT[site.name].get(name, {}))
    assert {key: seen[key] for key in expected} == expected
    assert seen["statuses"] == {200}


def test_a_bad_message_costs_its_page_nothing(reading: Reading) -> None:
    *full, last = [len(page) for page in reading.pages]
    assert set(full) == {PAGE}
    assert sum(full) + last == len(CORPUS) - len(reading.refused)


def test_differences_are_of_cases_that_are_there(site: Site) -> None:
    assert {*DIFFERENT[site.name], *REFUSED[site.name]} <= CORPUS.keys()
