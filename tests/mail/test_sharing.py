"""The verbs of rights and quota on servers that are lost, or answer in their own way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from gateway.accounts.account import Account
from gateway.errors import ConnectionLost, Forbidden, InvalidRequest, Refused, Unprocessable, Unsupported, WriteInDoubt
from gateway.imap.credential import Password
from gateway.imap.endpoint import Endpoint
from gateway.mail.desk import Desk
from gateway.mail.quota import get_quota
from gateway.mail.quota_level import QuotaResource, crossed
from gateway.mail.request import Destination
from gateway.mail.rights_resource import RightsChange
from gateway.mail.sharing import delete_rights, get_rights, put_rights
from gateway.mail.store import store
from gateway.mail.transfer import copy
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import PassThrough, Provider
from gateway.sync.ids import MessageId, folder_id
from tests.imap.scripted import Close, Expect, Scripted, Send, scripted, selected, signed_in
from tests.servers.dovecot import Dovecot

from .desks import a_desk, asked

PERCENTS = (50, 80)
TEAM = folder_id(b"Team")
ACL = "IMAP4rev1 ACL RIGHTS=kxte"
READ = RightsChange(rights=["mayReadItems"])


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


def account(server: Scripted | Dovecot, user: str = "alice", password: str = "alicepw") -> Account:
    endpoint = server.endpoint if isinstance(server, Scripted) else Endpoint(server.host, server.port, "none")
    settings = ImapSettings(host="127.0.0.1", port=endpoint.port, tls="none")
    provider = Provider(name="odd", domains=("example.org",), imap=settings, auth=PassThrough())
    return Account(f"account-{user}", f"{user}@example.org", provider, endpoint, Password(user, Secret(password)))


async def test_a_grant_whose_answer_is_lost_is_in_doubt_and_never_repeated(desk: Desk) -> None:
    script = [*signed_in(ACL), *asked('GETACL "Team"', b"* ACL Team bob lr\r\n"), Expect("SETACL .+"), Close()]
    async with scripted(*script) as server:
        with pytest.raises(WriteInDoubt):
            await put_rights(desk, account(server), TEAM, "bob", READ)
        assert server.connections == 1


async def test_a_grant_that_was_made_is_not_made_again_because_the_look_after_it_fails(desk: Desk) -> None:
    script = [*signed_in(ACL), *asked('SETACL "Team" "bob" "l"', b""), Expect("GETACL .+"), Close()]
    async with scripted(*script) as server:
        with pytest.raises(WriteInDoubt):
            await put_rights(desk, account(server), TEAM, "bob", RightsChange(letters="l"))
        assert server.connections == 1


async def test_words_leave_alone_what_they_do_not_speak_of(desk: Desk) -> None:
    """RFC 4314 section 5.1.2."""
    script = [
        *signed_in(ACL),
        *asked('GETACL "Team"', b"* ACL Team bob lrswn7 carol lrq\r\n"),
        *asked('SETACL "Team" "bob" "lr7n"', b""),
        *asked('GETACL "Team"', b"* ACL Team bob lrn7 carol lrq\r\n"),
        *asked('MYRIGHTS "Team"', b"* MYRIGHTS Team lrswipkxtecda\r\n"),
    ]
    async with scripted(*script) as server:
        done = await put_rights(desk, account(server), TEAM, "bob", READ)
        assert done.entries is not None
        assert [(entry.who, entry.letters) for entry in done.entries] == [("bob", "lr7n"), ("carol", "lrq")]
        await desk.pool.close(0.1)


async def test_an_older_server_is_not_made_to_grant_more_than_was_asked(desk: Desk) -> None:
    async with scripted(*signed_in("IMAP4rev1 ACL")) as server:
        with pytest.raises(Unprocessable):
            await put_rights(desk, account(server), TEAM, "bob", RightsChange(letters="lrx"))
        await desk.pool.close(0.1)


@pytest.mark.parametrize("change", [RightsChange(), RightsChange(rights=[], letters="")])
async def test_either_words_or_letters(desk: Desk, change: RightsChange) -> None:
    async with scripted(*signed_in(ACL)) as server:
        with pytest.raises(InvalidRequest):
            await put_rights(desk, account(server), TEAM, "bob", change)


@pytest.mark.parametrize(
    ("there", "mine", "status"),
    [(True, b"lrs", 403), (False, b"", 404), (True, b"lrsa", 422)],
    ids=["no right", "no folder", "another reason"],
)
async def test_a_refusal_that_tells_nothing_is_looked_into(desk: Desk, there: bool, mine: bytes, status: int) -> None:
    script = [
        *signed_in(ACL),
        *(Expect('DELETEACL "Team" "bob"'), Send(b"{tag} NO Denied or so\r\n")),
        *asked('LIST "" "Team"', b'* LIST () "/" Team\r\n' if there else b""),
        *(asked('MYRIGHTS "Team"', b"* MYRIGHTS Team %b\r\n" % mine) if there else ()),
    ]
    async with scripted(*script) as server:
        with pytest.raises(Refused) as refused:
            await delete_rights(desk, account(server), TEAM, "bob")
        assert refused.value.answer().status == status


async def test_without_the_extension_nothing_is_asked(desk: Desk) -> None:
    async with scripted(*signed_in("IMAP4rev1")) as server:
        for verb in (
            get_rights(desk, account(server), TEAM),
            put_rights(desk, account(server), TEAM, "bob", READ),
            delete_rights(desk, account(server), TEAM, "bob"),
            get_quota(desk, account(server), "inbox", PERCENTS),
        ):
            with pytest.raises(Unsupported):
                await verb
        assert all(b"AUTHENTICATE" in line for line in server.lines)
        await desk.pool.close(0.1)


@pytest.mark.parametrize("there", [True, False])
async def test_quota_that_is_not_told_is_forbidden_and_of_no_folder_not_found(desk: Desk, there: bool) -> None:
    script = [
        *signed_in("IMAP4rev1 QUOTA"),
        *(Expect('GETQUOTAROOT "Team"'), Send(b"{tag} NO Not showing other users' quota\r\n")),
        *asked('LIST "" "Team"', b'* LIST () "/" Team\r\n' if there else b""),
    ]
    async with scripted(*script) as server:
        with pytest.raises(Forbidden if there else Refused) as refused:
            await get_quota(desk, account(server), TEAM, PERCENTS)
        assert refused.value.answer().status == (403 if there else 404)


async def test_a_copy_that_does_not_fit_into_an_open_folder_is_no_stale_folder(desk: Desk) -> None:
    """A bare NO in a folder that was open already would be tried again on other connections."""
    message = MessageId(b"INBOX", 7, 9).encode()
    found = asked(r"UID FETCH 9 \(UID\)", b"* 1 FETCH (UID 9)\r\n")
    script = [
        *signed_in("IMAP4rev1 QUOTA UIDPLUS"),
        *selected(exists=1),
        *found,
        *asked('UID COPY 9 "Team"', b""),
        *asked("NOOP", b""),
        *found,
        *(Expect('UID COPY 9 "Team"'), Send(b"{tag} NO Over quota\r\n")),
        *asked(r"UID FETCH 9 \(UID RFC822.SIZE\)", b"* 1 FETCH (UID 9 RFC822.SIZE 5000)\r\n"),
        *asked('GETQUOTAROOT "Team"', b"* QUOTAROOT Team r\r\n* QUOTA r (STORAGE 99 100)\r\n"),
    ]
    async with scripted(*script) as server:
        await copy(desk, account(server), message, Destination(folder=TEAM))
        with pytest.raises(Refused) as refused:
            await copy(desk, account(server), message, Destination(folder=TEAM))
        assert refused.value.answer().status == 507
        await desk.pool.close(0.1)


async def test_a_threshold_is_told_once_when_it_is_crossed(desk: Desk, sharing_dovecot: Dovecot) -> None:
    mine = account(sharing_dovecot, *sharing_dovecot.guest())

    async def fill() -> None:
        letter = b"Subject: large\r\n\r\n" + b"x" * 3_000_000 + b"\r\n"

        async def source() -> AsyncIterator[bytes]:
            yield letter

        await store(desk, mine, "inbox", size=len(letter), source=source(), flags=(), received_at=None)

    async def news(before: Sequence[QuotaResource]) -> tuple[Sequence[QuotaResource], list[tuple[int, bool]]]:
        now = (await get_quota(desk, mine, "inbox", PERCENTS)).resources
        return now, [(each.threshold, each.rising) for each in crossed(before, now, PERCENTS)]

    seen, _ = await news(())
    told = []
    for _ in range(3):
        await fill()
        seen, crossings = await news(seen)
        told.append(crossings)
    assert told == [[], [(50, True)], [(80, True)]]
    assert await news(seen) == (seen, [])


async def test_a_read_is_tried_once_more_where_the_connection_is_lost(desk: Desk) -> None:
    script = [*signed_in(ACL), Expect("GETACL .+"), Close()]
    async with scripted(*script) as server:
        with pytest.raises(ConnectionLost):
            await get_rights(desk, account(server), TEAM)
        assert server.connections == 2
