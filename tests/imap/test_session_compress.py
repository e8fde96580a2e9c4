"""COMPRESS=DEFLATE: on Dovecot over TLS, and on servers that do it badly or with bad intent."""

from __future__ import annotations

import asyncio
import random
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from gateway.errors import ConnectionLost, GatewayError, ProtocolViolation
from gateway.imap import limits
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.literal_stream import HIGH
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from tests.imap.conftest import Joiner, Opener
from tests.imap.mails import EVERYTHING, INBOX, SMALL, fill, message, pour
from tests.imap.scripted import Close, Deflate, Eof, Expect, Meet, Raw, Send, Step, scripted, selected, signed_in
from tests.servers.dovecot import Dovecot

OFFERED = "IMAP4rev1 COMPRESS=DEFLATE"


def compressed(ahead: bytes = b"", capabilities: str = OFFERED) -> list[Step]:
    """The steps of a sign-in after which all is compressed."""
    return [*signed_in(capabilities), Expect("COMPRESS DEFLATE"), Deflate(ahead)]


@pytest.fixture(params=["implicit", "starttls"])
async def session(request: pytest.FixtureRequest, opened: Opener, dovecot: Dovecot) -> Session:
    implicit = request.param == "implicit"
    port = dovecot.tls_port if implicit else dovecot.port
    session = await opened(endpoint=Endpoint(dovecot.host, port, request.param, str(dovecot.ca_file)), compress=True)
    assert session.compressed
    return session


# --- a real server ---


async def test_messages_come_back_as_they_were_stored_in_fewer_octets(session: Session) -> None:
    whole = [message(b"s%d" % number, b"the same words, again and again\r\n" * 500) for number in range(20)]
    await pour(session, whole)
    assert session.bytes_out < sum(map(len, whole)) / 10
    before = session.bytes_in
    found = await session.fetch(EVERYTHING, [Item.ENVELOPE, Item.FLAGS, Section()])
    assert [found.messages[uid].sections[Section().key] for uid in range(1, 21)] == whole
    assert session.bytes_in - before < sum(map(len, whole)) / 10
    assert session.clean


async def test_large_bodies_stream_in_and_out(session: Session) -> None:
    octets = message(b"large", random.Random(1).randbytes(2_500_000).hex().encode() + b"\r\n")

    async def source() -> AsyncIterator[bytes]:
        for at in range(0, len(octets), 65_536):
            yield octets[at : at + 65_536]

    await session.append(INBOX, len(octets), source())
    await session.select(INBOX)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    at = 0
    async with session.stream(1, Section()) as stream:
        async for chunk in stream:
            assert octets.startswith(chunk, at)
            at += len(chunk)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert at == len(octets) == stream.size
    assert peak < 3_000_000


async def test_a_slow_reader_slows_the_server_although_little_comes(session: Session) -> None:
    """20 MB that come in 100 KB, which is less than is read from a socket at a time."""
    octets = message(b"hollow", b"y" * 20_000_000)
    await pour(session, [octets])
    async with session.stream(1, Section()) as stream:
        while stream.buffered <= HIGH:
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert stream.buffered <= HIGH + limits.INFLATED
        total = 0
        async for chunk in stream:
            total += len(chunk)
        assert total == len(octets)
    assert await session.settle()
    await session.noop()


async def test_hundreds_in_flight_and_a_stream_left_early(session: Session) -> None:
    await fill(session, 30)

    async def one(number: int) -> None:
        uid = number % 30 + 1
        assert (await session.fetch_sections(uid, [Section(text="TEXT")])) == {
            Section(text="TEXT").key: b"body %d\r\n" % uid
        }

    await asyncio.gather(*map(one, range(300)))
    await session.append(INBOX, 900_000, b"Subject: x\r\n\r\n" + b"z" * 899_986)
    async with session.stream(31, Section()) as stream:
        assert await anext(stream)
    assert await session.settle()
    await one(3)


async def test_idle(session: Session, opened: Opener) -> None:
    await fill(session, 1)
    other = await opened()
    async with session.idle() as pushes:
        await other.append(INBOX, len(SMALL), SMALL)
        assert await pushes.wait(10)
    assert session.mailbox is not None
    assert session.mailbox.exists == 2
    assert (await session.fetch(UidSet.of([2]), [Item.FLAGS])).messages.keys() == {2}
    await session.logout()


async def test_only_where_it_is_wanted_and_offered(opened: Opener) -> None:
    assert not (await opened()).compressed
    assert not (await opened("COMPRESS=DEFLATE", compress=True)).compressed


# --- scripted ones ---


async def test_what_comes_with_the_answer_is_compressed_already(joined: Joiner) -> None:
    ahead = b"* OK hello\r\n* CAPABILITY IMAP4rev1 X-AHEAD\r\n"
    async with scripted(*compressed(ahead), Expect("NOOP"), Send(b"{tag} OK\r\n")) as server:
        session = await joined(server, compress=True)
        await session.noop()
        assert session.capabilities.has("X-AHEAD")
        await server.finished.wait()


async def test_any_octets_may_come_with_the_answer(joined: Joiner) -> None:
    """Many, so that some hold CR LF, or what looks like a literal."""
    for seed in range(40):
        name = b"X" + random.Random(seed).randbytes(200 + seed * 40).hex().encode()
        ahead = b"* OK " + name + b"\r\n* CAPABILITY IMAP4rev1 X-%d\r\n" % seed
        async with scripted(*compressed(ahead), Expect("NOOP"), Send(b"{tag} OK\r\n")) as server:
            session = await joined(server, compress=True)
            await session.noop()
            assert session.capabilities.has(f"X-{seed}")
            session.abort()
            await server.finished.wait()


