"""Commands in their turn: given when nothing stands in their way, waited for, abandoned, and drained."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from gateway.errors import ConnectionLost, GatewayError
from gateway.imap.connection_queue import Queue, Queued
from gateway.imap.connection_watch import SilenceWatch
from gateway.imap.connection_writer import Writer, Written
from gateway.imap.encode.arg import StreamLiteral
from gateway.waiting import Signal

# Draining the answer of an abandoned command: longer or more than this costs more than a new connection.
DRAIN_SECONDS: Final = 0.25
DRAIN_OCTETS: Final = 1_048_576


class Given(Queued, Written, Protocol):
    """``wait()`` returns with the tag, or raises what came instead. ``literal`` is the one whose source must flow."""

    literal: StreamLiteral | None
    started: bool
    finished: bool
    abandoned: bool

    def begin(self) -> None: ...

    def fail(self, error: GatewayError) -> None: ...

    async def wait(self) -> object: ...


G = TypeVar("G", bound=Given)


class Turns(Generic[G]):
    """``refusal`` says why a command can't be given in the present state; ``end`` ends the connection."""

    def __init__(
        self,
        watch: SilenceWatch,
        on_bytes: Callable[[int, int], None] | None,
        *,
        refusal: Callable[[G], GatewayError | None],
        end: Callable[[Callable[[], GatewayError]], None],
    ) -> None:
        self.queue: Queue[G] = Queue()
        self.writer = Writer(watch, on_bytes, freed=self.pump, broken=self._upload_broke)
        self._watch = watch
        self._refusal, self._end = refusal, end
        self._quiet = Signal()
        self._quiet.set()
        self._drain_limit: int | None = None

    def give(self, command: G) -> None:
        """At once where nothing stands in its way, so many can be in flight."""
        self.queue.waiting.append(command)
        self.pump()

    def done(self, tag: str) -> G | None:
        """The command whose tag came; None where none has it. ``pump()`` follows once its end is told."""
        command = self.queue.done(tag)
        if command is not None:
            self.writer.answered(command)
        return command

    def pump(self) -> None:
        """Give what can be given now."""
        while self.writer.command is None and (command := self.queue.next()) is not None:
            self._begin(command)
        if self.queue:
            self._quiet.clear()
        else:
            self._quiet.set()
        if not self.queue.active and self.writer.command is None:
            self._watch.disarm()  # a literal that is still going out after an early NO has to be taken

    def _begin(self, command: G) -> None:
        refusal = self._refusal(command)
        if refusal is not None:
            self.queue.done(command.tag)
            command.fail(refusal)
            return
        command.begin()
        self._watch.arm()
        self.writer.begin(command)

    async def answer(self, command: G) -> None:
        """Waits for a command that was given. Raises what ended it instead of its tag; cancelled, it is abandoned."""
        try:
            if command.literal is not None:
                await self._answer_upload(command, command.literal)
            else:
                await command.wait()
        except asyncio.CancelledError:
            self.abandon(command)
            raise

    async def _answer_upload(self, command: G, literal: StreamLiteral) -> None:
        """The end of the connection ends the wait at once, however long the source would still take."""
        upload = asyncio.ensure_future(self.writer.upload(command, literal))
        try:
            await command.wait()
            await upload  # an early NO: the literal was promised all the same
        except ConnectionLost:
            if upload.done() and not upload.cancelled() and upload.exception() is not None:
                await upload  # the source's own failure says more
            raise
        finally:
            upload.cancel()
            await asyncio.wait([upload])
            if not upload.cancelled():
                upload.exception()  # looked at

    def _upload_broke(self) -> None:
        self._end(lambda: ConnectionLost("an upload broke off"))

    def abandon(self, command: G) -> None:
        """Nobody waits for it any more. Its answer is drained as it comes; half-written, it ends the connection."""
        if self.writer.command is command:
            self._end(lambda: ConnectionLost("a command was abandoned half-written"))
        elif command.finished:
            return
        elif command.started:
            command.abandoned = True
        else:
            self.queue.waiting.remove(command)
            command.finished = True
            self.pump()

    def too_much(self, octets: int) -> bool:
        """More was drained than may be, where ``octets`` came in all."""
        return self._drain_limit is not None and octets > self._drain_limit

    async def drain(self, octets: int) -> None:
        """Until nothing is pending, within DRAIN_SECONDS and DRAIN_OCTETS more than ``octets``; else it all ends."""
        if not self.queue:
            return
        self._drain_limit = octets + DRAIN_OCTETS
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._quiet.wait()
        except TimeoutError:
            self._end(lambda: ConnectionLost("an abandoned answer took too long"))
        finally:
            self._drain_limit = None

    def stop(self) -> list[G]:
        """Nothing is given any more; the commands that were queued or in flight, those sent first."""
        self.writer.stop()
        left = self.queue.clear()
        self._quiet.set()
        return left
