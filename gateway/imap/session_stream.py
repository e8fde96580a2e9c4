"""One section of one message as a stream."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from gateway.errors import ConnectionLost, GatewayError, NotFound, ProtocolViolation
from gateway.imap.connection import Pending
from gateway.imap.connection_turns import DRAIN_OCTETS
from gateway.imap.encode.arg import uid_set
from gateway.imap.encode.command import command
from gateway.imap.encode.fetch_item import Item, Section, fetch_items
from gateway.imap.framer import Frame, Sink, Streamed
from gateway.imap.literal_stream import LiteralStream
from gateway.imap.response import Fetched, Response, SectionKey
from gateway.imap.routing import Claim, Want
from gateway.imap.routing_messages import match_section
from gateway.imap.session_core import Core, refused
from gateway.imap.uids import UidSet

# The text before the literal of a FETCH that asked for UID and one section. Nothing of a message stands in it: a
# response with more, such as an ENVELOPE, is not streamed.
_BEFORE: Final = re.compile(
    rb"\* [0-9]++ FETCH \((?:UID (?P<uid>[0-9]++) ++|FLAGS \([^()\"\r\n]*+\) ++|MODSEQ \([0-9]++\) ++)*+"
    rb"(?:BODY|BINARY)\[[^\]\"\r\n]*+\](?:<[0-9]++>)? *+",
    re.IGNORECASE,
)


class OneSection(Want):
    """UID FETCH of one section of one message; a large literal goes to ``stream`` as it comes."""

    __slots__ = ("_key", "_stream", "_uid", "value")

    def __init__(self, uid: int, key: SectionKey, stream: LiteralStream) -> None:
        super().__init__()
        self._uid, self._key, self._stream = uid, key, stream
        self.value: bytes | Streamed | None = None

    def open_sink(self, frame: Frame, size: int) -> Sink | None:
        text = frame[-1]
        if len(frame) != 1 or not isinstance(text, bytes) or self._stream.size is not None:
            return None
        before = _BEFORE.fullmatch(text)
        if before is None or (before["uid"] is not None and int(before["uid"]) != self._uid):
            return None
        self._stream.opened(size)
        return _Unconfirmed(self._stream)

    def claim(self, response: Response) -> Claim:
        if type(response) is not Fetched or not response.sections:
            return Claim.NONE
        mine = [key for key in response.sections if match_section([self._key], key) is not None]
        went = [key for key, value in response.sections.items() if isinstance(value, Streamed)]
        if went and (response.uid != self._uid or went != mine):
            raise ProtocolViolation("the mail server sent a section of another message")
        if response.uid != self._uid or not mine:
            return Claim.NONE
        return Claim.MISSED

    def take(self, response: Response) -> None:
        if type(response) is Fetched:
            for key, value in response.sections.items():
                if match_section([self._key], key) is not None and not isinstance(self.value, Streamed):
                    self.value = value
        if isinstance(self.value, Streamed):
            self._stream.close()


class _Unconfirmed:
    """The stream as a sink, but its end waits until the whole response is known to be of the right message."""

    __slots__ = ("_stream", "write")

    def __init__(self, stream: LiteralStream) -> None:
        self._stream = stream
        self.write: Callable[[bytes | memoryview], None] = stream.write

    def close(self) -> None:
        """See ``OneSection.take``."""


class Streaming(Core):
    @asynccontextmanager
    async def stream(self, uid: int, section: Section) -> AsyncIterator[LiteralStream]:
        """``async with session.stream(uid, section) as octets: async for chunk in octets``; ``octets.size`` is known.

        While it is open no other command of this session is sent, and a slow reader slows the server. Left early, the
        rest is drained by ``settle()``, or the connection dropped if that is too much.
        Raises NotFound where the message is gone or has no such section, never an empty stream for it.
        """
        wire = self._wire
        stream = LiteralStream(wire.intake.pause, wire.intake.resume)
        want = OneSection(uid, section.key, stream)
        line = command("UID FETCH", uid_set(UidSet.of([uid])), fetch_items([Item.UID, section]))
        pending = wire.command(line, want)
        pending.alone = True
        pending.on_begin = lambda: self._tap(want)
        pending.on_end = lambda: self._untap(pending, want, stream)
        wire.start(pending)
        try:
            await stream.begun()
            yield stream
        finally:
            self._leave(pending, stream)

    def _tap(self, want: OneSection) -> None:
        self._wire.open_sink = want.open_sink

    def _untap(self, pending: Pending, want: OneSection, stream: LiteralStream) -> None:
        self._wire.open_sink = None
        failure = self._failure(pending, want)
        if failure is not None:
            stream.fail(failure)
        elif isinstance(want.value, bytes):
            stream.opened(len(want.value))
            stream.write(want.value)
            stream.close()

    def _failure(self, pending: Pending, want: OneSection) -> GatewayError | None:
        tagged = pending.tagged
        if tagged is None:
            return pending.failure or ConnectionLost("the connection to the mail server is closed")
        if tagged.status != "OK":
            return refused(pending.line.name, tagged)
        expunged = tagged.code is not None and tagged.code.name == "EXPUNGEISSUED"
        if want.value is None or (want.value == b"" and expunged):
            return NotFound("the message, or this part of it, is gone")
        return None

    def _leave(self, pending: Pending, stream: LiteralStream) -> None:
        stream.discard()
        if not pending.finished:
            self._wire.abandon(pending)
            if stream.missing > DRAIN_OCTETS:
                self._wire.end(lambda: ConnectionLost("too much left of an abandoned answer"))
