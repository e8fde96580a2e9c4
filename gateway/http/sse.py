"""Server-sent events as octets (WHATWG HTML section 9.2). Pure: an event in, a frame out."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.http.selected import Wanted
from gateway.live.event import Bye, Event, Hello, Resync
from gateway.mail.quota_level import QuotaNews
from gateway.mail.resource import Changes, FolderChanges

HEARTBEAT: Final = b":\n\n"
"""A comment: keeps proxies and clients from thinking that the stream is dead."""

KEPT: Final = 8
"""Frames that are remembered; each may be of 200 messages."""

_encode: Final = msgspec.json.Encoder().encode


def frame(event: Event, state: str | None = None) -> bytes:
    """One event; ``state`` is where the client is after it, and goes on from if it is cut off.

    Its JSON has no line break, and ids are URL-safe tokens, so nothing can break out of a field.
    """
    match event:
        case Hello():
            return _lines("hello", event, state=state)
        case Changes():
            return _lines("changes", event, state=state)
        case FolderChanges():
            return _lines("folders", event, state=state)
        case Resync():
            return _lines("resync", event, state=None)
        case QuotaNews():
            return _lines("quota", event, state=None)
        case Bye():
            return pause(event.retry) + _lines("bye", event, state=None)


class Frames:
    """Those that were made last: the streams of an account, in step as they mostly are, are sent the same octets."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: dict[tuple[int, Wanted, str | None], tuple[Event, bytes | None]] = {}

    def of(self, event: Event, wanted: Wanted, state: str | None) -> bytes | None:
        """The frame of what is wanted of the event; None where nothing is."""
        key = (id(event), wanted, state)
        known = self._made.get(key)
        if known is not None:  # its event is kept, so that none other has its id
            return known[1]
        part = wanted.part(event)
        framed = None if part is None else frame(part, state)
        if len(self._made) >= KEPT:
            del self._made[next(iter(self._made))]
        self._made[key] = (event, framed)
        return framed


def pause(milliseconds: int) -> bytes:
    """How long a client waits before it comes back after a loss: a field to put before a frame."""
    return b"retry: %d\n" % max(0, milliseconds)


def marks(framed: bytes) -> bool:
    """Whether a frame moves its client on: it has an id."""
    return framed.startswith(b"id: ")


def _lines(name: str, event: Event, *, state: str | None) -> bytes:
    mark = b"id: " + _one_line(state) + b"\n" if state else b""
    return mark + b"event: " + name.encode() + b"\ndata: " + _encode(event) + b"\n\n"


def _one_line(text: str) -> bytes:
    return "".join(c for c in text if c.isprintable()).encode()
