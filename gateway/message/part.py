"""What this room needs to know of an ENVELOPE address and of a BODYSTRUCTURE part, whoever parsed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class AddressLike(Protocol):
    """One address of an ENVELOPE (RFC 9051 section 7.5.2), octets as the server sent them.

    ``host`` None marks group syntax: with a mailbox it opens the group of that name, without one it closes it.
    """

    @property
    def name(self) -> bytes | None: ...
    @property
    def mailbox(self) -> bytes | None: ...
    @property
    def host(self) -> bytes | None: ...


class PartLike(Protocol):
    """One part of a BODYSTRUCTURE (RFC 9051 section 7.5.2). Types, encoding and parameter names are lower case.

    ``parts`` holds the children of a multipart; a message/rfc822 part counts as a leaf here.
    """

    @property
    def type(self) -> str: ...
    @property
    def subtype(self) -> str: ...
    @property
    def params(self) -> Mapping[str, bytes]: ...
    @property
    def id(self) -> bytes | None: ...
    @property
    def encoding(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def disposition(self) -> str | None: ...
    @property
    def disposition_params(self) -> Mapping[str, bytes]: ...
    @property
    def parts(self) -> Sequence[PartLike]: ...
    @property
    def section(self) -> str: ...
