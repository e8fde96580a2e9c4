"""Rights in words."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imap.rights import STANDARD
from gateway.mail.permission import LETTERS, Word, kind, letters_of, mailbox_rights, negative, unspoken, words


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("", []),
        ("l", []),
        ("r", []),
        ("lr", ["mayReadItems"]),
        ("lrt", ["mayReadItems"]),  # to remove takes both: to mark, and to expunge
        ("lrte", ["mayReadItems", "mayRemoveItems"]),
        ("x", ["mayRename", "mayDelete"]),
        ("lrswipkxtea", list(LETTERS)),
        ("n0", []),
    ],
)
def test_a_word_holds_where_all_its_letters_do(letters: str, expected: list[str]) -> None:
    assert words(letters) == expected


@given(st.lists(st.sampled_from(list(LETTERS)), unique=True))
def test_words_grant_themselves_and_no_more_than_they_say(chosen: list[Word]) -> None:
    granted = words(letters_of(chosen))
    assert set(chosen) <= set(granted)
    assert set(letters_of(granted)) == set(letters_of(chosen))
    assert not {"mayAdmin", "mayAddItems"} & set(granted) - set(chosen)


def test_what_no_word_speaks_of_is_a_servers_own() -> None:
    assert unspoken("lrn0a") == "0n"
    assert unspoken(STANDARD) == ""


def test_the_object_says_the_same_as_the_words() -> None:
    for letters in ("", "lr", "lrs", "lrswite", STANDARD):
        told = msgspec.to_builtins(mailbox_rights(letters))
        assert told.pop("letters") == letters
        assert {word for word, held in told.items() if held} == set(words(letters))
        assert set(told) == set(LETTERS)


@pytest.mark.parametrize(
    ("who", "expected", "minus"),
    [
        ("bob", "user", False),
        ("-bob", "user", True),
        ("user=bob", "user", False),
        ("anyone", "anyone", False),
        ("-anyone", "anyone", True),
        ("$team", "group", False),
        ("!$team", "group", False),
        ("group:staff", "group", False),
        ("-group=staff", "group", True),
        ("authenticated", "special", False),
        ("owner", "special", False),
        ("owner2", "user", False),
    ],
)
def test_whom_an_identifier_means(who: str, expected: str, minus: bool) -> None:
    assert (kind(who), negative(who)) == (expected, minus)
