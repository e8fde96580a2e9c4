"""The MIME tree of a message as the server read it (RFC 9051 section 7.5.2, BODYSTRUCTURE and BODY)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gateway.imap.envelope import Envelope

NO_PARAMETERS: Final[Mapping[str, bytes]] = MappingProxyType({})


class BodyPart(Struct, frozen=True, gc=False):
    """One part. Names are lower case, values are raw octets, ``size`` is in octets as encoded.

    ``section`` is the part's number of RFC 9051 section 6.4.5: "" for a multipart root, "1" for a root that is
    a leaf, "1.2" below. A multipart directly inside a message/rfc822 shares that message's number.
    """

    type: str
    subtype: str
    params: Mapping[str, bytes] = NO_PARAMETERS
    id: bytes | None = None
    description: bytes | None = None
    encoding: str = "7bit"
    size: int = 0
    lines: int | None = None
    disposition: str | None = None
    disposition_params: Mapping[str, bytes] = NO_PARAMETERS
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    md5: bytes | None = None
    parts: tuple[BodyPart, ...] = ()
    message_envelope: Envelope | None = None
    message: BodyPart | None = None
    section: str = "1"

    @property
    def is_multipart(self) -> bool:
        return self.type == "multipart"

    def walk(self) -> Iterator[BodyPart]:
        """This part and all below, in document order, into attached messages too; iterative."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.parts))
            if part.message is not None:
                waiting.append(part.message)
