"""The settings' types as msgspec sees them, for whoever walks them: unknown keys, the reference page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct, inspect

from gateway.settings.model import Settings
from gateway.settings.position import Path


class Unknown(Struct, frozen=True):
    """A key that no setting has; ``near`` is one that it may be meant for."""

    path: Path
    near: str | None


def unknown_keys(value: object) -> Iterator[Unknown]:
    """All of them, in the order of the configuration."""
    yield from _unknown(value, inspect.type_info(Settings), ())


def choices(value: object, path: Path) -> tuple[str, ...]:
    """What may stand at ``path`` of the configuration ``value``, where that is a closed set of words; else nothing."""
    kind: inspect.Type = inspect.type_info(Settings)
    for step in path:
        kind = plain(kind)
        if isinstance(kind, inspect.UnionType):
            tags = [each for each in map(plain, kind.types) if isinstance(each, inspect.StructType) and each.tag_field]
            if any(each.tag_field == step for each in tags):
                return tuple(str(each.tag) for each in tags)
            kind = _alternative(value, kind)
        kind, value = _step(kind, value, step)
    kind = plain(kind)
    return tuple(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else ()


def _step(kind: inspect.Type, value: object, step: str | int) -> tuple[inspect.Type, object]:
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        known = {field.encode_name: field.type for field in kind.fields}
        return known.get(str(step), inspect.AnyType()), value.get(step)
    if isinstance(kind, inspect.VarTupleType) and isinstance(value, list) and isinstance(step, int):
        return kind.item_type, value[step]
    return inspect.AnyType(), None


def plain(kind: inspect.Type) -> inspect.Type:
    """Without msgspec's wrapper for descriptions."""
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _unknown(value: object, kind: inspect.Type, path: Path) -> Iterator[Unknown]:
    kind = plain(kind)
    if isinstance(kind, inspect.UnionType):
        kind = _alternative(value, kind)
    if isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, kind.item_type, (*path, index))
    elif isinstance(kind, inspect.StructType) and isinstance(value, dict):
        yield from _members(value, kind, path)


def _members(value: Mapping[str, object], kind: inspect.StructType, path: Path) -> Iterator[Unknown]:
    fields = {field.encode_name: field for field in kind.fields}
    known = [*fields, *([kind.tag_field] if kind.tag_field else [])]
    for key, item in value.items():
        if key in fields:
            yield from _unknown(item, fields[key].type, (*path, key))
        elif key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.6)
            yield Unknown((*path, key), near[0] if near else None)


def _alternative(value: object, kind: inspect.UnionType) -> inspect.Type:
    """The member of a union that a value is: the struct with its tag, or the only struct there is."""
    structs = [each for each in map(plain, kind.types) if isinstance(each, inspect.StructType)]
    if len(structs) == 1:
        return structs[0]
    for each in structs:
        if isinstance(value, dict) and each.tag_field and value.get(each.tag_field) == each.tag:
            return each
    return inspect.AnyType()
