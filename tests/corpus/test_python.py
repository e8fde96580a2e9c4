"""Where Python's own ``email`` can read a subject or a text, it reads the same as we expect; differences are listed."""

from __future__ import annotations

import pytest

from tests.corpus import reference
from tests.corpus.case import Case, Holds
from tests.corpus.corpus import CORPUS
from tests.corpus.differences.python import BODY, SUBJECT

_DEEP = ("structure: a thousand deep", "structure: messages a hundred deep")  # beyond what it can walk


def subject_differs(case: Case) -> bool:
    theirs = reference.subject(reference.parsed(case.octets))
    ours = case.expected.get("subject")
    return theirs is not None and ours is not None and " ".join(ours.split()) != theirs


def body_differs(case: Case) -> bool:
    theirs, ours = reference.body(reference.parsed(case.octets)), case.expected.get("text")
    if theirs is None or ours is None or isinstance(ours, Holds) or case.expected.get("truncated"):
        return False
    kind, text = theirs
    return kind == "plain" and ours != text


@pytest.mark.parametrize(
    "name", [name for name, case in CORPUS.items() if "subject" in case.expected and name not in _DEEP]
)
def test_subject(name: str) -> None:
    assert subject_differs(CORPUS[name]) == (name in SUBJECT)


@pytest.mark.parametrize(
    "name", [name for name, case in CORPUS.items() if "text" in case.expected and name not in _DEEP]
)
def test_text(name: str) -> None:
    assert body_differs(CORPUS[name]) == (name in BODY)


def test_most_can_be_compared() -> None:
    """Else there would be no comparison at all."""
    messages = [reference.parsed(case.octets) for name, case in CORPUS.items() if name not in _DEEP]
    assert sum(reference.subject(message) is not None for message in messages) > 250
    assert sum(reference.body(message) is not None for message in messages) > 200
