"""The Authorization header: exactly one token, or an error (RFC 6750 section 2.1, RFC 9449 section 7.1).

::

    credentials = ( "Bearer" / "DPoP" ) 1*SP token68
    token68     = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.errors import TokenScheme, Unauthenticated
from gateway.secret import Reticent

TOKEN_MAX = 16 * 1024  # octets; real access tokens have 1 to 4 KiB, and nothing is decoded before this check
_SPACES_MAX = 16

_CREDENTIALS = re.compile(r"[A-Za-z]{1,6} {1,16}([A-Za-z0-9\-._~+/]++=*+)")
_SCHEME = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64})(?: |\Z)")
_KNOWN: Mapping[str, TokenScheme] = MappingProxyType({"bearer": "Bearer", "dpop": "DPoP"})


class Credentials(Reticent, frozen=True):
    """A token, and the scheme it was sent with."""

    scheme: TokenScheme
    token: str


class Presented(Reticent, frozen=True):
    """The request that a token came with, as far as a proof of possession speaks of it.

    ``url`` is what the client called, its query and fragment left out; ``proofs`` are the values of all DPoP headers.
    """

    method: str
    url: str
    proofs: Sequence[str] = ()


def read_credentials(header: str | Sequence[str] | None, *, dpop: bool = False) -> Credentials:
    """The token of an Authorization header, or of a request's only one. ``dpop``: whether that scheme is known, too.

    Raises Unauthenticated: without a code where no token was sent at all (RFC 6750 section 3.1), with
    ``invalid_request`` where the header is malformed or repeated, ``invalid_token`` where the token is too long.
    """
    value = _only(header)
    named = _SCHEME.match(value)
    scheme = _KNOWN.get(named[1].lower()) if named else "Bearer"
    if scheme is None or (scheme == "DPoP" and not dpop):
        raise Unauthenticated(f"only {'DPoP and bearer' if dpop else 'bearer'} tokens are accepted")
    if len(value) > TOKEN_MAX + len(scheme) + _SPACES_MAX:
        raise Unauthenticated("the token is too long", code="invalid_token", scheme=scheme)
    credentials = _CREDENTIALS.fullmatch(value)
    if credentials is None or named is None:
        raise Unauthenticated("the Authorization header is malformed", code="invalid_request", scheme=scheme)
    if len(credentials[1]) > TOKEN_MAX:
        raise Unauthenticated("the token is too long", code="invalid_token", scheme=scheme)
    return Credentials(scheme, credentials[1])


def _only(header: str | Sequence[str] | None) -> str:
    values = [header] if isinstance(header, str) else list(header or ())
    if not values:
        raise Unauthenticated("an access token is needed")
    if len(values) > 1:
        raise Unauthenticated("several Authorization headers", code="invalid_request")
    if not values[0]:
        raise Unauthenticated("an access token is needed")
    return values[0]
