"""Messages one after the other: whole ones only, in order, and an end before what is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from gateway.accounts.account import Account
from gateway.errors import IdExpired
from gateway.imap.credential import Password
from gateway.imap.name import MailboxName
from gateway.mail.convoy import BATCH, Begin, Carried, Convoy, End, Life
from gateway.mail.desk import Desk
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import PassThrough, Provider
from tests.imap.scripted import Scripted, scripted, selected, signed_in

from .desks import a_desk, asked

INBOX = MailboxName(b"INBOX")
WHEN = datetime(2026, 11, 20, tzinfo=UTC)
ENVELOPE = b'ENVELOPE (NIL "s" ((NIL NIL "from" "x")) NIL NIL NIL NIL NIL NIL NIL)'


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


def convoy(desk: Desk, server: Scripted, *sizes: int, uidvalidity: int = 7) -> Convoy:
    settings = ImapSettings(host="127.0.0.1", port=server.endpoint.port, tls="none")
    provider = Provider(name="odd", domains=("example.org",), imap=settings, auth=PassThrough())
    account = Account("a", "alice@example.org", provider, server.endpoint, Password("alice", Secret("alicepw")))
    life = Life(INBOX, uidvalidity)
    return Convoy(desk, account, tuple(Carried(life, uid, size, WHEN) for uid, size in enumerate(sizes, start=1)))


def whole(uid: int, octets: bytes) -> bytes:
    return b"* %d FETCH (UID %d %s BODY[] {%d}\r\n%s)\r\n" % (uid, uid, ENVELOPE, len(octets), octets)


async def told(convoy: Convoy) -> list[tuple[int, bytes]]:
    """UID and octets of each message that came whole."""
    found: list[tuple[int, bytes]] = []
    octets = b""
    async for piece in convoy.pieces():
        match piece:
            case Begin(_, sender):
                assert sender == b"from@x"
                octets = b""
            case End(message):
                found.append((message.uid, octets))
            case _:
                octets += piece
    return found


@pytest.mark.parametrize("missing", [b"", b"* 2 FETCH (UID 2 " + ENVELOPE + b" BODY[] NIL)\r\n"])
async def test_it_ends_before_a_message_that_is_gone(desk: Desk, missing: bytes) -> None:
    answer = whole(3, b"three") + missing + whole(1, b"one")  # in whatever order
    script = [*signed_in(), *selected(), *asked(r"UID FETCH 1:3 .*BODY\.PEEK\[\].*", answer)]
    async with scripted(*script) as server:
        assert await told(convoy(desk, server, 3, 3, 5)) == [(1, b"one")]


async def test_a_large_message_flows_by_itself_between_small_ones(desk: Desk) -> None:
    large = b"x" * (BATCH + 5)
    body = b"* 2 FETCH (UID 2 BODY[] {%d}\r\n%s)\r\n" % (len(large), large)
    script = [
        *signed_in(),
        *selected(),
        *asked("UID FETCH 1 .*", whole(1, b"one")),
        *asked("NOOP", b""),
        *asked(r"UID FETCH 2 \(UID ENVELOPE\)", b"* 2 FETCH (UID 2 " + ENVELOPE + b")\r\n"),
        *asked("NOOP", b""),
        *asked(r"UID FETCH 2 \(UID BODY\.PEEK\[\]\)", body),
        *asked("NOOP", b""),
        *asked("UID FETCH 3 .*", whole(3, b"three")),
    ]
    async with scripted(*script) as server:
        assert await told(convoy(desk, server, 3, len(large), 5)) == [(1, b"one"), (2, large), (3, b"three")]
        assert server.failure is None


async def test_a_folder_that_was_rebuilt_is_another(desk: Desk) -> None:
    async with scripted(*signed_in(), *selected()) as server:
        with pytest.raises(IdExpired):
            await told(convoy(desk, server, 3, uidvalidity=8))
