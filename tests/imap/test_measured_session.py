"""What was measured of aioimaplib as it comes, and must not happen here: a test for each row of that table.

On a real Dovecot over TLS where it can be, on a scripted server where the server has to misbehave.
"""

from __future__ import annotations

import asyncio
import logging
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from gateway.errors import Refused, SignInRefused
from gateway.imap.credential import Bearer, Password, ProxyPassword
from gateway.imap.encode.event_group import Scope, Selected, Watched
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.encode.search_key import Plain
from gateway.imap.endpoint import Endpoint
from gateway.imap.literal_stream import HIGH
from gateway.imap.name import MailboxName
from gateway.imap.response import Status
from gateway.imap.session import Session
from gateway.imap.session_notify import Notice
from gateway.imap.uids import UidSet
from gateway.secret import Secret
from tests.imap.conftest import Joiner, Opener
from tests.imap.mails import EVERYTHING, INBOX, message, pour, read
from tests.imap.scripted import Eof, Expect, Send, scripted, selected, signed_in
from tests.servers.dovecot import Dovecot
from tests.servers.tokens import TokenIssuer


async def test_octets_arrive_as_sent(session: Session) -> None:
    whole = message(b"5 * 3 * 2", b"* 1 FETCH (* * )\r\n" * 3)
    await pour(session, [whole])
    fetched = (await session.fetch(EVERYTHING, [Item.ENVELOPE, Section()])).messages[1]
    assert fetched.envelope is not None
    assert fetched.envelope.subject == b"5 * 3 * 2"
    assert fetched.sections[Section().key] == whole


HOSTILE = [
    b"smile :(",
    b"smile :)",
    b"* 99 FETCH (UID 99 FLAGS (\\Seen))",
    b"XX1 OK done",
    b"{10}",
    b"((((",
    b'"quo\\"ted',
]


async def test_mail_content_is_never_taken_for_a_response(session: Session) -> None:
    """500 large messages whose subjects and bodies imitate responses, tags and literals; all in flight together."""
    fakes = b"* 99 FETCH (UID 99 FLAGS (\\Deleted) BODY[] {5}\r\nfake\r\n)\r\nXX1 OK done\r\n* BYE no\r\n+ go\r\n"
    whole = [
        message(HOSTILE[number % len(HOSTILE)] + b" %d" % number, b"%d\r\n" % number + fakes * (10 + number % 40 * 30))
        for number in range(500)
    ]
    for octets in whole:
        await session.append(INBOX, len(octets), octets)
    await session.select(INBOX)

    async def one(uid: int) -> bool:
        fetched = (await session.fetch(UidSet.of([uid]), [Item.ENVELOPE, Item.FLAGS, Section()])).messages[uid]
        expected = whole[uid - 1]
        subject = expected[9 : expected.index(b"\r\n")]
        assert fetched.envelope is not None
        return fetched.sections[Section().key] == expected and fetched.envelope.subject == subject

    assert all(await asyncio.gather(*map(one, range(1, 501))))
    assert session.mailbox is not None
    assert session.mailbox.exists == 500
    assert session.clean


@pytest.mark.parametrize("ignore", ["", "LITERAL+"])
async def test_each_literal_belongs_to_its_command(opened: Opener, ignore: str) -> None:
    """Two concurrent APPENDs, of which one's body would be a command."""
    session = await opened(ignore)
    bodies = [message(b"a", b"XX1 CREATE Injected\r\n" * 400), message(b"b", b"A2 LOGOUT\r\n" * 4000)]

    async def slowly(octets: bytes) -> AsyncIterator[bytes]:
        for at in range(0, len(octets), 700):
            await asyncio.sleep(0)
            yield octets[at : at + 700]

    results = await asyncio.gather(*(session.append(INBOX, len(each), slowly(each)) for each in bodies))
    await session.select(INBOX)
    for each, result in zip(bodies, results, strict=True):
        assert result is not None
        assert await read(session, result.uid) == each
    assert MailboxName(b"Injected") not in {folder.listed.name for folder in await session.list()}


