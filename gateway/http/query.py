"""Query strings, strictly: an unknown, repeated or malformed parameter is an error that names it.

The parameters of an endpoint are the fields of one Struct; the OpenAPI document is made from the same Struct.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Meta, Struct
from msgspec import inspect as types

from gateway.errors import InvalidRequest
from gateway.http.violation import invalid

MAX_QUERY: Final = 16_384
"""Octets of a query string: cursors, states and search terms have room, a flood has not."""

_SHORT: Final = 256
"""Octets of a query string that is remembered as parsed."""
_MAX_SHOWN: Final = 64
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BOOLEANS: Final = {"true": True, "false": False}

Q = TypeVar("Q", bound="Query")
Term = Annotated[str, Meta(min_length=1, max_length=1000)]
Token = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[A-Za-z0-9_.~-]+$")]


class Query(Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of all query parameters: a typo is an error, never ignored."""


class NoQuery(Query, kw_only=True, frozen=True):
    """No parameter is taken."""


def parse(raw: bytes, into: type[Q]) -> Q:
    """The parameters as ``into`` declares them. Raises InvalidRequest naming the parameter."""
    found: Q = _parsed(raw, into) if len(raw) <= _SHORT else _parsed.__wrapped__(raw, into)
    return found


@lru_cache(maxsize=1024)
def _parsed(raw: bytes, into: type[Q]) -> Q:
    """Clients ask the same again and again."""
    kinds = _kinds(into)
    values = {name: _typed(name, text, kinds.get(name)) for name, text in pairs(raw).items()}
    try:
        return msgspec.convert(values, into)
    except msgspec.ValidationError as error:
        raise invalid(error, "query") from None


@lru_cache(maxsize=64)
def _kinds(into: type[Query]) -> Mapping[str, types.Type]:
    """The declared kind of each parameter; there are as many types as the table has."""
    described = types.type_info(into)
    fields = described.fields if isinstance(described, types.StructType) else ()
    return MappingProxyType({field.encode_name: field.type for field in fields})


def pairs(raw: bytes) -> dict[str, str]:
    """Names and values, decoded. Raises InvalidRequest for what is repeated or is no UTF-8."""
    if len(raw) > MAX_QUERY:
        raise InvalidRequest("the query is too long", field="query")
    found: dict[str, str] = {}
    for piece in raw.split(b"&"):
        if not piece:
            continue
        name_raw, _, value_raw = piece.partition(b"=")
        name = _decoded(name_raw, "query")
        if not name:
            raise InvalidRequest("a parameter has no name", field="query")
        if name in found:
            raise InvalidRequest("the parameter is given twice", field=name[:_MAX_SHOWN])
        found[name] = _decoded(value_raw, name[:_MAX_SHOWN])
    return found


def _decoded(raw: bytes, field: str) -> str:
    if _BAD_ESCAPE.search(raw):
        raise InvalidRequest("a percent sign is not followed by two hexadecimal digits", field=field)
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("this is not UTF-8", field=field) from None
    if _CONTROL.search(text):
        raise InvalidRequest("control characters are not allowed", field=field)
    return text


def _typed(name: str, text: str, kind: types.Type | None) -> Any:
    """The text as the declared kind, as far as msgspec would be laxer than we are."""
    match kind:
        case types.Metadata():
            return _typed(name, text, kind.type)
        case types.IntType():
            if not _INTEGER.fullmatch(text):
                raise InvalidRequest("this is not a whole number", field=name)
            return int(text)
        case types.BoolType():
            if text not in _BOOLEANS:
                raise InvalidRequest("this is neither true nor false", field=name)
            return _BOOLEANS[text]
        case types.ListType() | types.VarTupleType():
            return text.split(",")
        case _:
            return text
