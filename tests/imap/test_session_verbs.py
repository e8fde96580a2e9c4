"""The verbs, on several real servers: with all extensions, and with none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import pytest

from gateway.errors import (
    LocalError,
    NotFound,
    Refused,
)
from gateway.imap.credential import Password
from gateway.imap.encode.arg import ListPattern
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.encode.search_key import Match
from gateway.imap.endpoint import Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.imap.uids import UidSet
from gateway.secret import Secret
from tests.imap.conftest import DEADLINES, Opener
from tests.imap.mails import INBOX, ONE, OTHER, SMALL, fill, uids_of
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot

NONE = "SASL-IR LITERAL+ UIDPLUS MOVE ESEARCH LIST-STATUS LIST-EXTENDED SPECIAL-USE NAMESPACE UNSELECT IDLE ENABLE"
BARE = f"{NONE} CONDSTORE QRESYNC ID"


@pytest.fixture(params=["dovecot", "dovecot24", "cyrus"])
def server(request: pytest.FixtureRequest) -> Dovecot | Cyrus:
    chosen: Dovecot | Cyrus = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
async def again(server: Dovecot | Cyrus, contexts: TlsContexts) -> AsyncIterator[Opener]:
    """Opens sessions of one account of its own."""
    user, password = server.guest()
    endpoint = Endpoint(server.host, server.tls_port, "implicit", str(server.ca_file))
    async with AsyncExitStack() as stack:

        async def open_one(ignore: str = "") -> Session:
            session = await Session.open(
                endpoint,
                Password(user, Secret(password)),
                deadlines=DEADLINES,
                ignore=frozenset(ignore.split()),
                tls=contexts,
            )
            stack.callback(session.abort)
            return session

        yield open_one


@pytest.fixture(params=["", BARE], ids=["everything", "nothing"])
async def either(request: pytest.FixtureRequest, again: Opener) -> Session:
    return await again(request.param)


async def test_append_copy_and_expunge(either: Session) -> None:
    await either.create(OTHER)
    await fill(either, 3)
    await either.copy(UidSet.span(1, 2), OTHER)
    await either.store(ONE, add=[b"\\Deleted"])
    await either.expunge(ONE)
    assert await uids_of(either) == {2, 3}
    assert (await either.status(OTHER, ["MESSAGES"])).values["MESSAGES"] == 2


async def test_move(either: Session) -> None:
    await either.create(OTHER)
    await fill(either, 3)
    await either.move(UidSet.span(2, 3), OTHER)
    assert await uids_of(either) == {1}
    await either.select(OTHER)
    assert await uids_of(either) == {1, 2}


async def test_the_number_of_the_last_message_is_told_where_none_is_above(either: Session) -> None:
    """RFC 9051 section 6.4.9: ``n:*`` always includes the last message."""
    await fill(either, 3)
    result = await either.fetch(ONE.union(UidSet.from_(1000)), [Item.UID])
    assert (set(result.messages), result.strayed) == ({1}, 3)


async def test_append_keeps_flags_and_date(either: Session) -> None:
    date = datetime(2020, 2, 29, 12, 0, tzinfo=UTC)
    octets = b"Subject: x\r\n\r\n\xff\xfe\r\n"
    await either.append(INBOX, len(octets), octets, flags=[b"\\Seen", b"Work"], internaldate=date)
    await either.select(INBOX)
    message = (await either.fetch(ONE, [Item.FLAGS, Item.INTERNALDATE, Section()])).messages[1]
    assert {b"\\Seen", b"Work"} <= set(message.flags or ())
    assert message.internaldate == date
    assert message.sections[Section().key] == octets


async def test_append_to_nowhere(either: Session) -> None:
    with pytest.raises(Refused) as refused:
        await either.append(MailboxName(b"Nowhere"), 3, b"abc")
    assert refused.value.imap_code == "TRYCREATE"


async def test_store_adds_removes_and_replaces(either: Session) -> None:
    await fill(either, 1)

    async def flags() -> set[bytes]:
        return set((await either.fetch(ONE, [Item.FLAGS])).messages[1].flags or ()) - {b"\\Recent"}

    await either.store(ONE, add=[b"\\Seen", b"a"])
    assert await flags() == {b"\\Seen", b"a"}
    await either.store(ONE, add=[b"b"], remove=[b"a"])
    assert await flags() == {b"\\Seen", b"b"}
    await either.store(ONE, replace=[])
    assert await flags() == set()
    with pytest.raises(LocalError):
        await either.store(ONE, replace=[], add=[b"x"])


async def test_search(either: Session) -> None:
    await fill(either, 12)
    found = await either.search(Match("SUBJECT", "s1"), ret=("ALL", "COUNT", "MIN", "MAX"))
    assert (found.uids, found.count, found.min, found.max) == (UidSet.of([1, 10, 11, 12]), 4, 1, 12)
    nothing = await either.search(Match("SUBJECT", "grün"))
    assert (nothing.uids, nothing.count, nothing.min) == (UidSet(), 0, None)


async def test_list_with_status_and_subscriptions(either: Session) -> None:
    await fill(either, 2)
    await either.create(MailboxName(b"Deep/er"))
    await either.subscribe(MailboxName(b"Deep/er"))
    await either.unsubscribe(INBOX)
    found = {each.listed.name.wire: each for each in await either.list(status=("MESSAGES", "UIDNEXT", "SIZE"))}
    status = found[b"INBOX"].status
    assert status is not None
    assert status.values["MESSAGES"] == 2
    assert found[b"Deep/er"].subscribed
    assert not found[b"INBOX"].subscribed
    deep = found[b"Deep"]  # Cyrus makes parents, Dovecot shows them
    assert deep.selectable == (deep.status is not None)
    only = await either.list(subscribed_only=True)
    assert b"Deep/er" in {each.listed.name.wire for each in only}
    assert all(each.subscribed for each in only)
    assert [each.listed.name for each in await either.list(ListPattern.exact(INBOX))] == [INBOX]


async def test_a_deleted_mailbox_with_others_below_it_is_none(either: Session) -> None:
    """Dovecot lists it as if it were there; Cyrus deletes no such mailbox."""
    await either.create(OTHER)
    await either.create(MailboxName(OTHER.wire + b"/below"))
    gone = True
    try:
        await either.delete(OTHER)
    except Refused:
        gone = False
    found = {each.listed.name: each for each in await either.list(status=("MESSAGES",))}
    assert MailboxName(OTHER.wire + b"/below") in found
    assert found[OTHER].selectable != gone
    if gone:
        await either.create(OTHER)
    found = {each.listed.name: each for each in await either.list(status=("MESSAGES",))}
    assert found[OTHER].selectable


async def test_folders_are_made_renamed_and_deleted(either: Session) -> None:
    await either.create(OTHER)
    await either.rename(OTHER, MailboxName(b"New"))
    with pytest.raises(Refused) as refused:
        await either.create(MailboxName(b"New"))
    assert refused.value.imap_code == "ALREADYEXISTS"
    await either.select(MailboxName(b"New"))
    with pytest.raises(LocalError):
        await either.delete(MailboxName(b"New"))
    await either.unselect()
    await either.delete(MailboxName(b"New"))
    with pytest.raises(Refused) as refused:
        await either.status(MailboxName(b"New"), ["MESSAGES"])
    assert refused.value.imap_code == "NONEXISTENT"


async def test_namespace(either: Session) -> None:
    assert (await either.namespace()).personal == ((b"", "/"),)


async def test_unselect_expunges_nothing(either: Session) -> None:
    await fill(either, 1)
    await either.store(ONE, add=[b"\\Deleted"])
    await either.unselect()
    assert either.mailbox is None
    await either.select(INBOX)
    assert await uids_of(either) == {1}


async def test_select_again_is_no_round_trip(either: Session) -> None:
    await fill(either, 1)
    before = either.bytes_out
    mailbox = await either.select(INBOX, readonly=True)
    assert await either.select(INBOX) is mailbox
    assert either.bytes_out == before
    await either.select(INBOX, again=True)
    assert either.bytes_out > before


async def test_a_session_that_saw_a_mailbox_made_anew_serves_nobody_else(either: Session, again: Opener) -> None:
    """What it sees of the new one is not to be relied on."""
    other = await again()
    await other.create(OTHER)
    await either.select(OTHER)
    await either.select(OTHER, again=True)
    await either.select(INBOX)
    assert either.clean
    await other.rename(OTHER, MailboxName(b"Away"))
    await other.create(OTHER)
    await either.select(OTHER)
    assert either.outlived
    assert either.alive
    assert not either.clean


async def test_select_of_what_is_not_there(either: Session) -> None:
    await either.select(INBOX)
    with pytest.raises(Refused) as refused:
        await either.select(MailboxName(b"Nope"))
    assert refused.value.imap_code == "NONEXISTENT"
    assert either.mailbox is None
    await either.select(INBOX)


async def test_a_push_wakes_who_waits(either: Session, again: Opener) -> None:
    await either.select(INBOX)
    other = await again()
    async with either.idle(poll=0.05) as pushes:
        assert not await pushes.wait(0.05)
        await other.append(INBOX, len(SMALL), SMALL)
        assert await pushes.wait(5)
    assert either.mailbox is not None
    assert either.mailbox.exists == 1
    await either.noop()


async def test_news_from_before_idle_counts(either: Session, again: Opener) -> None:
    await either.select(INBOX)
    other = await again()
    await other.append(INBOX, len(SMALL), SMALL)
    await either.noop()
    async with either.idle() as pushes:
        assert await pushes.wait(5)


async def test_an_expunged_body_is_the_real_one_or_none(either: Session, again: Opener) -> None:
    """Dovecot says ``BODY[TEXT] NIL``, or nothing, and EXPUNGEISSUED; Cyrus gives the body."""
    other = await again()
    await fill(either, 2)
    await other.select(INBOX)
    await other.store(ONE, add=[b"\\Deleted"])
    await other.expunge(ONE)
    for section in (Section(), Section(text="TEXT"), Section("1")):
        with suppress(NotFound):
            got = await either.fetch_sections(1, [section])
            assert got[section.key].endswith(b"body 1\r\n")
        with suppress(NotFound):
            async with either.stream(1, section) as octets:
                assert b"".join([chunk async for chunk in octets]).endswith(b"body 1\r\n")
