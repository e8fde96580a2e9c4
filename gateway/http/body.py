"""What a request's body may be: nothing, one JSON value of a declared type, or a message as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from gateway.errors import InvalidRequest, TooLarge, UnsupportedMediaType
from gateway.http.cap import content_length
from gateway.http.spool import Spool
from gateway.http.violation import invalid
from gateway.settings.model import Limits

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)
MESSAGE_TYPE: Final = "message/rfc822"
JSON_TYPE: Final = "application/json"


class BodyKind(Protocol[B_co]):
    """How a body is capped, read and documented."""

    @property
    def media_type(self) -> str | None:
        """None: there is no body."""
        ...

    @property
    def type(self) -> Any:
        """The type of the JSON value, or None where it is not JSON."""
        ...

    def cap(self, limits: Limits) -> int: ...

    async def read(self, request: Request, limits: Limits, after: ExitStack) -> B_co:
        """The body; what has to be put away once the request is served is left with ``after``."""
        ...


class NoBody(Struct, frozen=True):
    """Whatever is sent is not read."""

    media_type: str | None = None
    type: Any = None

    def cap(self, limits: Limits) -> int:
        return limits.request_bytes

    async def read(self, request: Request, limits: Limits, after: ExitStack) -> None:
        return None


class JsonBody(Struct, Generic[B], frozen=True):
    """One JSON value of ``type``; unknown members are errors."""

    type: type[B]
    media_type: str | None = JSON_TYPE

    def cap(self, limits: Limits) -> int:
        return limits.request_bytes

    async def read(self, request: Request, limits: Limits, after: ExitStack) -> B:
        demand(request, JSON_TYPE)
        return decode(await request.body(), self.type)


class Upload(Struct, frozen=True):
    """A message on its way in: its size in octets, known before the first of them is read."""

    size: int
    source: AsyncIterator[bytes]


class MessageBody(Struct, frozen=True):
    """message/rfc822 as it is. What comes without a Content-Length is put aside first, to learn its size."""

    media_type: str | None = MESSAGE_TYPE
    type: Any = None

    def cap(self, limits: Limits) -> int:
        return limits.message_bytes

    async def read(self, request: Request, limits: Limits, after: ExitStack) -> Upload:
        demand(request, MESSAGE_TYPE)
        size = content_length(request.scope)
        if size is not None:
            return Upload(_filled(size), request.stream())
        spool = Spool()
        after.callback(spool.close)
        async for chunk in request.stream():
            await spool.write(chunk)
            if spool.size > limits.message_bytes:
                raise TooLarge(f"a message may have {limits.message_bytes} octets")
        return Upload(_filled(spool.size), spool.chunks())


def demand(request: Request, wanted: str) -> None:
    """Raises UnsupportedMediaType where the body is declared to be anything else, or to be compressed."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("the body must not be compressed", field="Content-Encoding")
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != wanted:
        raise UnsupportedMediaType(f"the body must be {wanted}", field="Content-Type")
    if wanted == JSON_TYPE and "charset" in parameters.lower() and "utf-8" not in parameters.lower():
        raise UnsupportedMediaType("JSON is UTF-8 (RFC 8259 section 8.1)", field="Content-Type")


def decode(raw: bytes, into: type[B]) -> B:
    """The JSON value. Raises InvalidRequest naming the member; for what is no JSON at all it names `body`."""
    try:
        value = msgspec.json.decode(raw, type=into)
    except msgspec.ValidationError as error:
        raise invalid(error, "body") from None
    except RecursionError:
        raise InvalidRequest("this is nested too deeply", field="body") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidRequest("this is no JSON in UTF-8", field="body") from None
    if b"\\u0000" in raw:
        _refuse_nul(msgspec.to_builtins(value), "body")
    return value


def _refuse_nul(value: object, field: str) -> None:
    """No text of a mail system can hold NUL."""
    waiting = [(value, field)]
    while waiting:
        inner, name = waiting.pop()
        match inner:
            case str() if "\0" in inner:
                raise InvalidRequest("NUL is not allowed", field=name)
            case dict():
                waiting += [(member, str(key)) for key, member in inner.items()]
            case list():
                waiting += [(member, name) for member in inner]
            case _:
                pass


def _filled(size: int) -> int:
    if size == 0:
        raise InvalidRequest("the message is empty", field="body")
    return size
