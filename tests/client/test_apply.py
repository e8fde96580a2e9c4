"""What each kind of value makes of a cache; the page's ``apply`` is held to the same table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.client.apply import apply
from gateway.client.cache import Cache

from .shelf import cases, dump, fill

IDS = [str(number) for number in range(6)]
FOLDERS = ["F", "G", "H"]


@pytest.fixture
def cache() -> Iterator[Cache]:
    made = Cache(":memory:")
    yield made
    made.close()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_a_value_is_applied_as_the_table_says(cache: Cache, case: dict[str, Any]) -> None:
    fill(cache, case["before"])
    for _ in range(2):  # twice is once
        apply(cache, case["value"], token=case.get("token"))
        assert dump(cache) == case["after"]


def test_a_body_is_kept_for_the_same_content_under_another_id(cache: Cache) -> None:
    fill(cache, {"token": None, "unread": [], "folders": {"F": folder("F"), "G": folder("G")}, "messages": {}})
    cache.put_messages([message("1", "F") | {"emailId": "E"}])
    cache.put_body("F1", {"id": "F1", "text": {"value": "hello"}, "href": "/messages/F1/parts/1"})
    apply(cache, changes("F", destroyed=["F1"]))
    apply(cache, changes("G", created=[{**message("2", "G"), "emailId": "E"}]))
    cache.drop_unused_bodies()
    assert cache.body("G2") == {"id": "G2", "text": {"value": "hello"}, "href": "/messages/G2/parts/1"}
    assert cache.body("F1") is None
    apply(cache, changes("G", destroyed=["G2"]))
    cache.drop_unused_bodies()
    assert cache.sql("SELECT count(*) FROM body") == [(0,)]


def test_a_change_and_its_state_are_one(cache: Cache) -> None:
    """Whatever stops it half-way stops all of it."""
    before = cases()[0]["before"]
    fill(cache, before)
    broken = changes("F", created=[message("3", "F")])
    del broken["newState"]
    with pytest.raises(KeyError):
        apply(cache, broken, token="t9")
    assert dump(cache) == before


def folder(id_: str) -> Any:
    return {"id": id_, "name": id_, "path": [id_], "role": None, "maySelect": True}


def message(id_: str, folder: str, flags: list[str] | None = None) -> Any:
    return {"id": f"{folder}{id_}", "folderId": folder, "flags": flags or [], "receivedAt": "2026-11-20T08:00:00Z"}


def changes(folder: str, **members: Any) -> Any:
    coverage = members.pop("coverage", {"destroyed": "all", "present": []})
    value = {"folderId": folder, "oldState": "s1", "newState": "s2", "hasMore": False, "coverage": coverage}
    return {**value, "created": [], "updated": [], "destroyed": [], **members}


flag_lists = st.lists(st.sampled_from(["$seen", "$flagged", "work"]), unique=True)


@st.composite
def folder_changes(draw: st.DrawFn) -> Any:
    name = draw(st.sampled_from(FOLDERS))
    ids = st.lists(st.sampled_from(IDS), unique=True)
    members: dict[str, Any] = {
        "created": [message(id_, name, draw(flag_lists)) for id_ in draw(ids)],
        "updated": [{"id": name + id_, "flags": draw(flag_lists)} for id_ in draw(ids)],
        "destroyed": [name + id_ for id_ in draw(ids)],
        "hasMore": draw(st.booleans()),
    }
    if draw(st.booleans()):
        members["coverage"] = {"destroyed": "window", "present": [name + id_ for id_ in draw(ids)]}
    return changes(name, **members)


@st.composite
def list_changes(draw: st.DrawFn) -> Any:
    """As a gateway makes them: a name is in one place of it, but for a folder that was rebuilt."""
    names = draw(st.permutations(FOLDERS))
    kinds = [draw(st.sampled_from(["created", "updated", "destroyed", "rebuilt", "same"])) for _ in names]
    told: dict[str, list[Any]] = {"created": [], "updated": [], "destroyed": [], "renamed": []}
    for name, kind in zip(names, kinds, strict=True):
        if kind in ("created", "updated"):
            told[kind].append(folder(name))
        elif kind != "same":
            told["destroyed"].append(name)
            told["created"] += [folder(name)] if kind == "rebuilt" else []
    return told


@st.composite
def account_changes(draw: st.DrawFn) -> Any:
    several = draw(st.lists(folder_changes(), max_size=3, unique_by=lambda value: value["folderId"]))
    return {"oldState": "t1", "newState": "t2", "hasMore": False, "folders": draw(list_changes()), "changes": several}


values = st.one_of(folder_changes(), list_changes(), account_changes())


@given(st.lists(values, max_size=6), values)
def test_applied_twice_is_applied_once(earlier: list[Any], value: Any) -> None:
    cache = Cache(":memory:")
    try:
        fill(cache, cases()[0]["before"])
        for each in earlier:
            apply(cache, each)
        apply(cache, value, token="t3")
        once = dump(cache)
        apply(cache, value, token="t3")
        assert dump(cache) == once
    finally:
        cache.close()
