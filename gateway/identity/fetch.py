"""Asking an issuer: bounded in size and time, no redirects, no decompression."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import httpx
from msgspec import Struct

DOCUMENT_MAX = 512 * 1024  # octets; metadata and key sets have some 1 to 20 KiB
DEADLINE = 5.0  # seconds, for one document

_MAX_AGE = re.compile(r"\s*max-age\s*=\s*\"?([0-9]{1,10})\"?\s*", re.IGNORECASE)


class FetchFailed(Exception):
    """The document could not be had; the reason names no content of it."""


class Document(Struct, frozen=True):
    """``max_age``: seconds of Cache-Control, 0 where it forbids keeping, None where it says nothing."""

    body: bytes
    max_age: int | None


async def fetch(http: httpx.AsyncClient, url: str) -> Document:
    """Raises FetchFailed for any answer but a 200 with a body within the bounds."""
    return await send(http, http.build_request("GET", url))


async def send(http: httpx.AsyncClient, request: httpx.Request) -> Document:
    """The answer to a request, as :func:`fetch` has it."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await _send(http, request)
    except TimeoutError as error:
        raise FetchFailed("no answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise FetchFailed(type(error).__name__) from error


async def _send(http: httpx.AsyncClient, request: httpx.Request) -> Document:
    request.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
    response = await http.send(request, stream=True, follow_redirects=False)
    try:
        if response.status_code != httpx.codes.OK:
            raise FetchFailed(f"status {response.status_code}")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchFailed("a compressed answer, which was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > DOCUMENT_MAX:
                raise FetchFailed("the answer is too large")
        return Document(bytes(body), max_age(response.headers))
    finally:
        await response.aclose()


def max_age(headers: Mapping[str, str]) -> int | None:
    """``max-age`` of Cache-Control; 0 for ``no-store`` and ``no-cache`` (RFC 9111 section 5.2.2)."""
    directives = headers.get("cache-control", "").split(",")
    if any(directive.strip().lower().partition("=")[0] in ("no-store", "no-cache") for directive in directives):
        return 0
    ages = [int(found[1]) for found in map(_MAX_AGE.fullmatch, directives) if found]
    return min(ages) if ages else None
