"""Answers that are compressed for a client that takes gzip (RFC 9110 section 12.5.3; RFC 1952).

A compressed answer is another representation, so it has an entity tag of its own: the other one's with a mark, which is
taken off again where the client sends the tag back (RFC 9110 section 8.8.3.3).
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from typing import Final, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http.base import field

WORTH: Final = 1_400
"""Octets of a body from which on it is compressed: a shorter one fits in one packet."""

TURN: Final = 65_536
"""Octets that are compressed before others have their turn: less than a millisecond."""

PLAIN: Final = "gateway.plain"
"""Set in the scope of a request whose answer is kept, for clients that may take other codings."""

_LEVEL: Final = 3
_GZIP: Final = 31  # zlib's number for a window of 32 KB in a gzip wrapper
_MARK: Final = ';gz"'
_CODING: Final = re.compile(
    r"[ \t]*(gzip|x-gzip|\*)[ \t]*(?:;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?", re.I
)
_MOST: Final = 20


class Form(Protocol):
    """Where the compressed form of a body that may be sent again is kept."""

    packed: bytes | None


class Packed(Response):
    """A whole answer in memory. Its Vary names Accept-Encoding, compressed or not.

    ``form`` goes with this body, whoever sends it.
    """

    def __init__(
        self,
        content: bytes | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        form: Form | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type)
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.status_code == 304:
            self._tag_as_sent(field(scope, b"if-none-match") or "")
        elif len(self.body) >= WORTH and PLAIN not in scope and takes_gzip(field(scope, b"accept-encoding") or ""):
            await self._pack()
        await super().__call__(scope, receive, send)

    async def _pack(self) -> None:
        packed = None if self._form is None else self._form.packed
        if packed is None:
            packed = await gzip(bytes(self.body))
            if self._form is not None:
                self._form.packed = packed
        self.body = packed
        self.headers["content-encoding"] = "gzip"
        self.headers["content-length"] = str(len(self.body))
        etag = self.headers.get("etag")
        if etag is not None:
            self.headers["etag"] = marked(etag)

    def _tag_as_sent(self, condition: str) -> None:
        """The tag of the one that the client has."""
        etag = self.headers.get("etag")
        if etag is not None and marked(etag) in condition:
            self.headers["etag"] = marked(etag)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header names gzip, or all codings, with a weight above 0."""
    weights: dict[str, float] = {}
    for item in accept_encoding.split(",")[:_MOST]:
        found = _CODING.fullmatch(item)
        if found is not None:
            weights[found[1].lower().removeprefix("x-")] = float(found[2] or 1)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def marked(etag: str) -> str:
    """The tag of the compressed form."""
    return etag[:-1] + _MARK


def unmarked(etag: str) -> str:
    """The tag of the form that is not compressed, of either."""
    return etag.removesuffix(_MARK) + '"' if etag.endswith(_MARK) else etag


async def gzip(body: bytes) -> bytes:
    """The same octets in gzip's format."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    if len(body) <= TURN:
        return packer.compress(body) + packer.flush()
    whole = memoryview(body)
    pieces: list[bytes] = []
    for at in range(0, len(body), TURN):
        pieces.append(packer.compress(whole[at : at + TURN]))
        await asyncio.sleep(0)
    return b"".join([*pieces, packer.flush()])
