"""Flag changes where the server does not number them."""

from __future__ import annotations

from gateway.live.flag_window import FlagWindow
from gateway.mail.resource import FlagUpdate


def look(**flags: list[str]) -> list[FlagUpdate]:
    return [FlagUpdate(id=name, flags=value) for name, value in flags.items()]


def test_a_seat_of_now_is_told_nothing_and_one_of_before_the_difference() -> None:
    window = FlagWindow()
    window.look(look(a=[], b=["$seen"]))
    first = window.generation
    assert window.since(first, look(a=[], b=["$seen"])) == []
    window.look(look(a=["$flagged"], b=["$seen"]))
    assert window.since(window.generation, []) == []
    assert window.since(first, look(a=["$flagged"], b=["$seen"])) == look(a=["$flagged"])


def test_a_seat_from_long_ago_or_from_elsewhere_is_told_the_window() -> None:
    window = FlagWindow()
    window.look(look(a=[]))
    old = window.generation
    for flags in (["$seen"], ["$flagged"]):
        window.look(look(a=flags))
    whole = look(a=["$flagged"])
    assert window.since(old, whole) == whole
    assert window.since(None, whole) == whole


def test_messages_that_enter_the_window_are_no_difference() -> None:
    window = FlagWindow()
    window.look(look(a=[]))
    before = window.generation
    window.look(look(a=[], b=["$seen"]))
    assert window.generation == before
