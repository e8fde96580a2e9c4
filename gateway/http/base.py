"""What every layer may ask of a request: its id, its route, and the URL that clients reach the API by."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from starlette.types import Scope

from gateway.http.services import services_of
from gateway.identity.principal import Principal

REQUEST_ID: Final = "gateway.request_id"
ROUTE: Final = "gateway.route"
WhenLeft: TypeAlias = Callable[[Callable[[], None] | None], None]
NEEDS: Final = "gateway.needs"
CALLER: Final = "gateway.caller"
LEAVING: Final = "gateway.leaving"
"""Where the HTTP server is ours: takes what is to be called when the client leaves, which saves a task that waits."""
UNMATCHED: Final = "(no route)"

# uri-host [ ":" port ]  (RFC 9110 section 7.2): what can't break out of a header or a URL
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def field(scope: Scope, name: bytes) -> str | None:
    """The value of the first header field of this name, which is lower case; None where there is none."""
    for known, value in scope["headers"]:
        if known == name:
            return bytes(value).decode("latin-1")
    return None


def request_id(scope: Scope) -> str:
    known = scope.get(REQUEST_ID)
    return known if isinstance(known, str) else ""


def route_template(scope: Scope) -> str:
    """The template of the path, never the path: that holds names of people and folders."""
    template = scope.get(ROUTE)
    return template if isinstance(template, str) else UNMATCHED


def needed_scope(scope: Scope) -> str | None:
    """The scope that the endpoint demands; None where it is public, or there is none."""
    needs = scope.get(NEEDS)
    return needs if isinstance(needs, str) else None


def caller_of(scope: Scope) -> Principal | None:
    """Whose token it is, once that is known."""
    caller = scope.get(CALLER)
    return caller if isinstance(caller, Principal) else None


def called_url(scope: Scope) -> str:
    """The URL that the client called, without its query."""
    path = scope.get("raw_path") or scope["path"].encode()
    return base_url(scope) + bytes(path).partition(b"?")[0].decode("ascii", "replace")


def base_url(scope: Scope) -> str:
    """The configured public URL, else what the request itself says, without a trailing slash."""
    configured = services_of(scope).settings.server.public_url
    if configured:
        return configured.rstrip("/")
    host = field(scope, b"host") or ""
    if not _HOST.fullmatch(host):
        server = scope.get("server") or ("localhost", None)
        host = f"{server[0]}:{server[1]}" if server[1] else str(server[0])
    return f"{scope.get('scheme', 'http')}://{host}"
