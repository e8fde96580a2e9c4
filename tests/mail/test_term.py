"""Words and phrases of a text condition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.mail.term import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bus", ("bus",)),
        ("  two  words\t", ("two", "words")),
        ("one one", ("one",)),
        ('"a phrase"', ("a phrase",)),
        ("'a phrase' and", ("a phrase", "and")),
        (r'"say \"no\" \\ \'"', (r"""say "no" \ '""",)),
        ("don't", ("don't",)),
        ("it's Bob's", ("it's", "Bob's")),
        ('an "open one', ("an", '"open', "one")),
        ('mid"dle" x', ('mid"dle"', "x")),
        ('""', ('""',)),
        ('" "', ('" "',)),
        ("日本 語", ("日本", "語")),
        ("C:\\dir", ("C:\\dir",)),
    ],
)
def test_words_and_phrases(text: str, expected: tuple[str, ...]) -> None:
    assert words(text, "subject") == expected


@pytest.mark.parametrize("text", ["", "  ", "a\r\nb", "a\0", "\ud800", "x" * 1001, " ".join(map(str, range(33)))])
def test_what_is_no_term_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        words(text, "filter.subject")
    assert refused.value.field == "filter.subject"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80))
def test_words_are_parts_of_what_was_asked(text: str) -> None:
    if not text.strip() or len(text.split()) > 32:
        return
    for word in words(text, "text"):
        assert word.strip()
        assert word in text or "\\" in text


@given(
    st.lists(st.text(st.sampled_from("ab'\"\\ "), min_size=1).filter(str.strip), min_size=1, max_size=5, unique=True)
)
def test_phrases_mean_what_was_quoted(phrases: list[str]) -> None:
    quoted = ['"' + phrase.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'") + '"' for phrase in phrases]
    assert words(" ".join(quoted), "text") == tuple(phrases)
