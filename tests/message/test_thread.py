"""Messages that belong together: by ids alone, whatever the ids are."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.message.thread import conversation

LETTERS = st.dictionaries(st.integers(0, 30), st.lists(st.sampled_from("abcdefghijklmnop"), max_size=4), min_size=1)


@given(LETTERS, st.data())
def test_it_is_all_that_can_be_reached_over_shared_ids(letters: dict[int, list[str]], data: st.DataObject) -> None:
    start = data.draw(st.sampled_from(sorted(letters)))
    reached, waiting = {start}, [start]
    while waiting:
        ids = set(letters[waiting.pop()])
        near = {key for key, others in letters.items() if ids & set(others)} - reached
        reached |= near
        waiting += near
    assert conversation(start, letters) == reached


@given(LETTERS)
def test_every_message_is_in_one_conversation(letters: dict[int, list[str]]) -> None:
    for key in letters:
        for other in conversation(key, letters):
            assert conversation(other, letters) == conversation(key, letters)


def test_without_ids_a_message_is_alone() -> None:
    assert conversation(1, {1: (), 2: (), 3: ("a",)}) == {1}


def test_a_chain_of_a_hundred_thousand_takes_no_square_time() -> None:
    chain = {number: (f"{number}", f"{number + 1}") for number in range(100_000)}
    began = time.process_time()
    assert len(conversation(0, chain)) == 100_000
    assert time.process_time() - began < 5
