"""From an issuer's name to its places, such as that of its keys.

RFC 8414 section 3 and OpenID Connect Discovery 1.0 section 4.
"""

from __future__ import annotations

import json

import httpx
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8414 import get_well_known_url as oauth_url
from authlib.oidc.discovery import get_well_known_url as openid_url

from gateway.identity.fetch import FetchFailed, fetch
from gateway.settings.url import is_loopback, split_url

URL_MAX = 2048


async def discover(http: httpx.AsyncClient, issuer: str, member: str) -> str:
    """The URL in a member of the issuer's metadata. Raises FetchFailed where no metadata document is acceptable."""
    reasons = []
    for url in well_known(issuer):
        try:
            return place((await fetch(http, url)).body, issuer, member)
        except FetchFailed as failed:
            reasons.append(f"{url}: {failed}")
    raise FetchFailed(f"no usable metadata: {'; '.join(reasons)}")


def well_known(issuer: str) -> tuple[str, ...]:
    """Where metadata may be, in the order in which it is looked for. Raises FetchFailed for unsafe plain http."""
    if not _secure(issuer, loopback=True):
        raise FetchFailed("the issuer is neither https nor on loopback")
    return (oauth_url(issuer, external=True), openid_url(issuer, external=True))


def place(document: bytes, issuer: str, member: str) -> str:
    """Raises FetchFailed where the metadata speaks for another issuer (RFC 8414 section 3.3) or names no safe place."""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise FetchFailed("the metadata is not JSON") from error
    if not isinstance(value, dict):
        raise FetchFailed("the metadata is not an object")
    metadata = AuthorizationServerMetadata(value)
    if metadata.get("issuer") != issuer:
        raise FetchFailed("the metadata is another issuer's")
    url = metadata.get(member)
    if not isinstance(url, str) or len(url) > URL_MAX or not _secure(url, loopback=_on_loopback(issuer)):
        raise FetchFailed(f"the metadata has no acceptable {member}")
    return url


def _secure(url: str, *, loopback: bool) -> bool:
    """https; plain http only to loopback, and only where ``loopback`` says that this is the issuer's own place."""
    parts = split_url(url)
    if parts is None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and loopback and _on_loopback(url))


def _on_loopback(url: str) -> bool:
    parts = split_url(url)
    return parts is not None and is_loopback(parts.hostname or "")
