"""From an endpoint to a connection that has greeted, under TLS as configured and never with less."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

from gateway.errors import (
    ConnectFailed,
    ConnectionLost,
    DeadlinePassed,
    GatewayError,
    LocalError,
    Refused,
    TlsFailed,
    TlsRequired,
)
from gateway.imap.connection import Connection, Wire
from gateway.imap.connection_outcome import OnCommand
from gateway.imap.connection_states import shown
from gateway.imap.encode.command import command
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.response import Capability, CapabilityCode, Condition
from gateway.imap.routing import Single
from gateway.imap.tls import TlsContexts, explain

# A peer that vanished is found within 25 s, idle or not: below two of the gateway's heartbeats.
KEEPALIVE_IDLE: Final = 10
KEEPALIVE_INTERVAL: Final = 5
KEEPALIVE_COUNT: Final = 3
USER_TIMEOUT: Final = 25_000  # milliseconds
# asyncio waits this long for the peer's end of TLS; RFC 8446 section 6.1 lets us not wait at all.
SHUTDOWN_SECONDS: Final = 1.0


async def connect(
    endpoint: Endpoint,
    deadlines: Deadlines,
    contexts: TlsContexts,
    on_bytes: Callable[[int, int], None] | None = None,
    on_command: OnCommand | None = None,
) -> Connection:
    """TCP, and TLS where implicit. Raises ConnectFailed, TlsFailed, DeadlinePassed.

    An endpoint's ``addresses`` are tried in turn, and nothing else is.
    """
    if endpoint.restricted and not endpoint.addresses:
        raise LocalError("a host that a user named was not checked")
    loop = asyncio.get_running_loop()
    context = contexts.of(endpoint.ca_file) if endpoint.tls == "implicit" else None
    connection = Connection(endpoint, deadlines, Wire(loop, deadlines, on_bytes, on_command))
    try:
        async with asyncio.timeout(deadlines.connect):
            where: dict[str, Any] = {"host": endpoint.host, "port": endpoint.port}
            if endpoint.addresses:
                where = {"sock": await dialled(endpoint, deadlines)}
            transport, _ = await loop.create_connection(
                lambda: connection.protocol,
                **where,
                ssl=context,
                server_hostname=endpoint.host if context is not None else None,
                ssl_handshake_timeout=deadlines.connect if context is not None else None,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS if context is not None else None,
            )
    except (OSError, UnicodeError) as error:
        contexts.forget(endpoint.ca_file, endpoint.host)
        raise _connect_error(error) from error
    _watch_peer(transport.get_extra_info("socket"))
    return connection


async def dialled(endpoint: Endpoint, deadlines: Deadlines) -> socket.socket:
    """Connected to the first of the endpoint's addresses that answers, within its share of the time.

    Raises OSError, TimeoutError: what the first one came to.
    """
    loop = asyncio.get_running_loop()
    failures: list[OSError] = []
    for address in endpoint.addresses:
        try:
            return await _dial(loop, address, endpoint.port, deadlines.connect / len(endpoint.addresses))
        except OSError as error:
            failures.append(error)
    raise failures[0]


async def _dial(loop: asyncio.AbstractEventLoop, address: str, port: int, seconds: float) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    connected = False
    try:
        async with asyncio.timeout(seconds):
            await loop.sock_connect(sock, (address, port))
        connected = True
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno)) from error  # not what asyncio makes of it
    finally:
        if not connected:
            sock.close()
    return sock


async def greeted(connection: Connection, deadlines: Deadlines) -> Condition:
    """OK or PREAUTH. Raises DeadlinePassed, Refused (BYE with a code), ConnectionLost, ProtocolViolation."""
    wire = connection.protocol
    try:
        async with asyncio.timeout(deadlines.greeting):
            greeting = await wire.greeting
    except TimeoutError as error:
        raise DeadlinePassed("the mail server did not greet in time") from error
    if greeting.status == "BYE":
        if greeting.code is not None:
            raise Refused(shown(greeting.text), code=greeting.code.name, command="greeting")
        raise ConnectionLost("the mail server turned the connection away", bye=shown(greeting.text))
    return greeting


async def start_tls(connection: Connection, endpoint: Endpoint, deadlines: Deadlines, contexts: TlsContexts) -> None:
    """STARTTLS (RFC 9051 section 6.2.1); nothing the server said before it counts any more.

    Raises TlsRequired where the server does not offer or do it, TlsFailed where TLS fails or octets came ahead of it.
    """
    wire = connection.protocol
    if "STARTTLS" not in await _offers(wire):
        raise TlsRequired("the mail server does not offer STARTTLS")
    context = contexts.of(endpoint.ca_file)
    answer = await wire.execute(wire.command(command("STARTTLS")))
    if answer.status != "OK":
        raise TlsRequired("the mail server refused STARTTLS")
    if wire.transport is None or wire.fault is not None:
        raise wire.fault or ConnectionLost("the mail server ended the connection")
    try:
        async with asyncio.timeout(deadlines.connect):
            transport = await wire.loop.start_tls(
                wire.transport,
                wire,
                context,
                server_hostname=endpoint.host,
                ssl_handshake_timeout=deadlines.connect,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
    except OSError as error:
        contexts.forget(endpoint.ca_file, endpoint.host)
        raise wire.fault or _connect_error(error) from error
    if wire.fault is not None or transport is None:
        raise wire.fault or ConnectionLost("the mail server ended the connection")
    wire.secured(transport)


def keep_tls(connection: Connection, endpoint: Endpoint, contexts: TlsContexts) -> None:
    """The next connection may take up this one's TLS session: for one that has signed in."""
    transport = connection.protocol.transport
    done = transport.get_extra_info("ssl_object") if transport is not None else None
    if isinstance(done, ssl.SSLObject):
        contexts.keep(endpoint.ca_file, done)


async def _offers(wire: Wire) -> frozenset[str]:
    code = wire.greeting.result().code
    if isinstance(code, CapabilityCode):
        return code.names
    want = Single(Capability)
    await wire.execute(wire.command(command("CAPABILITY"), want))
    return want.value.names if want.value is not None else frozenset()


def _connect_error(error: OSError | UnicodeError) -> GatewayError:
    match error:
        case TimeoutError():
            return DeadlinePassed("no connection to the mail server in time")
        case ssl.SSLError():
            return TlsFailed(f"no trusted TLS connection to the mail server: {explain(error)}")
        case socket.gaierror():
            return ConnectFailed("the mail server's host name can't be resolved")
        case OSError():
            return ConnectFailed(f"no connection to the mail server: {explain(error)}")
        case _:
            return ConnectFailed("the mail server's host name is not valid")


def _watch_peer(sock: socket.socket | None) -> None:
    """Has the kernel find a peer that vanished without a word."""
    if sock is None:
        return
    options = [(socket.SOL_SOCKET, "SO_KEEPALIVE", 1)]
    options += [
        (socket.IPPROTO_TCP, name, value)
        for name, value in (
            ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
            ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
            ("TCP_KEEPCNT", KEEPALIVE_COUNT),
            ("TCP_USER_TIMEOUT", USER_TIMEOUT),
        )
    ]
    for level, name, value in options:
        if hasattr(socket, name):
            sock.setsockopt(level, getattr(socket, name), value)
