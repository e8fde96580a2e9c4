"""What was found, marked: never longer than it may be, and no HTML but the marks."""

from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.highlight import Marker

MARKS = re.compile(r"</?mark>")


@pytest.mark.parametrize(
    ("terms", "text", "marked"),
    [
        (["foo"], "The Foosball competition", "The <mark>Foo</mark>sball competition"),
        (["foo", "bar"], "foo/bar <1", "<mark>foo</mark>/<mark>bar</mark> &lt;1"),
        (["a b"], "x a  b y", "x <mark>a  b</mark> y"),
        (["<b>"], "<b>", "<mark>&lt;b&gt;</mark>"),
        (["e\u0301"], "caf\u00e9", "caf<mark>\u00e9</mark>"),
        (["ab", "abc"], "abcd", "<mark>abc</mark>d"),
        (["(", "["], "a(b", "a<mark>(</mark>b"),
        (["none"], "text", None),
        ([], "text", None),
        ([" "], "te xt", None),
    ],
)
def test_subjects(terms: list[str], text: str, marked: str | None) -> None:
    assert Marker(terms).subject(text) == marked


def test_a_preview_is_around_the_first_match() -> None:
    text = "word " * 100 + "needle\n\nand " + "more " * 100
    shown = Marker(["needle"]).preview(text)
    assert shown is not None
    assert "word <mark>needle</mark> and more" in shown
    assert shown.startswith("…word")
    assert shown.endswith("…")
    assert 200 < len(shown.encode()) <= 255


def test_a_match_that_is_too_long_is_cut_and_still_closed() -> None:
    shown = Marker(["x" * 900]).preview("x" * 2000)
    assert shown is not None
    assert shown.startswith("<mark>xxx")
    assert shown.endswith("x</mark>…")
    assert len(shown.encode()) <= 255


TEXTS = st.text(st.sampled_from("ab <>&\"'é日\n\u200b😀"), max_size=400)


@given(st.lists(st.text(st.sampled_from("ab<&é日😀 "), min_size=1, max_size=5), max_size=4), TEXTS)
def test_previews_are_short_and_hold_nothing_but_text_and_marks(terms: list[str], text: str) -> None:
    shown = Marker(terms).preview(text)
    if shown is None:
        return
    assert len(shown.encode()) <= 255
    assert [mark == "<mark>" for mark in MARKS.findall(shown)] == [True, False] * (len(MARKS.findall(shown)) // 2)
    bare = MARKS.sub("", shown)
    assert "<" not in bare
    assert ">" not in bare
    clean = re.sub(r"\s+", " ", text.replace("\u200b", "")).strip()
    assert html.unescape(bare).strip("…") in clean


@given(st.text(st.sampled_from("ab<&é"), min_size=1, max_size=3), TEXTS)
def test_a_term_that_is_there_is_marked(term: str, text: str) -> None:
    shown = Marker([term]).subject(text)
    assert (shown is not None) == (term in text)
    if shown is not None:
        assert html.unescape(MARKS.sub("", shown)) == text


def test_no_text_takes_long() -> None:
    began = time.thread_time()
    Marker(["a" * 500 + "b", "a " * 300 + "b"]).preview("a" * 60_000 + " a" * 2_000)
    assert time.thread_time() - began < 1.5
