"""What of aioimaplib is used or overridden: a release that changes any of it fails here, and not in the field."""

from __future__ import annotations

import asyncio
import inspect
from importlib.metadata import version

import pytest
from aioimaplib import aioimaplib

from gateway.errors import LocalError
from gateway.imap.connection import VOCABULARY, Connection, Pending, Wire
from gateway.imap.connection_states import ADDITIONS, AUTH, LOGOUT, NONAUTH, SELECTED, WRITES
from gateway.imap.encode.arg import Arg
from gateway.imap.encode.command import CommandLine, command
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.routing import Want


async def connection() -> Connection:
    loop = asyncio.get_running_loop()
    return Connection(Endpoint("127.0.0.1", 1), Deadlines(), Wire(loop, Deadlines()))


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def test_the_release_is_one_that_was_read() -> None:
    assert version("aioimaplib").split(".")[:2] == ["2", "0"]


def test_states_are_its_states() -> None:
    ours = (NONAUTH, AUTH, SELECTED, LOGOUT)
    assert ours == (aioimaplib.NONAUTH, aioimaplib.AUTH, aioimaplib.SELECTED, aioimaplib.LOGOUT)


def test_the_vocabulary_is_its_own_and_ours() -> None:
    assert {*aioimaplib.Commands, *ADDITIONS} == set(VOCABULARY)
    assert aioimaplib.Cmd._fields == ("name", "valid_states", "exec")
    assert aioimaplib.Exec.is_sync is not aioimaplib.Exec.is_async
    # Those whose data could be taken for another's run alone, and those we pipeline don't.
    alone = {name for name, entry in VOCABULARY.items() if entry.exec is aioimaplib.Exec.is_sync}
    assert {
        "APPEND",
        "AUTHENTICATE",
        "LOGIN",
        "SELECT",
        "EXAMINE",
        "STARTTLS",
        "IDLE",
        "MOVE",
        "LOGOUT",
        "COMPRESS",
    } <= alone
    assert not {"FETCH", "STORE", "STATUS", "LIST", "LSUB", "SEARCH", "COPY", "NOOP", "ID", "EXPUNGE"} & alone
    assert set(VOCABULARY) >= WRITES
    for name in ("FETCH", "STORE", "COPY", "MOVE", "SEARCH", "EXPUNGE"):
        assert VOCABULARY[name].valid_states == (SELECTED,)


def test_what_is_overridden_is_there() -> None:
    stock = aioimaplib.IMAP4ClientProtocol
    for name in ("connection_made", "data_received", "connection_lost", "execute", "send", "has_pending_idle_command"):
        assert callable(getattr(stock, name)), name
        assert getattr(Wire, name) is not getattr(stock, name), name
    assert parameters(stock.execute) == ["self", "command", "scrub"]
    assert parameters(stock.send) == ["self", "line", "scrub"]
    assert parameters(stock.data_received) == ["self", "d"]
    assert parameters(stock.__init__) == ["self", "loop", "conn_lost_cb"]
    assert parameters(aioimaplib.IMAP4.create_client)[:4] == ["self", "host", "port", "loop"]
    assert parameters(aioimaplib.Command.__init__)[:4] == ["self", "name", "tag", "args"]


async def test_what_is_used_of_the_protocol_is_there() -> None:
    wire = (await connection()).protocol
    assert wire.state == aioimaplib.STARTED
    assert wire.transport is None
    tags = [wire.new_tag() for _ in range(3)]
    assert len(set(tags)) == 3
    assert all(tag.isalnum() for tag in tags)


async def test_what_is_used_of_the_command_is_there() -> None:
    pending = Pending("A1", command("NOOP"), Want(), asyncio.get_running_loop())
    assert not pending._event.is_set()
    assert pending._exception is None
    assert (pending.name, pending.tag) == ("NOOP", "A1")
    pending.fail(LocalError("x"))
    with pytest.raises(LocalError):
        await pending.wait()


async def test_the_argument_guard_stands_behind_the_encoder() -> None:
    forged = CommandLine("NOOP", (b"NOOP\r\nA2 CREATE Injected",))
    with pytest.raises(ValueError, match="not allowed"):
        Pending("A1", forged, Want(), asyncio.get_running_loop())


async def test_a_command_does_not_show_its_arguments() -> None:
    line = command("LOGIN", Arg((b'"user"',)), Arg((b'"canary"',)))
    assert "canary" not in repr(Pending("A1", line, Want(), asyncio.get_running_loop()))


async def test_its_own_verbs_send_nothing() -> None:
    stock = await connection()
    stock.protocol.state = SELECTED
    for verb in (
        stock.select("INBOX (CONDSTORE)"),
        stock.noop(),
        stock.uid("fetch", "1", "FLAGS"),
        stock.search("ALL"),
        stock.append(b"x"),
        stock.logout(),
    ):
        with pytest.raises(LocalError):
            await verb
    with pytest.raises(LocalError):
        stock.idle_done()
    assert stock.protocol.writer.octets == 0


async def test_the_facade_tells_state_and_capabilities() -> None:
    stock = await connection()
    assert stock.get_state() == aioimaplib.STARTED
    assert not stock.has_pending_idle()
    stock.protocol.capabilities = {"IDLE"}
    assert stock.has_capability("IDLE")
