"""Literals on their way out: who waits for whom, and what is not sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.errors import (
    ConnectionLost,
    InvalidRequest,
    Refused,
    TooLarge,
)
from tests.imap.conftest import Joiner
from tests.imap.mails import INBOX
from tests.imap.scripted import Eof, Expect, Meet, Octets, Send, Step, scripted, signed_in


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_synchronising_literal_waits_for_the_server(joined: Joiner) -> None:
    meet = Meet()
    script = [
        *signed_in(),
        Expect(r'APPEND "?INBOX"? \{6\}', as_="append"),
        meet,
        Send(b"+ go\r\n"),
        Octets(b"abcdef\r\n"),
        Send(b"{append} OK [APPENDUID 7 12] done\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        append = asyncio.ensure_future(session.append(INBOX, 6, chunks(b"abc", b"", b"def")))
        await meet.go()
        result = await append
        assert result is not None
        assert (result.uidvalidity, result.uid) == (7, 12)


async def test_a_refused_literal_is_not_sent(joined: Joiner) -> None:
    script = [
        *signed_in(),
        Expect("APPEND .+"),
        Send(b"{tag} NO [OVERQUOTA] full\r\n"),
        Expect("NOOP"),
        Send(b"{tag} OK\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        with pytest.raises(Refused) as refused:
            await session.append(INBOX, 6, chunks(b"abcdef"))
        assert refused.value.answer().status == 507
        await session.noop()


@pytest.mark.parametrize(
    ("capability", "size", "mark"), [("LITERAL+", 9000, r"\+"), ("LITERAL-", 4096, r"\+"), ("LITERAL-", 4097, "")]
)
async def test_non_synchronising_literals(joined: Joiner, capability: str, size: int, mark: str) -> None:
    octets = b"x" * size
    script: list[Step] = [
        *signed_in(f"IMAP4rev1 {capability}"),
        Expect(rf"APPEND .+ \{{{size}{mark}\}}"),
    ]
    script += [] if mark else [Send(b"+ go\r\n")]
    async with scripted(*script, Octets(octets + b"\r\n"), Send(b"{tag} OK\r\n")) as server:
        session = await joined(server)
        assert await session.append(INBOX, size, chunks(octets)) is None


@pytest.mark.parametrize("pieces", [(b"abc",), (b"abcdef", b"g"), (b"abcdefg",), ()])
@pytest.mark.parametrize("capability", ["IMAP4rev1", "IMAP4rev1 LITERAL+"])
async def test_a_source_of_another_size_stores_nothing(
    joined: Joiner, pieces: tuple[bytes, ...], capability: str
) -> None:
    script: list[Step] = [*signed_in(capability), Expect("APPEND .+")]
    script += [] if "+" in capability else [Send(b"+ go\r\n")]
    async with scripted(*script) as server:
        session = await joined(server)
        with pytest.raises(InvalidRequest):
            await session.append(INBOX, 6, chunks(*pieces))
        assert not session.alive


async def test_a_source_that_fails_ends_the_connection(joined: Joiner) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise OSError("the client left")

    async with scripted(*signed_in("IMAP4rev1 LITERAL+"), Expect("APPEND .+")) as server:
        session = await joined(server)
        with pytest.raises(OSError, match="the client left"):
            await session.append(INBOX, 6, broken())
        assert not session.alive


async def test_a_loss_ends_an_upload_whose_source_is_slow(joined: Joiner) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"abc"
        await asyncio.Event().wait()

    async with scripted(*signed_in("IMAP4rev1 LITERAL+"), Expect("APPEND .+"), Send(b"* BYE bye\r\n")) as server:
        session = await joined(server)
        with pytest.raises(ConnectionLost) as lost:
            await asyncio.wait_for(session.append(INBOX, 6, slow()), 5)
        assert (lost.value.bye, lost.value.maybe_done) == ("bye", True)


async def test_an_upload_cancelled_half_way_ends_the_connection(joined: Joiner) -> None:
    begun = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"de"
        begun.set()
        await asyncio.Event().wait()

    async with scripted(*signed_in("IMAP4rev1 LITERAL+"), Expect("APPEND .+")) as server:
        session = await joined(server)
        append = asyncio.ensure_future(session.append(INBOX, 6, slow()))
        await begun.wait()
        append.cancel()
        with pytest.raises(asyncio.CancelledError):
            await append
        assert not session.alive
        assert not await session.settle()


async def test_a_message_over_the_limit_is_not_sent(joined: Joiner) -> None:
    async with scripted(*signed_in("IMAP4rev1 APPENDLIMIT=100"), Eof()) as server:
        session = await joined(server)
        before = session.bytes_out
        with pytest.raises(TooLarge):
            await session.append(INBOX, 101, b"x" * 101)
        assert session.bytes_out == before
        session.abort()
        await server.finished.wait()