async def test_a_hundred_thousand_lines_in_one_chunk_are_fine(joined: Joiner) -> None:
    burst = b"".join(b"* %d EXISTS\r\n" % number for number in range(4, 100_004))
    script = [*signed_in(), *selected(), Expect("NOOP"), Send(burst + b"{tag} OK\r\n"), Eof()]
    async with scripted(*script) as server:
        session = await joined(server)
        mailbox = await session.select(INBOX)
        longest = 0.0
        done = asyncio.Event()

        async def lag() -> None:
            nonlocal longest
            before = time.thread_time()
            while not done.is_set():
                await asyncio.sleep(0)
                now = time.thread_time()
                longest, before = max(longest, now - before), now

        watcher = asyncio.ensure_future(lag())
        await session.noop()
        done.set()
        await watcher
        assert mailbox.exists == 100_003
        assert longest < 0.2  # of this thread's processor time
        session.abort()
        await server.finished.wait()


async def test_hundreds_of_fetches_in_flight_are_each_answered_right(session: Session) -> None:
    await pour(session, [message(b"s%d" % number, b"b%d" % number) for number in range(60)])

    async def one(number: int) -> None:
        uid = number % 60 + 1
        item = (Item.ENVELOPE, Section(text="TEXT"), Section(text="TEXT", partial=(0, 1)), Item.FLAGS)[number // 60 % 4]
        fetched = (await session.fetch(UidSet.of([uid]), [item])).messages[uid]
        match item:
            case Item.ENVELOPE:
                assert fetched.envelope is not None
                assert fetched.envelope.subject == b"s%d" % (uid - 1)
            case Item.FLAGS:
                assert fetched.flags is not None
            case Section():
                expected = b"b%d" % (uid - 1)
                assert fetched.sections == {item.key: expected[:1] if item.partial else expected}

    await asyncio.gather(*map(one, range(480)))
    assert session.clean


async def test_a_refused_xoauth2_is_answered(dovecot: Dovecot, opened: Opener, account: tuple[str, str]) -> None:
    for mechanism in ("XOAUTH2", "OAUTHBEARER"):
        async with asyncio.timeout(10):
            with pytest.raises(SignInRefused) as refused:
                await opened(credential=Bearer(account[0], Secret("not.a.token"), mechanism, own_token=True))
        assert refused.value.own_token
        assert "status" in (refused.value.challenge or "")


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
@pytest.mark.parametrize("ignore", ["", "SASL-IR"])
async def test_bearer_tokens_sign_in(opened: Opener, tokens: TokenIssuer, mechanism: str, ignore: str) -> None:
    token = tokens.token("alice", profile="keycloak")
    session = await opened(ignore, credential=Bearer("alice@example.org", Secret(token), mechanism))  # type: ignore[arg-type]
    await session.noop()


# The row of what is not there at all: a test for each of its names, on the same server.


async def test_starttls(opened: Opener, dovecot: Dovecot) -> None:
    session = await opened(endpoint=Endpoint(dovecot.host, dovecot.port, "starttls", str(dovecot.ca_file)))
    await session.select(INBOX)
    assert session.capabilities.has("IDLE")


async def test_sasl_plain_with_authzid(opened: Opener) -> None:
    session = await opened(credential=ProxyPassword("bob", "gateway", Secret("masterpw")))
    await session.noop()


async def test_oauthbearer(opened: Opener, tokens: TokenIssuer) -> None:
    token = Secret(tokens.token("alice", profile="keycloak"))
    session = await opened(credential=Bearer("alice@example.org", token, "OAUTHBEARER"))
    await session.noop()


async def test_compress(opened: Opener) -> None:
    session = await opened(compress=True)
    assert session.compressed
    whole = message(b"a", b"the same words\r\n" * 20_000)
    await pour(session, [whole])
    assert await read(session, 1) == whole
    assert session.bytes_in + session.bytes_out < len(whole) / 10


async def test_unselect(session: Session) -> None:
    """Not CLOSE in its place: that would expunge."""
    await pour(session, [message(b"a", b"b")])
    await session.store(EVERYTHING, add=[b"\\Deleted"])
    assert session.capabilities.has("UNSELECT")
    await session.unselect()
    assert session.mailbox is None
    assert (await session.select(INBOX)).exists == 1


async def test_notify(opened: Opener) -> None:
    session, other = await opened(), await opened()
    told: asyncio.Queue[Notice] = asyncio.Queue()
    session.on_notice = lambda notice, _asked: told.put_nowait(notice)
    await session.notify(Selected(), Watched(Scope.PERSONAL))
    await other.append(INBOX, 3, b"abc")
    async with asyncio.timeout(15):
        while not isinstance(notice := await told.get(), Status):
            pass  # mailboxes that come with the first message
    assert (notice.name, notice.values["MESSAGES"]) == (INBOX, 1)


async def test_list_status_in_one_round_trip(opened: Opener) -> None:
    commands: list[str] = []
    session = await opened(on_command=lambda name, _outcome, _seconds: commands.append(name))
    await pour(session, [message(b"a", b"b")])
    commands.clear()
    listed = {folder.listed.name: folder for folder in await session.list(status=("MESSAGES", "HIGHESTMODSEQ"))}
    status = listed[INBOX].status
    assert status is not None
    assert status.values["MESSAGES"] == 1
    assert commands == ["LIST"]


async def test_esearch(session: Session) -> None:
    await pour(session, [message(b"a", b"b"), message(b"b", b"b")])
    assert session.capabilities.has("ESEARCH")
    found = await session.search(Plain.ALL, ret=("COUNT", "MAX"))
    assert (found.count, found.max, found.uids) == (2, 2, None)


async def test_examine_leaves_fetch_possible(session: Session) -> None:
    await pour(session, [message(b"a", b"b")])
    await session.unselect()
    examined = await session.select(INBOX, readonly=True)
    assert examined.readonly
    assert (await session.fetch(EVERYTHING, [Item.FLAGS])).messages.keys() == {1}


async def test_nothing_is_formatted_or_logged(
    dovecot: Dovecot, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = await opened()
    await pour(session, [message(b"canary-subject", b"canary-body" * 20_000)])
    await read(session, 1)
    await session.logout()
    assert not [record for record in caplog.records if record.name.startswith(("aioimaplib", "gateway.imap"))]
    with pytest.raises(SignInRefused) as refused:
        await opened(credential=Password("alice", Secret("canary-password")))
    assert "canary" not in repr(refused.value) + caplog.text


async def test_a_large_body_streams_at_little_cost_and_flat_memory(session: Session) -> None:
    line = b"z" * 76 + b"\r\n"
    octets = message(b"huge", line * (20_000_000 // len(line)))

    async def source() -> AsyncIterator[bytes]:
        for at in range(0, len(octets), 65_536):
            yield octets[at : at + 65_536]

    await session.append(INBOX, len(octets), source())
    await session.select(INBOX)
    total = 0
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    async with session.stream(1, Section()) as stream:
        async for chunk in stream:
            total += len(chunk)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert total == len(octets) == stream.size
    assert peak < 3_000_000


@pytest.mark.parametrize("name", [b"INBOX (CONDSTORE)", b'a" "b', b"x\r\nA1 CREATE Injected", b"{5}", b"\xe4\xf6"])
async def test_user_arguments_are_encoded(session: Session, name: bytes) -> None:
    with pytest.raises(Refused):
        await session.select(MailboxName(name))
    await session.noop()
    assert {each.listed.name.wire for each in await session.list()}.isdisjoint({b"Injected"})


async def test_a_slow_reader_slows_the_server(session: Session) -> None:
    await pour(session, [message(b"large", (b"y" * 78 + b"\r\n") * 250_000)])
    before = session.bytes_in
    async with session.stream(1, Section()) as octets:
        while octets.buffered <= HIGH:  # until the stream has paused the server
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert session.bytes_in - before < 2_000_000
        total = 0
        async for chunk in octets:
            total += len(chunk)
        assert total == octets.size
