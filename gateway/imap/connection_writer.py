"""What goes out: one command's line at a time, its literals when the server asks for them, its source as it flows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from gateway.imap.connection_watch import SilenceWatch
from gateway.imap.deflate import Deflater
from gateway.imap.encode.arg import StreamLiteral
from gateway.imap.encode.command import CommandLine, Step, Wait
from gateway.waiting import Signal


class Written(Protocol):
    """``turn`` is set when a StreamLiteral is reached, or the command is over: then its owner may upload."""

    tag: str
    line: CommandLine
    turn: asyncio.Event


class Writer:
    """A literal belongs to the command whose line is being written; no other gets in between."""

    __slots__ = (
        "_broken",
        "_command",
        "_deflater",
        "_freed",
        "_held",
        "_holding",
        "_on_bytes",
        "_steps",
        "_watch",
        "_writable",
        "literal_minus",
        "literal_plus",
        "octets",
        "transport",
    )

    def __init__(
        self,
        watch: SilenceWatch,
        on_bytes: Callable[[int, int], None] | None,
        *,
        freed: Callable[[], None],
        broken: Callable[[], None],
    ) -> None:
        self._watch, self._on_bytes = watch, on_bytes
        self._freed, self._broken = freed, broken
        self._command: Written | None = None
        self._deflater: Deflater | None = None
        self._steps: Iterator[Step] = iter(())
        self._writable = Signal()
        self._writable.set()
        self._holding, self._held = False, b""
        self.transport: asyncio.Transport | None = None
        self.literal_plus = self.literal_minus = False
        self.octets = 0

    @property
    def command(self) -> Written | None:
        """The command whose line is not whole yet."""
        return self._command

    def begin(self, command: Written) -> None:
        self._command = command
        self._steps = iter(
            command.line.pieces(tag=command.tag, literal_plus=self.literal_plus, literal_minus=self.literal_minus)
        )
        self._write(command)

    def go_on(self) -> bool:
        """The server said ``+``; whether that was for a line half-written."""
        command = self._command
        if command is None:
            return False
        if not command.turn.is_set():
            self._write(command)
            if self._command is None:
                self._freed()
        return True

    def answered(self, command: Written) -> None:
        """Its tag came: refused before its literal was asked for, there is nothing left to write."""
        if self._command is command and not command.turn.is_set():
            self._command = None

    def deflate(self) -> None:
        """All that is sent is compressed from here on."""
        self._deflater = Deflater()

    @contextmanager
    def together(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """What is sent within goes out with what is sent next, or in the loop's next turn: one TLS record for both."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            if self._held:
                loop.call_soon(self._release)

    def _release(self) -> None:
        if self._held:
            self.send(b"")

    def send(self, octets: bytes) -> None:
        if self._holding:
            self._held += octets
            return
        if self._held:
            octets, self._held = self._held + octets, b""
        if self.transport is not None:
            if self._deflater is not None:
                octets = self._deflater.give(octets)
            self.octets += len(octets)
            if self._on_bytes is not None:
                self._on_bytes(0, len(octets))
            self.transport.write(octets)

    def stop(self) -> None:
        """Nothing is sent any more."""
        self._command = self.transport = None
        self._held = b""
        self._writable.set()

    def _write(self, command: Written) -> None:
        """Writes on until the server or a source must be waited for, or the line is whole."""
        for step in self._steps:
            match step:
                case bytes():
                    self.send(step)
                case Wait():
                    return
                case StreamLiteral():
                    command.turn.set()
                    return
        self._command = None

    # --- a source ---

    async def upload(self, command: Written, literal: StreamLiteral) -> None:
        """Sends ``literal`` in its turn. If the source fails, ``broken()``: half a literal can't be taken back."""
        await command.turn.wait()
        if self._command is not command:
            return  # refused, or lost, before its literal
        try:
            with self._watch.patience():
                async for chunk in literal.source:
                    await self._flow()
                    if self._command is not command:
                        return
                    self.send(chunk)
            command.turn.clear()
            self._write(command)
        finally:
            if self._command is command and command.turn.is_set():
                self._broken()
        if self._command is None:
            self._freed()

    def pause(self) -> None:
        self._writable.clear()

    def resume(self) -> None:
        self._watch.progress()
        self._writable.set()

    async def _flow(self) -> None:
        """Waits while the transport holds enough; meanwhile it is the server's turn."""
        if not self._writable.is_set():
            self._watch.go_on()
            try:
                await self._writable.wait()
            finally:
                self._watch.wait()
