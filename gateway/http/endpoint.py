"""An endpoint as data: what routes, checks and the OpenAPI document are all made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from msgspec import Struct, field
from starlette.responses import Response

from gateway.errors import replies
from gateway.http.body import JSON_TYPE, BodyKind
from gateway.http.call import Call
from gateway.http.query import Query
from gateway.http.rates import Counted
from gateway.identity.scope import Scope

Q = TypeVar("Q", bound=Query)
B = TypeVar("B")
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
NAMES: Final = re.compile(r"\{([a-z]+)\}")
ACCOUNT: Final = "/v1/accounts/{account}/"


class Public(Struct, frozen=True):
    """Open to anyone. Has to be said: there is no route without a declared scope."""


class PathParameter(Struct, frozen=True):
    """What may stand in a path, so that nonsense is refused before anything is asked of a mail server."""

    pattern: str
    max_length: int
    description: str
    example: str


_BASE64URL: Final = r"[A-Za-z0-9_-]+"
PATH: Final[Mapping[str, PathParameter]] = {
    "account": PathParameter(r"[A-Za-z0-9._@~-]+", 320, "account id, or `me` for the caller's default account", "me"),
    "folder": PathParameter(_BASE64URL, 5600, "folder id, or a role such as `inbox` or `trash`", "inbox"),
    "message": PathParameter(_BASE64URL, 5600, "message id", "AgAAAAEAAAAqSU5CT1g"),
    "part": PathParameter(r"[0-9]{1,5}(?:\.[0-9]{1,5})*", 600, "part id, such as `1.2`", "2"),
    "flag": PathParameter(
        r"[^\x00-\x20\x7f]+", 255, "RFC 8621 keyword; percent-encode what a path can't hold", "$seen"
    ),
    "who": PathParameter(
        r'[^\x00-\x1f"\\\x7f\ufffd]+', 255, "whom rights are granted to; percent-encode what a path can't hold", "bob"
    ),
    "slug": PathParameter(r"[a-z-]+", 64, "last segment of a problem's `type`", "not-found"),
    "file": PathParameter(r"[a-z.]+", 32, "name of a file of the documentation page", "docs.js"),
}


class Answer(Struct, frozen=True):
    """A documented success. ``type`` is the JSON's type, None where it is no JSON or there is no body.

    ``otherwise`` is another type that the JSON may have, depending on the query.
    """

    status: int
    description: str
    type: Any = None
    media_type: str | None = "application/json"
    headers: Mapping[str, str] = {}  # msgspec gives each its own
    example: Any = None
    otherwise: Any = None


class Endpoint(Struct, Generic[Q, B], frozen=True, kw_only=True):
    """``errors`` are problem types (``errors.Reply.type``) beside those that every endpoint of its kind may answer.

    ``headers`` are request headers with their meaning. ``conditional``: a GET heeds If-None-Match. ``repeatable``: a
    POST that does no harm twice, and ends when its client leaves. ``by_ticket``: a ticket opens it too, in place of a
    token. ``replayed``: a POST heeds Idempotency-Key. ``in_batch``: it may be an operation of a batch, so it takes and
    gives JSON only, below an account. ``bulk``: it may keep a mail server busy for long, so it yields to the others.
    ``counted`` is what it counts as in the rate limits.
    Constructing one with an unknown error or path name fails.
    """

    method: Method
    path: str
    scope: Scope | Public
    handler: Callable[[Call[Q, B]], Coroutine[Any, Any, Response]]
    summary: str
    tag: str
    query: type[Q]
    body: BodyKind[B]
    answers: tuple[Answer, ...]
    errors: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    conditional: bool = True
    repeatable: bool = False
    by_ticket: bool = False
    replayed: bool = True
    in_batch: bool = False
    bulk: bool = False
    counted: Counted = "requests"

    def __post_init__(self) -> None:
        if not isinstance(self.scope, Scope | Public):
            raise TypeError(f"{self.method} {self.path} declares no scope")
        unknown = [name for name in NAMES.findall(self.path) if name not in PATH]
        described = replies()
        unknown += [slug for slug in self.errors if slug not in described]
        if unknown or not self.answers:
            raise ValueError(f"{self.method} {self.path}: unknown {unknown}, or no answer documented")
        if self.by_ticket and not (isinstance(self.scope, Scope) and self.method == "GET"):
            raise ValueError(f"{self.method} {self.path}: a ticket stands for a token, and opens a GET")
        if self.in_batch and not self._fits_a_batch():
            raise ValueError(f"{self.method} {self.path}: this can't be an operation of a batch")

    @property
    def operation_id(self) -> str:
        return self.handler.__name__

    @property
    def needs(self) -> str | None:
        """The scope's name; None on public routes."""
        return self.scope.value if isinstance(self.scope, Scope) else None

    def _fits_a_batch(self) -> bool:
        below = self.path.startswith(ACCOUNT) and isinstance(self.scope, Scope)
        return below and self.body.media_type in (None, JSON_TYPE)

    def every_error(self) -> tuple[str, ...]:
        """All documented problem types."""
        common: tuple[str, ...] = ("invalid-request", "head-too-large", "internal")
        if isinstance(self.scope, Scope):
            common += ("unauthenticated", "insufficient-scope", "too-many-requests")
        if self.by_ticket:
            common += ("ticket-refused",)
        if self.method == "POST":
            common += ("conflict", "unprocessable")
        if self.body.media_type is not None:
            common += ("request-timeout", "too-large", "unsupported-media-type")
        return tuple(sorted({*common, *self.errors}))


AnyEndpoint: TypeAlias = Endpoint[Any, Any]
