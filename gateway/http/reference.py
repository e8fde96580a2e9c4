"""References from one operation of a batch to the answers of those before it (after RFC 8620 section 3.7). Pure.

In a body an object with the one member `#ref` stands for a value: ``{"#ref": {"of": "a", "path": "/messages/0/id"}}``.
In a path ``{a:/id}`` does. ``a`` is the operation, what follows a JSON Pointer (RFC 6901) into its answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from gateway.errors import DependencyFailed, Unprocessable

MEMBER: Final = "#ref"
MAX_DEPTH: Final = 64
MAX_REFERENCES: Final = 100
"""In the body of one operation; in its path a tenth of that."""
MAX_VALUES: Final = 10_000
MAX_CHARACTERS: Final = 262_144
"""Strings that references put into one body, and characters in all of them; in a path each may have a tenth of that."""
_TEMPLATE: Final = re.compile(r"\{([A-Za-z0-9_-]{1,64}):((?:/[^{}/]*)*)\}")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE: Final = re.compile(r"~(?![01])")


class Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """``of``: the operation; ``path``: a JSON Pointer into its answer."""

    of: str
    path: str


class Answers(Struct, frozen=True):
    """What the operations before gave: JSON by operation id, None where there is none; ``all``: every id."""

    bodies: Mapping[str, bytes | None]
    failed: Collection[str]
    all: Collection[str]
    _decoded: dict[str, Any] = field(default_factory=dict)

    def in_path(self, path: str) -> str:
        """``path`` with its references resolved to strings, percent-encoded so that each stays one segment or value."""
        if path.count("{") > MAX_REFERENCES // 10:
            raise Unprocessable(f"a path may have {MAX_REFERENCES // 10} references", field="path")
        filled = _TEMPLATE.sub(lambda match: quote(self._text(match[1], match[2]), safe=""), path)
        if "{" in filled or "}" in filled:
            raise Unprocessable("a reference in a path is written {operation:/pointer}", field="path")
        return filled

    def in_body(self, value: Any) -> Any:
        """``value`` with its references resolved to strings, or where they have a `*` to lists of strings."""
        return _Body(self).filled(value, "body", 0)

    def _text(self, of: str, pointer: str) -> str:
        found = self.found(of, pointer, "path")
        if not isinstance(found, str) or len(found) > MAX_CHARACTERS // 10:
            raise Unprocessable(f"what is at {pointer[:200]} of {of} is no string, or a long one", field="path")
        return found

    def found(self, of: str, pointer: str, place: str) -> Any:
        """Any value at all. Raises DependencyFailed; Unprocessable naming ``place``."""
        if of in self.failed:
            raise DependencyFailed(f"the operation {of} failed, or was not tried", field=place)
        if of not in self.bodies:
            known = "comes no sooner than this one" if of in self.all else "is not in this batch"
            raise Unprocessable(f"the operation that is referred to {known}", field=place)
        body = self.bodies[of]
        if body is None:
            raise Unprocessable(f"the answer of {of} has no body here", field=place)
        if of not in self._decoded:
            self._decoded[of] = msgspec.json.decode(body)
        return _at(self._decoded[of], _steps(pointer, place), f"{pointer[:200]} of {of}", place)


class _Body(Struct):
    """One body; counted is what references have put into it so far."""

    answers: Answers
    references: int = 0
    values: int = 0
    characters: int = 0

    def filled(self, value: Any, place: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Unprocessable("this is nested too deeply", field=place[:200])
        match value:
            case {"#ref": wanted}:
                return self._referred(value, wanted, place[:200])
            case dict():
                return {name: self.filled(member, f"{place}.{name}", depth + 1) for name, member in value.items()}
            case list():
                return [self.filled(member, f"{place}[{at}]", depth + 1) for at, member in enumerate(value)]
            case _:
                return value

    def _referred(self, value: dict[str, Any], wanted: Any, place: str) -> Any:
        self.references += 1
        if self.references > MAX_REFERENCES:
            raise Unprocessable(f"a body may have {MAX_REFERENCES} references", field=place)
        try:
            reference = msgspec.convert(wanted, Reference)
        except msgspec.ValidationError:
            raise Unprocessable('a reference is {"#ref": {"of": operation, "path": pointer}}', field=place) from None
        if len(value) != 1:
            raise Unprocessable("a reference stands alone in its object", field=place)
        found = self.answers.found(reference.of, reference.path, place)
        several = isinstance(found, list) and "*" in reference.path.split("/")
        texts = found if several else [found]
        if not all(isinstance(one, str) for one in texts):
            raise Unprocessable(f"what is at {reference.path[:200]} of {reference.of} is no string", field=place)
        self.values += len(texts)
        self.characters += sum(map(len, texts))
        if self.values > MAX_VALUES or self.characters > MAX_CHARACTERS:
            raise Unprocessable("references stand for too much", field=place)
        return found


def _steps(pointer: str, place: str) -> list[str]:
    """RFC 6901 section 3: empty, or each step after a slash; ``~1`` is a slash and ``~0`` a tilde."""
    if (pointer and not pointer.startswith("/")) or _ESCAPE.search(pointer):
        raise Unprocessable("this is no JSON Pointer (RFC 6901)", field=place)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(value: Any, steps: list[str], name: str, place: str) -> Any:
    for number, step in enumerate(steps):
        match value:
            case dict() if step in value:
                value = value[step]
            case list() if step == "*":
                return _mapped(value, steps[number + 1 :], name, place)
            case list() if _INDEX.fullmatch(step) and int(step) < len(value):
                value = value[int(step)]
            case _:
                raise Unprocessable(f"there is nothing at {name}", field=place)
    return value


def _mapped(values: list[Any], steps: list[str], name: str, place: str) -> list[Any]:
    """The rest of the pointer at each of them; lists within become one (RFC 8620 section 3.7)."""
    found: list[Any] = []
    for each in values:
        value = _at(each, steps, name, place)
        found += value if isinstance(value, list) and "*" in steps else [value]
        if len(found) > MAX_VALUES:
            raise Unprocessable(f"a reference stands for {MAX_VALUES} values at the most", field=place)
    return found
