"""The connection: commands out, responses to them in, and what happens to all when it ends.

The only module that imports aioimaplib. Used of it, by subclassing: the command vocabulary and state table
(``Commands``), tags, the guard over a command's arguments (``Command``), the protocol's states and the ``IMAP4``
façade. Replaced: the receive path, the routing of responses, ``execute`` and what a loss does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from aioimaplib.aioimaplib import IMAP4, Cmd, Command, Commands, Exec
from aioimaplib.aioimaplib import IMAP4ClientProtocol as ClientProtocol

from gateway.errors import (
    ConnectionLost,
    DeadlinePassed,
    GatewayError,
    LocalError,
    ProtocolViolation,
    TlsFailed,
    UpstreamError,
)
from gateway.imap.connection_intake import Intake
from gateway.imap.connection_outcome import OnCommand, outcome
from gateway.imap.connection_states import ADDITIONS, LOGOUT, WRITES, after, greeted, shown
from gateway.imap.connection_turns import Turns
from gateway.imap.connection_watch import SilenceWatch
from gateway.imap.encode.arg import StreamLiteral
from gateway.imap.encode.command import CommandLine
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.framer import Frame, Sink
from gateway.imap.response import Condition, Continue, Fetched, Response, Tagged
from gateway.imap.routing import Want, route
from gateway.waiting import Signal

VOCABULARY: Final[Mapping[str, Any]] = MappingProxyType(
    {
        **Commands,
        **{
            name: Cmd(name, addition.states, Exec.is_sync if addition.alone else Exec.is_async)
            for name, addition in ADDITIONS.items()
        },
    }
)


class Pending(Command):  # type: ignore[misc]  # aioimaplib has no type information
    """A command on its way: its line, what it wants, and in the end its ``tagged`` response or its failure."""

    tag: str
    name: str

    def __init__(self, tag: str, line: CommandLine, want: Want, loop: asyncio.AbstractEventLoop) -> None:
        prefix, _, name = line.name.rpartition(" ")
        guarded = [part.decode("latin-1") for part in line.parts if isinstance(part, bytes)]
        super().__init__(name, tag, *guarded, prefix=prefix or None, loop=loop)
        self.args = ()  # the guard has seen them; they may hold secrets
        self.line, self.want = line, want
        want.tag = tag
        self.alone = bool(VOCABULARY[name].exec is Exec.is_sync)
        self.tagged: Tagged | None = None
        self.started = self.finished = self.abandoned = False
        self.started_at = 0.0  # the loop's time
        self.turn = Signal()  # see connection_writer.Written
        self.literal = next((part for part in line.parts if isinstance(part, StreamLiteral)), None)
        self.on_begin: Callable[[], None] | None = None
        # Answers a continuation that no literal waits for: AUTHENTICATE and IDLE.
        self.on_continue: Callable[[bytes], bytes | None] | None = None
        # Called at the end, before anything else is sent or taken in.
        self.on_end: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"{self.tag} {self.line.name}"

    @property
    def failure(self) -> GatewayError | None:
        """What ended it instead of its tag."""
        return self._exception if isinstance(self._exception, GatewayError) else None

    def begin(self) -> None:
        """It is sent now."""
        self.started, self.started_at = True, self._loop.time()
        if self.on_begin is not None:
            self.on_begin()

    def complete(self, tagged: Tagged) -> None:
        self.tagged = tagged
        self._end()

    def fail(self, error: GatewayError) -> None:
        if isinstance(error, UpstreamError):
            error.maybe_done = self.started and self.name in WRITES
        self._exception = error
        self._end()

    def _end(self) -> None:
        self.finished = True
        self.turn.set()
        if self.on_end is not None:
            self.on_end()
        self._event.set()


class _Unwatched:
    """In the place of the stock client's condition of states, for which nobody of ours waits."""

    __slots__ = ()

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None

    def notify_all(self) -> None:
        return None


class _Apart(ClientProtocol):  # type: ignore[misc]  # aioimaplib has no type information
    """Keeps what is ours beside the stock client's dict: one of more than thirty keys shares none with the others."""

    __slots__ = (
        "_on_bytes", "_on_command", "_turns", "bytes_in", "fault", "greeting", "intake", "lost", "on_news", "open_sink",
        "switching", "watch", "writer",
    )  # fmt: skip


