"""File names side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.message.file_names import FileNames
from tests.effort import least


def test_the_second_of_a_name_has_a_number() -> None:
    names = FileNames()
    wanted = ["a.txt", "A.TXT", "a.txt", "a (2).txt", "../a.txt", "b", "b", "", ""]
    assert [names.name(one) for one in wanted] == [
        "a.txt", "A (2).TXT", "a (3).txt", "a (2) (2).txt", ".._a.txt".lstrip("."), "b", "b (2)", "attachment",
        "attachment (2)",
    ]  # fmt: skip


@given(st.lists(st.text(alphabet="aA. ()2/\\é", max_size=8), max_size=40))
def test_no_two_are_alike(wanted: list[str]) -> None:
    names = FileNames()
    given_out = [names.name(one) for one in wanted]
    assert len({name.casefold() for name in given_out}) == len(wanted)
    assert all(name and "/" not in name and "\\" not in name for name in given_out)


def test_thousands_of_one_name() -> None:
    def all_alike() -> None:
        names = FileNames()
        for _ in range(4000):
            names.name("image001.png")

    assert least(all_alike, 0.5) < 0.5
