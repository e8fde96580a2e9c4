"""Letters between RFC 4314's servers and older ones."""

from __future__ import annotations

import itertools

import pytest

from gateway.errors import Unprocessable
from gateway.imap.rights import STANDARD, asked, told


@pytest.mark.parametrize(
    ("letters", "old", "now"),
    [
        ("lrswipkxtecda", False, "lrswipkxtea"),  # Cyrus, Dovecot: the virtual ones are ignored
        ("ecdtlra", False, "lrtea"),
        ("lrswipcda", True, "lrswipkxtea"),
        ("lrc", True, "lrk"),  # DELETE takes c with some servers, with others d: only both are sure
        ("lrd", True, "lrte"),
        ("lrn09", False, "lr09n"),
        ("", False, ""),
        ("rr", False, "r"),
    ],
)
def test_what_a_server_tells(letters: str, old: bool, now: str) -> None:
    assert told(letters, old=old) == now


@pytest.mark.parametrize(
    ("letters", "sent"),
    [("lrs", "lrs"), ("lrk", "lrc"), ("lrte", "lrd"), ("kxte", "cd"), ("lr5", "lr5"), ("", ""), ("apiwsrl", "lrswipa")],
)
def test_what_an_older_server_is_asked_for(letters: str, sent: str) -> None:
    assert set(asked(letters, old=True)) == set(sent)


@pytest.mark.parametrize("letters", ["t", "e", "x", "kx", "tex", "lrktx", "n", "kte"])
def test_rights_that_an_older_server_ties_to_others_are_not_granted(letters: str) -> None:
    with pytest.raises(Unprocessable):
        asked(letters, old=True)


def test_nothing_is_granted_that_was_not_asked_for() -> None:
    """Whatever is sent to an older server means what was asked, or nothing is sent."""
    for size in range(len(STANDARD) + 1):
        for chosen in itertools.combinations(STANDARD, size):
            letters = "".join(chosen)
            try:
                sent = asked(letters, old=True)
            except Unprocessable:
                continue
            assert told(sent, old=True) == letters
