"""The reference page of all settings, made from the model (``python -m gateway.settings.reference``)."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import msgspec
from msgspec import NODEFAULT, Struct, inspect

from gateway.settings.model import Settings
from gateway.settings.schema import plain

_HEAD = """# Configuration

Made from `gateway/settings/model.py` by `python -m gateway.settings.reference`; a test checks that it is current.

The file is TOML. Every setting can be overridden by an environment variable: `GATEWAY__` and the setting's path in
upper case, with double underscores between its parts; items of lists by their index, counted from 0. A variable's
value is read as TOML where it is a TOML value (`993`, `true`, `["a", "b"]`), else as it is.

```
GATEWAY__SERVER__BIND=0.0.0.0:8080
GATEWAY__PROVIDERS__0__IMAP__PORT=143
GATEWAY__SERVER__CORS_ORIGINS=["https://app.example.org"]
```

File names in the file are relative to it; in variables, to the working directory. Secrets are kept in files or in the
environment, never in the configuration itself. `gateway serve` refuses to start on an error, and names the key with
the file and line, or the variable.

A first configuration needs an issuer and a provider:

```toml
[[issuers]]
issuer = "https://login.example.org"
audience = "https://mail.example.org"

[[providers]]
name = "example"
imap = { host = "imap.example.org" }
auth = { method = "pass_through" }
```
"""


class _Table(Struct, frozen=True):
    """A section of the page. ``heading`` is as it stands in the file, ``variable`` the beginning of its variables."""

    heading: str
    variable: str
    kind: inspect.StructType


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([_HEAD, *(_section(table) for table in _tables())]).rstrip() + "\n"


def _tables() -> Iterator[_Table]:
    kind = inspect.type_info(Settings)
    if isinstance(kind, inspect.StructType):
        yield from _below(_Table("", "GATEWAY", kind))


def _below(table: _Table) -> Iterator[_Table]:
    """The tables within a table, each followed by its own."""
    for field in table.kind.fields:
        inner = plain(field.type)
        is_list = isinstance(inner, inspect.VarTupleType)
        for struct in _structs(inner):
            path = f"{table.heading}.{field.encode_name}".lstrip(".")
            variable = f"{table.variable}__{field.encode_name.upper()}{'__0' if is_list else ''}"
            inside = _Table(path, variable, struct)
            yield inside
            yield from _below(inside)


def _structs(kind: inspect.Type) -> list[inspect.StructType]:
    kind = plain(kind)
    if isinstance(kind, inspect.VarTupleType):
        return _structs(kind.item_type)
    if isinstance(kind, inspect.UnionType):
        return [struct for each in kind.types for struct in _structs(each)]
    return [kind] if isinstance(kind, inspect.StructType) else []


def _section(table: _Table) -> str:
    kind = table.kind
    heading = f"## `{table.heading}`"
    if kind.tag_field:
        heading += f' with `{kind.tag_field} = "{kind.tag}"`'
    lines = [heading, "", _doc(kind)]
    rows = [_row(field) for field in kind.fields if not _structs(field.type)]
    if rows:
        lines += ["", f"Variables: `{table.variable}__…`", ""]
        lines += ["| setting | type | default | meaning |", "|---|---|---|---|", *rows]
    nested = [f"`{field.encode_name}`" for field in kind.fields if _structs(field.type)]
    if nested:
        lines += ["", f"Tables within: {', '.join(nested)}."]
    return "\n".join([*lines, ""])


def _row(field: inspect.Field) -> str:
    meaning = _description(field.type)
    cells = [f"`{field.encode_name}`", _type(field.type), _default(field), meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _doc(kind: inspect.StructType) -> str:
    return " ".join((kind.cls.__doc__ or "").split())


def _description(kind: inspect.Type) -> str:
    if not isinstance(kind, inspect.Metadata):
        return ""
    found = (kind.extra_json_schema or {}).get("description", "")
    return str(found) or _description(kind.type)


def _type(kind: inspect.Type) -> str:
    kind = plain(plain(kind))
    match kind:
        case inspect.StrType():
            return "text"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() | inspect.FloatType():
            return f"{'whole number' if isinstance(kind, inspect.IntType) else 'number'}{_bounds(kind)}"
        case inspect.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case inspect.VarTupleType():
            return f"list of: {_type(kind.item_type)}"
        case inspect.DictType():
            return f"table of {_type(kind.value_type)}"
        case inspect.UnionType():
            return ", ".join(_type(each) for each in kind.types if not isinstance(plain(each), inspect.NoneType))
        case _:
            return type(kind).__name__.removesuffix("Type").lower()


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    bounds = ((">", kind.gt), ("≥", kind.ge), ("<", kind.lt), ("≤", kind.le))
    return "".join(f" {sign} {value:g}" for sign, value in bounds if value is not None)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    value = field.default_factory() if field.default is NODEFAULT else field.default
    if value is None:
        return "–"
    return f"`{msgspec.json.encode(value).decode()}`"


if __name__ == "__main__":
    sys.stdout.write(page())