@pytest.mark.parametrize("answer", [b"NO [COMPRESSIONACTIVE] by TLS", b"BAD what?"])
async def test_refused_it_goes_on_without(joined: Joiner, answer: bytes) -> None:
    refused: list[Step] = [
        Expect("COMPRESS DEFLATE"),
        Send(b"{tag} " + answer + b"\r\n"),
        Expect("NOOP"),
        Send(b"{tag} OK\r\n"),
    ]
    async with scripted(*signed_in(OFFERED), *refused) as server:
        session = await joined(server, compress=True)
        assert not session.compressed
        await session.noop()
        await server.finished.wait()


async def test_nothing_is_sent_until_it_is_answered(joined: Joiner) -> None:
    meet = Meet()
    script = [*signed_in(OFFERED + " ENABLE CONDSTORE"), Expect("ENABLE CONDSTORE"), Send(b"{tag} OK\r\n")]
    async with scripted(*script, Expect("COMPRESS DEFLATE"), meet, Deflate(), Expect("NOOP"), Close()) as server:
        opening = asyncio.ensure_future(joined(server, compress=True))
        await meet.reached.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        assert server.lines[-1].endswith(b"COMPRESS DEFLATE")
        await meet.go()
        session = await opening
        with pytest.raises(ConnectionLost):
            await session.noop()


@pytest.mark.parametrize(
    "octets",
    [b"* 4 EXISTS\r\n", b"\x07\x07\x07\x07", zlib.compress(b"* 4 EXISTS\r\n"), b"\0\1\0\xfe\xfe*"],
    ids=["text", "no block", "zlib", "lengths"],
)
async def test_broken_data_ends_the_connection(joined: Joiner, octets: bytes) -> None:
    async with scripted(*compressed(), *selected(), Expect("NOOP"), Raw(octets), Eof()) as server:
        session = await joined(server, compress=True)
        await session.select(INBOX)
        with pytest.raises(ProtocolViolation):
            await session.noop()
        assert not session.alive
        await server.finished.wait()


BOMBS = {
    "line": b"* OK " + b"a" * 100_000_000,
    "literal": b"* 1 FETCH (UID 1 BODY[] {900000000}\r\n" + b"a" * 100_000_000,
    "middling literals": b"* LIST () NIL " + b"{1000000}\r\n" + (b"a" * 1_000_000 + b" {1000000}\r\n") * 100,
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_ends_the_connection_not_the_gateway(joined: Joiner, bomb: str) -> None:
    compressor = zlib.compressobj(9, wbits=-15)
    octets = compressor.compress(BOMBS[bomb]) + compressor.flush(zlib.Z_SYNC_FLUSH)
    async with scripted(*compressed(), *selected(), Expect("NOOP"), Raw(octets), Eof()) as server:
        session = await joined(server, compress=True)
        await session.select(INBOX)
        tracemalloc.start()
        with pytest.raises(ProtocolViolation):
            await session.noop()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 3 * limits.MAX_RESPONSE
        await server.finished.wait()


async def test_a_bomb_into_a_stream_waits_for_its_reader(joined: Joiner) -> None:
    size = 50_000_000
    answer = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % size + bytes(size) + b")\r\n{tag} OK\r\n"
    async with scripted(*compressed(), *selected(), Expect("UID FETCH .+"), Send(answer), Eof()) as server:
        session = await joined(server, compress=True, deadlines=Deadlines(10, 10, 2))
        await session.select(INBOX)
        async with session.stream(1, Section()) as stream:
            while stream.buffered <= HIGH:
                await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)
            assert stream.buffered <= HIGH + limits.INFLATED
            total = 0
            async for chunk in stream:
                total += len(chunk)
            assert total == size
        assert session.clean
        session.abort()
        await server.finished.wait()


async def test_many_small_responses_leave_the_loop_to_others(joined: Joiner) -> None:
    burst = b"".join(b"* %d EXISTS\r\n" % (number % 9 + 1) for number in range(200_000))
    async with scripted(*compressed(), *selected(), Expect("NOOP"), Send(burst + b"{tag} OK\r\n"), Eof()) as server:
        session = await joined(server, compress=True)
        await session.select(INBOX)
        asking = asyncio.ensure_future(session.noop())
        turns = 0
        while not asking.done():
            await asyncio.sleep(0)
            turns += 1
        await asking
        assert turns > 10
        session.abort()
        await server.finished.wait()


async def test_what_came_before_the_end_counts(joined: Joiner) -> None:
    bye = b"* BYE so long\r\n"
    async with scripted(*compressed(), *selected(), Expect("NOOP"), Send(bye), Close()) as server:
        session = await joined(server, compress=True)
        await session.select(INBOX)
        with pytest.raises(GatewayError) as lost:
            await session.noop()
        assert getattr(lost.value, "bye", None) == "so long"


async def test_a_literal_waits_for_the_server_there_too(joined: Joiner) -> None:
    append: list[Step] = [
        Expect(r'APPEND "?INBOX"? \{5\}'),
        Send(b"+ go\r\n"),
        Expect("hello", tagless=True),
        Send(b"{tag} OK\r\n"),
    ]
    async with scripted(*compressed(), *append) as server:
        session = await joined(server, compress=True)

        async def source() -> AsyncIterator[bytes]:
            yield b"he"
            yield b"llo"

        assert await session.append(INBOX, 5, source()) is None
        await server.finished.wait()
