"""Entity tags in conditions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from gateway.errors import InvalidRequest
from gateway.http.conditional import MAX_TAGS, hash_tag, parse_tags, tags_of
from gateway.http.packed import marked, unmarked

from .refusal import PARSED, refused_field

tags = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=10).map('"{}"'.format).map(unmarked)


def test_a_star_matches_anything() -> None:
    star = parse_tags(" * ", "If-Match")
    assert star.any
    assert star.matches_strongly('"x"')
    assert star.matches_weakly('"x"')


def test_weak_and_strong() -> None:
    found = parse_tags('W/"a", "b" ,"c,d"', "If-Match")
    assert found.strong == {'"b"', '"c,d"'}
    assert found.all == {'"a"', '"b"', '"c,d"'}
    assert found.matches_weakly('"a"')
    assert not found.matches_strongly('"a"')


def test_the_tag_of_a_compressed_answer_is_that_of_the_other() -> None:
    strong, weak = '"a"', '"b"'
    found = parse_tags(f"{marked(strong)}, W/{marked(weak)}", "If-Match")
    assert found.strong == {strong}
    assert found.all == {strong, weak}


@given(st.lists(st.tuples(st.sampled_from(["", "W/"]), tags), min_size=1, max_size=10))
def test_every_list_parses(entries: list[tuple[str, str]]) -> None:
    found = parse_tags(" ,, ".join(weak + tag for weak, tag in entries), "If-None-Match")
    assert found.all == {tag for _, tag in entries}
    assert found.strong == {tag for weak, tag in entries if not weak}


@given(st.text(max_size=50))
def test_it_parses_or_names_the_header(text: str) -> None:
    assert refused_field(lambda: parse_tags(text, "If-Match")) in (PARSED, "If-Match")


@pytest.mark.parametrize("text", ["", ",", "a", '"a" "b"', '"a', 'w/"a"', '*, "a"', '"a"' + ', "b"' * 0 + "x"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_tags(text, "If-Match")


def test_a_flood_of_tags_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_tags(", ".join(f'"{number}"' for number in range(MAX_TAGS + 1)), "If-Match")


def test_several_header_lines_are_one_list() -> None:
    found = tags_of(Headers(raw=[(b"if-match", b'"a"'), (b"if-match", b'"b"')]), "If-Match")
    assert found is not None
    assert found.strong == {'"a"', '"b"'}
    assert tags_of(Headers(), "If-Match") is None


def test_a_hash_tag_is_strong_and_tells_contents_apart() -> None:
    assert parse_tags(hash_tag(b"a"), "x").strong == {hash_tag(b"a")}
    assert hash_tag(b"a") != hash_tag(b"b")
