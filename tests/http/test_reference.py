"""References between the operations of a batch, pure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.errors import DependencyFailed, GatewayError, Unprocessable
from gateway.http.reference import Answers

PAGE = {"messages": [{"id": "m1", "to": [{"email": "a"}, {"email": "b"}]}, {"id": "m2", "to": []}], "total": 2}
ODD = {"a/b": "slash", "m~n": "tilde", "": "empty", "id": "x/y?z#é"}
ANSWERS = Answers(
    {"page": msgspec.json.encode(PAGE), "odd": msgspec.json.encode(ODD), "nothing": None},
    {"bad"},
    {"page", "odd", "nothing", "bad", "later"},
)


def ref(of: str, path: str) -> dict[str, Any]:
    return {"#ref": {"of": of, "path": path}}


@pytest.mark.parametrize(
    ("of", "pointer", "value"),
    [
        ("page", "/messages/0/id", "m1"),
        ("page", "/messages/*/id", ["m1", "m2"]),
        ("page", "/messages/*/to/*/email", ["a", "b"]),
        ("odd", "/a~1b", "slash"),
        ("odd", "/m~0n", "tilde"),
        ("odd", "/", "empty"),
    ],
)
def test_a_body_has_the_value(of: str, pointer: str, value: object) -> None:
    assert ANSWERS.in_body({"deep": [ref(of, pointer)], "kept": 1}) == {"deep": [value], "kept": 1}


def test_a_path_has_it_encoded() -> None:
    assert ANSWERS.in_path("messages/{page:/messages/1/id}/flags") == "messages/m2/flags"
    assert ANSWERS.in_path("folders?q={odd:/id}") == "folders?q=x%2Fy%3Fz%23%C3%A9"
    assert ANSWERS.in_path("folders/inbox") == "folders/inbox"


@pytest.mark.parametrize(
    ("reference", "detail"),
    [
        (ref("unknown", "/id"), "not in this batch"),
        (ref("later", "/id"), "no sooner"),
        (ref("page", "/total"), "no string"),
        (ref("page", "/messages/*/to"), "no string"),
        (ref("page", "/messages/0"), "no string"),
        (ref("page", "/messages/2/id"), "nothing at"),
        (ref("page", "/messages/00/id"), "nothing at"),
        (ref("page", "/messages/-1/id"), "nothing at"),
        (ref("page", "/nothing"), "nothing at"),
        (ref("page", "messages"), "no JSON Pointer"),
        (ref("page", "/a~2"), "no JSON Pointer"),
        (ref("nothing", "/id"), "no body"),
        ({"#ref": "page"}, "a reference is"),
        ({"#ref": {"of": "page"}}, "a reference is"),
        ({"#ref": {"of": "page", "path": "/total", "more": 1}}, "a reference is"),
        ({**ref("page", "/messages/0/id"), "more": 1}, "stands alone"),
    ],
)
def test_what_can_not_be_resolved_is_named(reference: dict[str, Any], detail: str) -> None:
    with pytest.raises(Unprocessable, match=detail) as raised:
        ANSWERS.in_body({"ids": [reference]})
    assert raised.value.field == "body.ids[0]"


@pytest.mark.parametrize(
    "path",
    ["{page}", "{page:messages}", "{page:/total}", "{unknown:/id}", "{later:/id}", "{", "}", "{{page:/total}}",
     "{page:/messages/*/id}"],
)  # fmt: skip
def test_a_path_is_as_strict(path: str) -> None:
    with pytest.raises(Unprocessable) as raised:
        ANSWERS.in_path(f"messages/{path}")
    assert raised.value.field == "path"


def test_what_rests_on_a_failure_is_not_tried() -> None:
    for resolve in (lambda: ANSWERS.in_path("messages/{bad:/id}"), lambda: ANSWERS.in_body(ref("bad", "/id"))):
        with pytest.raises(DependencyFailed):
            resolve()


def test_what_references_may_stand_for_is_bounded() -> None:
    long, many = {"text": "x" * 100_000}, [{"id": "x"}] * 10_001
    answers = Answers({"long": msgspec.json.encode(long), "many": msgspec.json.encode(many)}, (), {"long", "many"})
    assert answers.in_body([ref("long", "/text")] * 2)
    refused: list[Any] = [[ref("long", "/text")] * 3, ref("many", "/*/id")]
    for body in refused:
        with pytest.raises(Unprocessable):
            answers.in_body(body)
    for path in ("x?text={long:/text}", "{many:/0/id}" * 11):
        with pytest.raises(Unprocessable):
            answers.in_path(path)
    assert answers.in_path("{many:/0/id}" * 10) == "x" * 10


def test_depth_and_number_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(70):
        deep = [deep]
    many = [ref("page", "/messages/0/id")] * 101
    for body in (deep, many):
        with pytest.raises(GatewayError) as raised:
            ANSWERS.in_body(body)
        assert raised.value.answer().status == 422
    assert len(ANSWERS.in_body(many[:100])) == 100
