"""A signed-in connection to a mail server, and all that can be done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final, Self

from gateway.errors import DeadlinePassed, GatewayError, SignInRefused, TlsRequired
from gateway.imap.connection import Connection, Pending
from gateway.imap.connection_open import connect, greeted, keep_tls, start_tls
from gateway.imap.connection_outcome import OnCommand
from gateway.imap.credential import Credential
from gateway.imap.encode.arg import id_fields
from gateway.imap.encode.command import command, words
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.literal_stream import LiteralStream
from gateway.imap.mailbox import Mailbox
from gateway.imap.response import CapabilityCode, Condition, Enabled, ServerId
from gateway.imap.routing import Single
from gateway.imap.session_append import Appending, AppendResult
from gateway.imap.session_fetch import FetchResult, StoreResult
from gateway.imap.session_folders import Foldering, ListedFolder
from gateway.imap.session_idle import Idling, Pushes
from gateway.imap.session_notify import Notifying
from gateway.imap.session_search import SearchResult
from gateway.imap.session_signin import SigningIn
from gateway.imap.session_sort import Sorting
from gateway.imap.session_stream import Streaming
from gateway.imap.session_transfer import CopyResult, Transferring
from gateway.imap.tls import TlsContexts

__all__ = [
    "AppendResult",
    "CopyResult",
    "FetchResult",
    "ListedFolder",
    "LiteralStream",
    "Mailbox",
    "Pushes",
    "SearchResult",
    "Session",
    "StoreResult",
]

LOGOUT_SECONDS: Final = 2.0  # a good-bye is a courtesy


class Session(SigningIn, Idling, Notifying, Sorting, Transferring, Streaming, Foldering, Appending):
    """One connection, signed in as one account for its whole life.

    Any call may be cancelled: its answer is drained as it comes, and ``settle()`` before handing the session on makes
    sure of that, or ends it. When the connection ends every pending call fails at once.
    """

    server_id: Mapping[str, str | None] | None = None
    opened_at: float = 0.0
    compressed: bool = False

    @classmethod
    async def open(
        cls,
        endpoint: Endpoint,
        credential: Credential,
        *,
        deadlines: Deadlines,
        ignore: frozenset[str] = frozenset(),
        client_id: Mapping[str, str] | None = None,
        on_bytes: Callable[[int, int], None] | None = None,
        on_command: OnCommand | None = None,
        compress: bool = False,
        tls: TlsContexts | None = None,
    ) -> Self:
        """Connect, make TLS, sign in, and enable what makes pushes carry UIDs.

        ``ignore``: capabilities as if not offered. ``client_id``: sent where the server has ID (RFC 2971).
        ``on_bytes`` is told (octets in, octets out) as they are on the wire, ``on_command`` how each command that was
        sent ended. ``compress``: both directions are, where the server has COMPRESS=DEFLATE (RFC 4978).
        ``tls`` keeps contexts between opens.
        Raises ConnectFailed, TlsFailed, TlsRequired, DeadlinePassed, SignInRefused, Refused, ConnectionLost,
        ProtocolViolation.
        """
        contexts = tls if tls is not None else TlsContexts()
        connection = await connect(endpoint, deadlines, contexts, on_bytes, on_command)
        session = cls(connection, endpoint, deadlines, ignore)

        async def begin() -> None:
            session._greet(await greeted(connection, deadlines))
            if endpoint.tls == "starttls":
                await start_tls(connection, endpoint, deadlines, contexts)
                session._told = False
            await session._sign_in(credential)
            keep_tls(connection, endpoint, contexts)
            await session._introduce(client_id)
            if compress:
                await session._compress()

        return await session._opened(begin())

    @classmethod
    async def over(
        cls,
        connection: Connection,
        endpoint: Endpoint,
        credential: Credential,
        *,
        deadlines: Deadlines,
        ignore: frozenset[str] = frozenset(),
    ) -> Self:
        """Sign in on a connection that has greeted and is under TLS as it should be. Raises as :meth:`open` does."""
        session = cls(connection, endpoint, deadlines, ignore)

        async def begin() -> None:
            session._greet(connection.protocol.greeting.result())
            session._told = False
            await session._sign_in(credential)
            await session._introduce(None)

        return await session._opened(begin())

    async def _opened(self, begin: Awaitable[None]) -> Self:
        """Itself, once it has begun in time; else it has ended."""
        opened = False
        try:
            async with asyncio.timeout(self.deadlines.opening):
                await begin
            opened = True
        except TimeoutError as error:
            raise DeadlinePassed("the mail server did not finish the sign-in in time") from error
        finally:
            if not opened:
                self.abort()
        self.opened_at = asyncio.get_running_loop().time()
        return self

    def _greet(self, greeting: Condition) -> None:
        if greeting.status == "PREAUTH":
            if self.endpoint.tls == "starttls":
                raise TlsRequired("the mail server signs in without TLS")
            raise SignInRefused("the mail server has signed in by itself, nobody knows as whom")
        if isinstance(greeting.code, CapabilityCode):
            self._learn(greeting.code.names)

    async def _introduce(self, client_id: Mapping[str, str] | None) -> None:
        pendings = []
        who = Single(ServerId)
        if client_id is not None and self.capabilities.has("ID"):
            pendings.append(self._start("ID", id_fields(client_id), want=who))
        if self.capabilities.has("ENABLE"):
            sync = {"qresync": "QRESYNC", "condstore": "CONDSTORE", "window": None}[self.capabilities.sync_mode()]
            if sync is not None:
                pendings.append(self._start("ENABLE", words(sync), want=Single(Enabled)))
        for pending in pendings:
            await self._wire.answer(pending)  # a server that refuses these is served without
        if "QRESYNC" not in self.capabilities.enabled:
            self._ignore |= {"QRESYNC"}
            self.capabilities = self.capabilities.without(self._ignore)
        self.server_id = who.value.fields if who.value is not None else None

    async def _compress(self) -> None:
        """After the sign-in, so that no secret is told by the size of what is compressed with it."""
        if not self.capabilities.has("COMPRESS=DEFLATE"):
            return
        pending = self._wire.command(command("COMPRESS", words("DEFLATE")))
        pending.on_end = lambda: self._wire.compress() if _accepted(pending) else None
        self.compressed = (await self._wire.execute(pending)).status == "OK"  # NO: another layer does it already

    # --- life ---

    @property
    def alive(self) -> bool:
        return self._wire.fault is None

    @property
    def clean(self) -> bool:
        """Alive, nothing queued, in flight or abandoned, and every mailbox that was opened is still the one it was."""
        return self.alive and not self._wire.busy and not self.outlived

    @property
    def fault(self) -> GatewayError | None:
        """What ended the connection."""
        return self._wire.fault

    @property
    def lost(self) -> asyncio.Event:
        """Set when the connection has ended."""
        return self._wire.lost

    @property
    def bytes_in(self) -> int:
        return self._wire.bytes_in

    @property
    def bytes_out(self) -> int:
        return self._wire.writer.octets

    async def settle(self) -> bool:
        """Whether the session may be handed on: what was abandoned is drained within 250 ms and 1 MB, or it ends."""
        return await self._wire.settle()

    async def logout(self) -> None:
        """A good-bye, if the server is quick; then the end. Never raises."""
        if self.alive:
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(LOGOUT_SECONDS):
                    await self._run("LOGOUT")
        self.abort()

    def abort(self) -> None:
        """The end, now: what is pending fails with ConnectionLost."""
        self._wire.close()

    def __repr__(self) -> str:
        state = "alive" if self.alive else "ended"
        return f"<Session {self.endpoint} {state}{', busy' if self._wire.busy else ''}>"


def _accepted(pending: Pending) -> bool:
    return pending.tagged is not None and pending.tagged.status == "OK"
