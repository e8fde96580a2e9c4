"""Settings out of a TOML file and the environment. Every error names the key and where its value comes from."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import NoReturn

import msgspec
from msgspec import Struct

from gateway.errors import ConfigurationError
from gateway.settings.checks import problems
from gateway.settings.files import file_problems, resolve
from gateway.settings.model import Settings
from gateway.settings.position import Path, lines_of
from gateway.settings.schema import choices, unknown_keys
from gateway.settings.variable import Table, apply, replace

FILE_MAX = 1_048_576  # octets

_AT_LINE = re.compile(r"(.*) \(at line ([0-9]+), column [0-9]+\)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_PATH = re.compile(r" - at `\$([^`]*)`\Z")
_STEP = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Sources(Struct, frozen=True):
    """Where values come from: lines of a file (None: no file), and variables by the path they set."""

    file: str | None
    lines: Mapping[Path, int]
    variables: Mapping[Path, str]

    def where(self, path: Path) -> str:
        """The variable or line of ``path``, or of what it stands in."""
        for prefix in (path[:length] for length in range(len(path), -1, -1)):
            if prefix in self.variables:
                return f"environment variable {self.variables[prefix]}"
        for prefix in (path[:length] for length in range(len(path), -1, -1)):
            if prefix in self.lines:
                return f"{self.file}, line {self.lines[prefix]}"
        return self.file if self.file is not None else "no configuration file"

    def fail(self, path: Path, message: str) -> NoReturn:
        raise ConfigurationError(message, key=dotted(path) or "configuration", where=self.where(path))


def load(path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a file, overridden by ``GATEWAY__…`` variables. Raises ConfigurationError.

    File names in the file are relative to it; those in variables to the working directory.
    """
    file = None if path is None else FilePath(path)
    text = "" if file is None else _read(file)
    table = _parse(text, str(file))
    if file is not None:
        resolve(table, file.parent)
    variables = apply(table, environ)
    sources = Sources(None if file is None else str(file), lines_of(text), variables)
    for unknown in unknown_keys(table):
        near = f"; did you mean {unknown.near}?" if unknown.near else ""
        sources.fail(unknown.path, f"there is no such setting{near}")
    settings = _convert(table, sources, environ)
    for found in (problems(settings), file_problems(settings)):
        for problem in found:
            sources.fail(problem.path, problem.message)
    return settings


def dotted(path: Path) -> str:
    """``providers[0].imap.port``"""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if _BARE.fullmatch(step) else f'"{step}"'
            text += f".{name}" if text else name
    return text


def _read(file: FilePath) -> str:
    try:
        with file.open("rb") as opened:
            octets = opened.read(FILE_MAX + 1)
        if len(octets) > FILE_MAX:
            raise ConfigurationError("is larger than 1 MiB", key="configuration", where=str(file))
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("is not UTF-8", key="configuration", where=f"{file}, line {line}") from error
    except OSError as error:
        reason = f"can't be read: {(error.strerror or 'unreadable').lower()}"
        raise ConfigurationError(reason, key="configuration", where=str(file)) from error


def _parse(text: str, file: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.fullmatch(str(error))
        message, where = (found[1], f"{file}, line {found[2]}") if found else (str(error), file)
        raise ConfigurationError(f"is not TOML: {message}", key="configuration", where=where) from error
    except RecursionError as error:
        raise ConfigurationError("is nested too deeply", key="configuration", where=file) from error


def _convert(table: Table, sources: Sources, environ: Mapping[str, str]) -> Settings:
    """A variable's value that TOML reads as something else is a string after all where a string is wanted."""
    as_text: set[Path] = set()
    while True:
        try:
            return msgspec.convert(table, Settings)
        except msgspec.ValidationError as error:
            path, message = _place(str(error))
            if path in sources.variables and path not in as_text:
                as_text.add(path)
                replace(table, path, environ[sources.variables[path]])
                if message.startswith("must be str"):
                    continue
            known = choices(table, path)
            if known and message.startswith("Invalid"):
                message = f"must be one of {', '.join(known)}; {message.partition('value ')[2]} is none"
            if message == "must be array, got table":
                name = ".".join(str(step) for step in path if isinstance(step, str))
                message = f"is a list of tables: write [[{name}]] in double brackets, once for each"
            sources.fail(path, message)


def _place(message: str) -> tuple[Path, str]:
    """The path in msgspec's message, and the rest of it in words."""
    found = _PATH.search(message)
    steps = _STEP.finditer(found[1]) if found else iter(())
    path: Path = tuple(int(step[2]) if step[2] else step[1] for step in steps)
    text = message[: found.start()] if found else message
    missing = _MISSING.fullmatch(text)
    if missing:
        return (*path, missing[1]), "is required"
    return path, text.replace("`", "").replace("Expected", "must be", 1).replace("object", "table")
