"""The whole corpus, by theme."""

from __future__ import annotations

from collections.abc import Mapping

from tests.corpus.case import Case
from tests.corpus.cases import bodies, dates, messages, names, people, structures, subjects

THEMES: Mapping[str, list[Case]] = {
    "subject": subjects.CASES,
    "people": people.CASES,
    "date": dates.CASES,
    "message": messages.CASES,
    "body": bodies.CASES,
    "structure": structures.CASES,
    "name": names.CASES,
}
CORPUS: Mapping[str, Case] = {f"{theme}: {case.name}": case for theme, cases in THEMES.items() for case in cases}
