"""The Authorization header: exactly one bearer token, or an error (RFC 6750 section 2.1).

::

    credentials = "Bearer" 1*SP b64token
    b64token    = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.errors import Unauthenticated

TOKEN_MAX = 16 * 1024  # octets; real access tokens have 1 to 4 KiB, and nothing is decoded before this check
_SPACES_MAX = 16

_CREDENTIALS = re.compile(r"(?i:bearer) {1,16}([A-Za-z0-9\-._~+/]++=*+)")
_SCHEME = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})(?: |\Z)")


def bearer_token(header: str | Sequence[str] | None) -> str:
    """The token of an Authorization header, or of a request's only one.

    Raises Unauthenticated: without a code where no bearer token was sent at all (RFC 6750 section 3.1), with
    ``invalid_request`` where the header is malformed or repeated, ``invalid_token`` where the token is too long.
    """
    value = _only(header)
    scheme = _SCHEME.match(value)
    if scheme is not None and scheme[1].lower() != "bearer":
        raise Unauthenticated("only bearer tokens are accepted")
    if len(value) > TOKEN_MAX + len("Bearer") + _SPACES_MAX:
        raise Unauthenticated("the token is too long", code="invalid_token")
    credentials = _CREDENTIALS.fullmatch(value)
    if credentials is None:
        raise Unauthenticated("the Authorization header is malformed", code="invalid_request")
    if len(credentials[1]) > TOKEN_MAX:
        raise Unauthenticated("the token is too long", code="invalid_token")
    return credentials[1]


def _only(header: str | Sequence[str] | None) -> str:
    values = [header] if isinstance(header, str) else list(header or ())
    if not values:
        raise Unauthenticated("an access token is needed")
    if len(values) > 1:
        raise Unauthenticated("several Authorization headers", code="invalid_request")
    if not values[0]:
        raise Unauthenticated("an access token is needed")
    return values[0]