class Wire(_Apart):
    """One connection. ``on_news`` gets each response about the mailbox, and whether it answered a command."""

    transport: asyncio.Transport | None
    state: str

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deadlines: Deadlines,
        on_bytes: Callable[[int, int], None] | None = None,
        on_command: OnCommand | None = None,
    ) -> None:
        super().__init__(loop)
        self.state_condition, self.idle_queue, self._idle_event = _Unwatched(), None, None  # 3 KB of what is replaced
        self.bytes_in = 0
        self.lost = Signal()
        self.fault: GatewayError | None = None
        self.greeting: asyncio.Future[Condition] = loop.create_future()
        self.open_sink: Callable[[Frame, int], Sink | None] | None = None
        self.on_news: Callable[[Response, bool], None] = lambda _response, _ours: None
        self.watch = SilenceWatch(loop, deadlines.command, self._silent)
        self.switching = False  # STARTTLS was accepted: not one octet may come before TLS
        self.intake = Intake(loop, self.watch, take=self._take, refuse=self._refuse, open_sink=self._sink)
        self._turns: Turns[Pending] = Turns(self.watch, on_bytes, refusal=self._refusal, end=self.end)
        self.writer = self._turns.writer
        self._on_bytes, self._on_command = on_bytes, on_command

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.intake.transport = self.writer.transport = self.transport

    def data_received(self, data: bytes) -> None:
        self.bytes_in += len(data)
        self.watch.progress()
        if self._on_bytes is not None:
            self._on_bytes(len(data), 0)
        if self.switching:
            self.end(lambda: TlsFailed("the mail server sent data between STARTTLS and TLS"))
        elif self._turns.too_much(self.bytes_in):
            self.end(lambda: ConnectionLost("too much left of an abandoned answer"))
        elif self.fault is None:
            self.intake.feed(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.intake.finish()  # what came before the end counts: a BYE, a tag
        reason = "" if exc is None else f" ({type(exc).__name__})"
        self.end(lambda: ConnectionLost(f"the mail server ended the connection{reason}"))

    def secured(self, transport: asyncio.Transport) -> None:
        """TLS has begun over what was the transport; what came before is forgotten."""
        self.transport = self.intake.transport = self.writer.transport = transport
        self.intake.restart()
        self.switching = False

    def compress(self) -> None:
        """Both directions are compressed from here on, from the octet after the last response taken."""
        self.intake.inflate()
        self.writer.deflate()

    def pause_writing(self) -> None:
        self.writer.pause()

    def resume_writing(self) -> None:
        self.writer.resume()

    def _sink(self, frame: Frame, size: int) -> Sink | None:
        return self.open_sink(frame, size) if self.open_sink is not None else None

    # --- responses ---

    def _take(self, response: Response) -> bool:
        if not self.greeting.done():
            self._greet(response)
            return True
        if type(response) is Fetched:  # the frequent case
            self._deliver(response)
            return True
        match response:
            case Tagged():
                self._complete(response)
            case Continue(data):
                self._go_on(data)
            case Condition("BYE", _, text):
                self._bye(text)
            case _:
                self._deliver(response)
        return self.fault is None

    def _deliver(self, response: Response) -> None:
        want = route(self._turns.queue.wants(), response)
        if want is not None:
            want.take(response)
        self.on_news(response, want is not None)

    def _greet(self, response: Response) -> None:
        state = greeted(response.status) if type(response) is Condition else None
        if state is None or not isinstance(response, Condition):
            raise ProtocolViolation("what answers is no IMAP server")
        self.state = state
        self.greeting.set_result(response)

    def _complete(self, tagged: Tagged) -> None:
        command = self._turns.done(tagged.tag)
        if command is None:
            raise ProtocolViolation("the mail server answered a command that was not given")
        if command.name == "STARTTLS" and tagged.status == "OK":
            self.switching = True
            if self.intake.pending:
                ahead = "the mail server sent data between STARTTLS and TLS"
                command.fail(TlsFailed(ahead))
                self.end(lambda: TlsFailed(ahead))
                return
        self.state = after(self.state, command.name, tagged.status)
        self.on_news(tagged, True)
        command.complete(tagged)
        self._count(command)
        self._turns.pump()

    def _go_on(self, data: bytes) -> None:
        alone = self._turns.queue.alone
        if not self.writer.go_on() and alone is not None and alone.on_continue is not None:
            answer = alone.on_continue(data)
            if answer is not None:
                self.writer.send(answer + b"\r\n")

    def _bye(self, text: str) -> None:
        text = shown(text)
        alone = self._turns.queue.alone
        if alone is None or alone.name != "LOGOUT":
            detail = "the mail server ended the connection" + (f": {text}" if text else "")
            self.end(lambda: ConnectionLost(detail, bye=text))

    def _count(self, command: Pending) -> None:
        if self._on_command is not None and command.started:
            seconds = self.loop.time() - command.started_at
            self._on_command(command.line.name, outcome(command.tagged or command.failure), seconds)

    # --- commands ---

    def command(self, line: CommandLine, want: Want | None = None) -> Pending:
        """A command that is not given yet."""
        return Pending(self.new_tag(), line, want if want is not None else Want(), self.loop)

    async def execute(self, command: Pending, scrub: str | None = None) -> Tagged:
        """Give a command in its turn and wait for its tag; NO and BAD are the caller's to judge.

        Raises what ended the connection. Cancelling is safe: see ``abandon()``.
        """
        self.start(command)
        return await self.answer(command)

    def start(self, command: Pending) -> None:
        """Queue a command; it is written at once where nothing stands in its way, so many can be in flight."""
        if not isinstance(command, Pending):
            raise LocalError("a command that the encoder did not make")
        if self.fault is not None:
            command.fail(self._after_the_end())
            return
        self._turns.give(command)

    def start_with_next(self, command: Pending) -> None:
        """``start`` for one that another follows at once: both are sent in one piece."""
        with self.writer.together(self.loop):
            self.start(command)

    def _after_the_end(self) -> ConnectionLost:
        bye = self.fault.bye if isinstance(self.fault, ConnectionLost) else None
        return ConnectionLost("the connection to the mail server is closed", bye=bye)

    async def answer(self, command: Pending) -> Tagged:
        """The tag of a command that was started."""
        await self._turns.answer(command)
        if command.tagged is None:
            raise LocalError("a command ended without its tag")
        return command.tagged

    def abandon(self, command: Pending) -> None:
        """Nobody waits for it any more: its answer is drained as it comes."""
        self._turns.abandon(command)

    @property
    def busy(self) -> bool:
        """Whether a command is queued or in flight."""
        return bool(self._turns.queue)

    async def settle(self) -> bool:
        """Whether it may go on being used: what was abandoned is drained, or ends it if that is too much."""
        if self.fault is None:
            await self._turns.drain(self.bytes_in)
        return self.fault is None

    def _refusal(self, command: Pending) -> LocalError | None:
        if self.state in VOCABULARY[command.name].valid_states:
            return None
        return LocalError(f"{command.line.name} is not possible in state {self.state}")

    def send(self, line: str, scrub: str | None = None) -> None:
        raise LocalError("a line that the encoder did not make")

    def has_pending_idle_command(self) -> bool:
        alone = self._turns.queue.alone
        return alone is not None and alone.name == "IDLE"

    # --- the end ---

    def _silent(self) -> None:
        self.end(lambda: DeadlinePassed("the mail server did not answer in time"))

    def _refuse(self, violation: ProtocolViolation) -> None:
        self.end(lambda: ProtocolViolation(violation.detail))

    def end(self, why: Callable[[], GatewayError]) -> None:
        """The connection ends now: every command fails at once, each with an error of its own."""
        if self.fault is not None:
            return
        self.fault = why()
        self.state = LOGOUT
        self.watch.stop()
        for command in self._turns.stop():
            command.fail(why())
            self._count(command)
        if not self.greeting.done():
            self.greeting.set_exception(why())
            self.greeting.exception()  # looked at, even where nobody waits for it
        self.lost.set()
        if self.transport is not None:
            self.transport.abort()

    def close(self) -> None:
        """Ends it from our side."""
        self.end(lambda: ConnectionLost("the connection was closed"))


class Connection(IMAP4):  # type: ignore[misc]  # aioimaplib has no type information
    """aioimaplib's façade over a ``Wire`` connected elsewhere; its own verbs bypass the encoder, so they fail."""

    protocol: Wire

    def __init__(self, endpoint: Endpoint, deadlines: Deadlines, wire: Wire) -> None:
        self._wire = wire
        super().__init__(endpoint.host, endpoint.port, loop=wire.loop, timeout=deadlines.connect)

    def create_client(self, *_: object) -> None:
        self.protocol = self._wire
