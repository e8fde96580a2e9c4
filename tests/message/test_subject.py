"""The base subject by the rules of RFC 5256 section 2.1."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.subject import base_subject


@pytest.mark.parametrize(
    ("subject", "base", "replied"),
    [
        ("Minutes", "Minutes", False),
        ("Re: Minutes", "Minutes", True),
        ("RE: re : Fwd:  FW:Minutes", "Minutes", True),
        ("Re[2]: Minutes", "Minutes", True),
        ("[list] Re: [other] Minutes", "Minutes", True),
        ("Re: [list] Minutes", "Minutes", True),
        ("[list]", "[list]", False),
        ("Re: [list]", "[list]", True),
        ("Minutes (fwd) (Fwd) ", "Minutes", True),
        ("[Fwd: Re: Minutes]", "Minutes", True),
        ("[fwd: [FWD: Minutes (fwd)]]", "Minutes", True),
        ("  Minutes \t of\r\n the   meeting ", "Minutes of the meeting", False),
        ("Regarding: Minutes", "Regarding: Minutes", False),
        ("Refresh", "Refresh", False),
        ("Re:", "", True),
        ("", "", False),
    ],
)
def test_marks_are_taken_off(subject: str, base: str, replied: bool) -> None:
    found = base_subject(subject)
    assert (found.text, found.replied) == (base, replied)


PIECES = st.lists(st.sampled_from(["re", "Fwd", ":", "[", "]", "[fwd:", "(fwd)", " ", "x", "ü"]), max_size=30)


@given(PIECES.map("".join))
def test_a_base_subject_is_its_own(subject: str) -> None:
    base = base_subject(subject).text
    assert base_subject(base).text == base
    assert base in " ".join(subject.split())


@pytest.mark.parametrize("subject", ["[a]" * 20_000, "re:" * 20_000, "(fwd)" * 20_000, "[fwd:" * 20_000 + "]" * 20_000])
def test_bombs_take_no_time(subject: str) -> None:
    began = time.process_time()
    base_subject(subject)
    assert time.process_time() - began < 0.05
