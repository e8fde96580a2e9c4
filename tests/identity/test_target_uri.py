from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.target_uri import normal

SAME = {
    "https://mail.example.org/a": (
        "https://mail.example.org/a",
        "HTTPS://MAIL.example.ORG/a",
        "https://mail.example.org:443/a",
        "https://mail.example.org/a?b=c",
        "https://mail.example.org/a#b",
        "https://mail.example.org/./a",
        "https://mail.example.org/b/../a",
        "https://mail.example.org/../a",
        "https://mail.example.org/%61",
    ),
    "https://mail.example.org/": (
        "https://mail.example.org",
        "https://mail.example.org/.",
        "https://mail.example.org/a/..",
    ),
    "https://mail.example.org/a%2Fb": ("https://mail.example.org/a%2fb", "https://mail.example.org/%61%2F%62"),
    "https://mail.example.org/a/": ("https://mail.example.org/a/", "https://mail.example.org/a/b/.."),
    "https://mail.example.org//a": ("https://mail.example.org//a",),
    "https://mail.example.org:8443/a": ("https://mail.example.org:8443/a",),
    "http://[::1]:8080/a": ("http://[::1]:8080/a",),
}
NONE = (
    "", "a", "/a", "//mail.example.org/a", "ftp://mail.example.org/", "https:///a", "https://u@mail.example.org/a",
    "https://mail.example.org/%zz", "https://mail.example.org/%", "https://mail.example.org/ä", "https://[::1/a",
    "https://mail.example.org:99999/", "https://mail.example.org/a b", "https://mail.example.org/a\r\nb",
    "https://mail.example.org/" + "a" * 9000,
)  # fmt: skip


@pytest.mark.parametrize("expected", SAME)
def test_spellings_of_one_url(expected: str) -> None:
    assert {normal(each) for each in SAME[expected]} == {expected}


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_url(text: str) -> None:
    assert normal(text) is None


@given(st.text(alphabet="/.%2fFaA~-", max_size=30))
def test_the_normal_spelling_is_its_own(path: str) -> None:
    once = normal(f"https://mail.example.org/{path}")
    assert once is None or normal(once) == once
