"""Errors as RFC 9457 problem details: the one place where an error becomes an answer."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response
from starlette.types import Scope

from gateway.errors import (
    GatewayError,
    MethodNotAllowed,
    PreconditionFailed,
    RangeNotSatisfiable,
    Reply,
    SignInRefused,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from gateway.http.base import request_id
from gateway.http.cap import TooSlow
from gateway.http.refusal import refusal_of
from gateway.mail.resource import Flag

MEDIA_TYPE: Final = "application/problem+json"
_MAX_INSTANCE: Final = 2000
_encode: Final = msgspec.json.Encoder().encode


class Problem(Struct, rename="camel", kw_only=True, frozen=True):
    """Problem details (RFC 9457 section 3.1), with what this API adds (section 3.2)."""

    type: Annotated[str, Meta(description="URI reference of the kind of problem, served as a description of it")]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="what went wrong this time, for people")]
    instance: Annotated[str, Meta(description="path of the request")]
    request_id: Annotated[str, Meta(description="the X-Request-Id of the answer, for the operator")]
    retryable: Annotated[bool, Meta(description="the same request may succeed later")] = False
    field: Annotated[str | UnsetType, Meta(description="the parameter, header or member that is wrong")] = UNSET
    imap_code: Annotated[str | UnsetType, Meta(description="the mail server's own code for it")] = UNSET
    flags: Annotated[
        list[Flag] | UnsetType, Meta(description="of a 412 on flags: those of now; the ETag header goes with them")
    ] = UNSET
    link: Annotated[
        str | UnsetType, Meta(description="of account-reauth-required: where a linked account is linked again")
    ] = UNSET


class NotAllowed(MethodNotAllowed):
    """The resource exists, but not with this method; ``allow`` lists those it has (RFC 9110 section 15.5.6)."""

    def __init__(self, allow: tuple[str, ...]) -> None:
        super().__init__(f"this resource has {', '.join(allow)}")
        self.allow = allow


def type_uri(reply: Reply) -> str:
    return f"/problems/{reply.type}"


def answer(error: GatewayError, scope: Scope) -> Response:
    """The reply that the error asks for."""
    reply = error.answer()
    body = _encode(problem_of(error, scope))
    return Response(body, reply.status, _headers(error, reply, scope), MEDIA_TYPE)


def problem_of(error: GatewayError, scope: Scope) -> Problem:
    """The same as a value, for an answer that has begun already."""
    reply = error.answer()
    return Problem(
        type=type_uri(reply),
        title=reply.title,
        status=reply.status,
        detail=error.detail or reply.title,
        instance=_instance(scope),
        request_id=request_id(scope),
        retryable=reply.retryable,
        field=error.field or UNSET,
        imap_code=error.imap_code or UNSET,
        flags=_flags_now(error),
        link=(error.link or UNSET) if isinstance(error, SignInRefused) else UNSET,
    )


def _flags_now(error: GatewayError) -> list[Flag] | UnsetType:
    if not isinstance(error, PreconditionFailed) or error.flags is None:
        return UNSET
    return list(error.flags)


def _headers(error: GatewayError, reply: Reply, scope: Scope) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if reply.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(reply.retry_after)))
    if reply.status in (401, 403):
        headers["WWW-Authenticate"] = refusal_of(error, scope)
    match error:
        case Unauthenticated() if error.nonce is not None:
            headers["DPoP-Nonce"] = error.nonce
        case NotAllowed():
            headers["Allow"] = ", ".join(error.allow)
        case RangeNotSatisfiable() if error.size is not None:
            headers["Content-Range"] = f"bytes */{error.size}"
        case PreconditionFailed() if error.etag is not None:
            headers["ETag"] = error.etag
        case UnsupportedMediaType() if error.field == "Content-Encoding":
            headers["Accept-Encoding"] = "identity"  # RFC 9110 section 12.5.3
        case TooLarge() | TooSlow():
            headers["Connection"] = "close"  # the rest of the body is not worth reading
        case _:
            pass
    return headers


def _instance(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    return bytes(raw).partition(b"?")[0][:_MAX_INSTANCE].decode("ascii", "replace")
