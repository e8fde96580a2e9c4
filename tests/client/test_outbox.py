"""What waits to be sent: merged where it may be, and shown as if it were done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.client.cache import Cache
from gateway.client.outbox import Outbox, merged

from .shelf import fill
from .test_apply import folder, message


@pytest.fixture
def cache() -> Iterator[Cache]:
    made = Cache(":memory:")
    messages = {"Fa": message("a", "F", ["$seen"]), "Fb": message("b", "F"), "Gc": message("c", "G")}
    fill(made, {"token": None, "unread": [], "folders": {"F": folder("F"), "G": folder("G")}, "messages": messages})
    yield made
    made.close()


def flags(add: str = "", remove: str = "") -> dict[str, list[str]]:
    return {"add": add.split(), "remove": remove.split()}


def shown(cache: Cache, name: str) -> dict[str, list[str]]:
    rows = Outbox(cache).view(cache.messages(name), name)
    return {row["id"]: row["flags"] for row in rows}


def test_flags_of_one_message_become_one_change(cache: Cache) -> None:
    outbox = Outbox(cache)
    outbox.put("1", "flags", message="Fa", value=flags("x", "$seen"))
    outbox.put("2", "flags", message="Fa", value=flags("$seen y", "x"))
    (only,) = outbox.waiting()
    assert (only.key, only.value) == ("1", {"add": ["$seen", "y"], "remove": ["x"]})
    assert shown(cache, "F")["Fa"] == ["$seen", "y"]


@pytest.mark.parametrize("why", ["sent", "another message", "something in between", "conditional"])
def test_what_may_not_be_merged_is_not(cache: Cache, why: str) -> None:
    outbox = Outbox(cache)
    outbox.put("1", "flags", message="Fa", value=flags("x") | ({"ifMatch": ["t"]} if why == "conditional" else {}))
    if why == "sent":
        outbox.sending(outbox.waiting()[0])
    if why == "something in between":
        outbox.put("2", "copy", message="Fa", folder="G")
    outbox.put("3", "flags", message="Fb" if why == "another message" else "Fa", value=flags("", "x"))
    kept = [change for change in outbox.waiting() if change.kind == "flags"]
    assert [change.value["add"] for change in kept] == [["x"], []]


def test_a_message_is_where_it_is_going(cache: Cache) -> None:
    outbox = Outbox(cache)
    outbox.put("1", "move", message="Fa", folder="G")
    outbox.put("2", "flags", message="Fa", value=flags("x"))
    outbox.put("3", "copy", message="Gc", folder="F")
    outbox.put("4", "flags", message="3", value=flags("of-the-copy"))
    outbox.put("5", "delete", message="Fb", folder=None)
    assert shown(cache, "F") == {"3": ["of-the-copy"]}
    assert shown(cache, "G") == {"Gc": [], "Fa": ["$seen", "x"]}


def test_a_message_that_is_not_stored_yet_is_a_row(cache: Cache) -> None:
    value = {"flags": ["$draft"], "receivedAt": "2026-11-20T08:00:00Z"}
    Outbox(cache).put("1", "store", folder="F", value=value, content=b"Subject: hello\r\n\r\nbody\r\n")
    row = next(row for row in Outbox(cache).view(cache.messages("F"), "F") if row["id"] == "1")
    assert (row["subject"], row["flags"], row["pending"]) == ("hello", ["$draft"], True)


def test_what_waits_for_a_message_follows_it(cache: Cache) -> None:
    outbox = Outbox(cache)
    outbox.put("1", "flags", message="Fa", value=flags("x"))
    outbox.put("2", "move", message="Gc", folder="F")
    with cache.transaction():
        cache.rename_message("Fa", "Ga", "G")
        cache.rename_folder("F", folder("N"))
    assert [(change.message, change.folder) for change in outbox.waiting()] == [("Ga", None), ("Gc", "N")]


words = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)


@given(words, st.lists(st.tuples(words, words), max_size=4))
def test_merged_changes_do_what_they_did_one_after_the_other(
    start: list[str], steps: list[tuple[list[str], list[str]]]
) -> None:
    cache = Cache(":memory:")
    try:
        outbox, one_by_one = Outbox(cache), start
        for number, (add, remove) in enumerate(steps):
            change = {"add": add, "remove": [flag for flag in remove if flag not in add]}
            one_by_one = merged(one_by_one, change)
            outbox.put(str(number), "flags", message="M", value=change)
        together = start
        for waiting in outbox.waiting():
            together = merged(together, waiting.value)
        assert sorted(together) == sorted(one_by_one)
        assert len(outbox.waiting()) <= 1
    finally:
        cache.close()
