"""Environment variables that override the configuration file: ``GATEWAY__SERVER__BIND`` and the like."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TypeAlias

from gateway.errors import ConfigurationError
from gateway.settings.position import Path

Table: TypeAlias = dict[str, object]

PREFIX = "GATEWAY__"
LIST_MAX = 100


def apply(table: Table, environ: Mapping[str, str]) -> dict[Path, str]:
    """Put the variables' values into ``table``; the names of those used, by path. Raises ConfigurationError."""
    used: dict[Path, str] = {}
    names = (name for name in environ if name.startswith(PREFIX))
    for name in sorted(names, key=lambda name: (name.count("__"), name)):  # whole tables before what is in them
        path = _put(table, _segments(name), read(environ[name]), name)
        used[path] = name
    return used


def read(text: str) -> object:
    """The value as TOML where it is a TOML value, else as it is: ``993``, ``true``, ``["a"]``, ``imap.example.org``."""
    try:
        parsed = tomllib.loads(f"value = {text}\n")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def replace(table: Table, path: Path, value: object) -> None:
    """Set what is at a path that exists."""
    container: object = table
    for step in path[:-1]:
        container = _child(container, step)
    if isinstance(container, dict | list):
        _set(container, path[-1], value)


def _segments(name: str) -> list[str]:
    segments = name[len(PREFIX) :].lower().split("__")
    if not all(segments):
        raise ConfigurationError("an empty name between double underscores", key=name, where=_where(name))
    return segments


def _put(table: Table, segments: list[str], value: object, name: str) -> Path:
    container: dict[str, object] | list[object] = table
    path: list[str | int] = []
    for segment, following in zip(segments, [*segments[1:], ""], strict=True):
        step = _step(container, segment, name)
        path.append(step)
        if not following:
            _set(container, step, value)
            break
        child = _child(container, step)
        if not isinstance(child, dict | list):
            child = list[object]() if following.isdecimal() else dict[str, object]()
            _set(container, step, child)
        container = child
    return tuple(path)


def _step(container: dict[str, object] | list[object], segment: str, name: str) -> str | int:
    if isinstance(container, dict):
        return segment
    if not segment.isdecimal() or int(segment[:4]) > min(len(container), LIST_MAX):
        raise ConfigurationError(
            f"{segment} is no index of this list of {len(container)}; the next one is {len(container)}",
            key=name,
            where=_where(name),
        )
    return int(segment)


def _child(container: object, step: str | int) -> object:
    if isinstance(container, dict):
        return container.get(step)
    if isinstance(container, list) and isinstance(step, int) and step < len(container):
        return container[step]
    return None


def _set(container: dict[str, object] | list[object], step: str | int, value: object) -> None:
    if isinstance(container, dict):
        container[str(step)] = value
    elif isinstance(step, int) and step < len(container):
        container[step] = value
    else:
        container.append(value)


def _where(name: str) -> str:
    return f"environment variable {name}"
