"""Rights and quota on real servers, and on scripted ones that answer as the standards' examples do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest

from gateway.errors import Refused
from gateway.imap.credential import Password
from gateway.imap.encode.fetch_item import Item
from gateway.imap.endpoint import Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.response import ListRights, Quota
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.imap.uids import UidSet
from gateway.secret import Secret
from tests.imap.conftest import DEADLINES, Joiner
from tests.imap.mails import SMALL
from tests.imap.scripted import Expect, Send, scripted, selected, signed_in
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot

TEAM, ONE = MailboxName(b"Team"), UidSet.of([1])


@dataclass(frozen=True)
class Shared:
    """A folder ``Team`` of ``owner``, with one message; ``there`` is its name to others."""

    owner: Session
    other: Session
    guest: str
    there: MailboxName
    again: Callable[[], Awaitable[Session]]

    async def grant(self, letters: str) -> None:
        await self.owner.set_acl(TEAM, self.guest.encode(), letters)


@pytest.fixture(params=["sharing_dovecot", "cyrus"])
async def shared(request: pytest.FixtureRequest, contexts: TlsContexts) -> AsyncIterator[Shared]:
    server: Dovecot | Cyrus = request.getfixturevalue(request.param)
    endpoint = Endpoint(server.host, server.tls_port, "implicit", str(server.ca_file))
    mine, theirs = server.guest(), server.guest()
    async with AsyncExitStack() as stack:

        async def opened(user: str, password: str) -> Session:
            session = await Session.open(endpoint, Password(user, Secret(password)), deadlines=DEADLINES, tls=contexts)
            stack.callback(session.abort)
            return session

        owner = await opened(*mine)
        await owner.create(TEAM)
        await owner.append(TEAM, len(SMALL), SMALL)
        prefix, _ = (await owner.namespace()).other[0]
        there = MailboxName(prefix + f"{mine[0]}/Team".encode())
        yield Shared(owner, await opened(*theirs), theirs[0], there, lambda: opened(*theirs))


async def test_rights_are_granted_added_to_and_taken_back(shared: Shared) -> None:
    owner, guest = shared.owner, shared.guest.encode()
    await owner.set_acl(TEAM, guest, "lr")
    await owner.set_acl(TEAM, guest, "ste", "add")
    await owner.set_acl(TEAM, guest, "t", "remove")
    await owner.set_acl(TEAM, b"-" + guest, "w")
    acl = await owner.get_acl(TEAM)
    assert (acl[guest], acl[b"-" + guest]) == ("lrse", "w")
    assert set("lrswipkxtea") <= set(await owner.my_rights(TEAM))
    assert not set("cd") & set("".join(acl.values()))
    await owner.delete_acl(TEAM, b"-" + guest)
    await owner.delete_acl(TEAM, guest)
    assert guest not in await owner.get_acl(TEAM)
    rights = await owner.list_rights(TEAM, guest)
    assert {"r", "s", "w"} <= set(rights.optional)


async def test_what_the_server_does_not_know_is_refused_and_nothing_changes(shared: Shared) -> None:
    await shared.grant("lr")
    with pytest.raises(Refused) as refused:
        await shared.grant("lrq")
    assert refused.value.status == "BAD"
    assert (await shared.owner.get_acl(TEAM))[shared.guest.encode()] == "lr"


async def test_who_does_not_administer_is_told_so(shared: Shared) -> None:
    await shared.grant("lr")
    other, there = shared.other, shared.there
    assert await other.my_rights(there) == "lr"
    verbs: list[Callable[[], Awaitable[object]]] = [
        lambda: other.get_acl(there),
        lambda: other.set_acl(there, b"carol", "lr"),
        lambda: other.delete_acl(there, shared.guest.encode()),
        lambda: other.append(there, len(SMALL), SMALL),
        lambda: other.delete(there),
    ]
    for verb in verbs:
        with pytest.raises(Refused) as refused:
            await verb()
        assert (refused.value.imap_code, refused.value.answer().status) == ("NOPERM", 403)


async def test_a_bare_refusal_of_flags_copies_and_moves_is_told_as_one_of_rights(shared: Shared) -> None:
    await shared.grant("lrs")
    other = await shared.again()
    await other.select(shared.there, readonly=False)
    verbs: list[Callable[[], Awaitable[object]]] = [
        lambda: other.move(ONE, MailboxName(b"INBOX")),
        lambda: other.copy(ONE, shared.there),
    ]
    for verb in verbs:
        with pytest.raises(Refused) as refused:
            await verb()
        assert refused.value.imap_code == "NOPERM"
    # RFC 4314 section 4 lets a server ignore a flag that may not be set; it is not set either way
    with suppress(Refused):
        await other.store(ONE, add=[b"\\Flagged"])
    assert b"\\Flagged" not in ((await other.fetch(ONE, [Item.FLAGS])).messages[1].flags or ())


async def test_what_is_not_shared_does_not_exist(shared: Shared) -> None:
    for verb in (shared.other.my_rights, shared.other.get_acl, shared.other.select):
        with pytest.raises(Refused) as refused:
            await verb(shared.there)
        assert refused.value.imap_code == "NONEXISTENT"
    with pytest.raises(Refused) as refused:
        await shared.owner.get_acl(MailboxName(b"Nowhere"))
    assert refused.value.imap_code == "NONEXISTENT"


async def test_rights_of_all_folders_at_once(shared: Shared) -> None:
    await shared.grant("lr")
    listed = {each.listed.name: each for each in await shared.other.list(status=("MESSAGES",), rights=True)}
    found = listed[shared.there]
    assert (found.rights, found.status is not None and found.status.values["MESSAGES"]) == ("lr", 1)
    assert set("lrswite") <= set(listed[MailboxName(b"INBOX")].rights or "")
    assert {each.rights for each in await shared.other.list()} == {None}


async def test_quota_of_a_mailbox(shared: Shared) -> None:
    (quota,) = await shared.owner.get_quota_root(TEAM)
    used, limit = quota.resources["STORAGE"]
    assert 0 <= used <= 10
    assert limit == 10_240
    await shared.owner.append(TEAM, 40_000 + len(SMALL), SMALL + b"x" * 40_000)
    (after,) = await shared.owner.get_quota_root(TEAM)
    assert after.resources["STORAGE"][0] >= used + 39
    assert after.root == quota.root


async def test_an_older_server_is_spoken_to_in_its_own_letters(joined: Joiner) -> None:
    script = [
        *signed_in("IMAP4rev1 ACL"),
        *(Expect('SETACL "Team" "bob" "lrcd"'), Send(b"{tag} OK\r\n")),
        *(Expect('GETACL "Team"'), Send(b'* ACL Team bob lrcd "-x" d\r\n* ACL Other y a\r\n{tag} OK\r\n')),
        *(Expect('MYRIGHTS "Team"'), Send(b"* MYRIGHTS Team lrswipcda\r\n{tag} OK\r\n")),
        *(Expect('LISTRIGHTS "Team" "Bob"'), Send(b'* LISTRIGHTS Team bob l r w c d ""\r\n{tag} OK\r\n')),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.set_acl(TEAM, b"bob", "lrkxte")
        assert await session.get_acl(TEAM) == {b"bob": "lrkxte", b"-x": "te"}
        assert await session.my_rights(TEAM) == "lrswipkxtea"
        assert await session.list_rights(TEAM, b"Bob") == ListRights(TEAM, b"Bob", "l", ("r", "w", "k", "te"))


async def test_rights_asked_of_many_folders_are_in_flight_together(joined: Joiner) -> None:
    names = [MailboxName(name) for name in (b"a", b"gone", b"b")]
    script = [
        *signed_in("IMAP4rev1 ACL RIGHTS=kxte"),
        *(Expect('MYRIGHTS "a"', as_="a"), Expect('MYRIGHTS "gone"', as_="g"), Expect('MYRIGHTS "b"', as_="b")),
        Send(b"* MYRIGHTS b lrd\r\n{g} NO no\r\n* MYRIGHTS a lrswipkxtecda\r\n{b} OK\r\n{a} OK\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        assert await session.my_rights_of(names) == {names[0]: "lrswipkxtea", names[2]: "lr"}


async def test_a_bare_no_with_all_rights_stays_what_it_is(joined: Joiner) -> None:
    script = [
        *signed_in("IMAP4rev1 ACL RIGHTS=kxte UIDPLUS"),
        *selected(),
        *(Expect(r"UID STORE 1 \+FLAGS \(\\Seen\)"), Send(b"{tag} NO disk is full of bees\r\n")),
        *(Expect('MYRIGHTS "INBOX"'), Send(b"* MYRIGHTS INBOX lrswite\r\n{tag} OK\r\n")),
        *(Expect(r"UID EXPUNGE 1"), Send(b"{tag} NO no\r\n")),
        *(Expect('MYRIGHTS "INBOX"'), Send(b"* MYRIGHTS INBOX lrswit\r\n{tag} OK\r\n")),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(MailboxName(b"INBOX"), readonly=False)
        with pytest.raises(Refused) as refused:
            await session.store(ONE, add=[b"\\Seen"])
        assert refused.value.imap_code is None
        with pytest.raises(Refused) as refused:
            await session.expunge(ONE)
        assert refused.value.imap_code == "NOPERM"


async def test_a_server_without_acl_is_not_asked_why(joined: Joiner) -> None:
    script = [*signed_in("IMAP4rev1"), Expect(r'APPEND "Team" \{3\}'), Send(b"{tag} NO no\r\n")]
    async with scripted(*script) as server:
        session = await joined(server)
        with pytest.raises(Refused) as refused:
            await session.append(TEAM, 3, b"abc")
        assert refused.value.imap_code is None


async def test_quota_as_the_standard_has_it_and_a_root_by_itself(joined: Joiner) -> None:
    script = [
        *signed_in("IMAP4rev1 QUOTA QUOTA=RES-STORAGE"),
        Expect('GETQUOTAROOT "INBOX"'),
        Send(
            b'* QUOTAROOT INBOX "#user/alice" "!partition/sda4" ""\r\n* QUOTA "#user/alice" (MESSAGE 42 1000)\r\n'
            b'* QUOTA "!partition/sda4" (STORAGE 104 10923847)\r\n* QUOTA other (STORAGE 1 1)\r\n{tag} OK\r\n'
        ),
        *(Expect('GETQUOTA ""'), Send(b'* QUOTA "" ()\r\n{tag} OK\r\n')),
        *(Expect('GETQUOTAROOT "INBOX"'), Send(b"* QUOTAROOT INBOX\r\n{tag} OK\r\n")),
        *(Expect('GETQUOTAROOT "INBOX"'), Send(b"{tag} OK No quota\r\n")),  # Dovecot, of a namespace without
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        inbox = MailboxName(b"INBOX")
        assert await session.get_quota_root(inbox) == [
            Quota(b"#user/alice", {"MESSAGE": (42, 1000)}),
            Quota(b"!partition/sda4", {"STORAGE": (104, 10923847)}),
            Quota(b"", {}),
        ]
        assert await session.get_quota(b"") == Quota(b"", {})
        assert await session.get_quota_root(inbox) == []
        assert await session.get_quota_root(inbox) == []


async def test_what_does_not_fit_is_told_as_such_whatever_the_server_says(joined: Joiner) -> None:
    told = b"* QUOTAROOT Team r\r\n* QUOTA r (STORAGE 10 12 MESSAGE 1 %d)\r\n{tag} OK\r\n"
    script = [
        *signed_in("IMAP4rev1 QUOTA UIDPLUS"),
        *selected(),
        *(Expect('UID COPY 1 "Team"'), Send(b"{tag} NO Over quota\r\n")),
        *(Expect(r"UID FETCH 1 \(UID RFC822.SIZE\)"), Send(b"* 1 FETCH (UID 1 RFC822.SIZE 2049)\r\n{tag} OK\r\n")),
        *(Expect('GETQUOTAROOT "Team"'), Send(told % 5)),
        *(Expect('UID COPY 1 "Team"'), Send(b"{tag} NO the moon is full\r\n")),
        *(Expect(r"UID FETCH 1 \(UID RFC822.SIZE\)"), Send(b"* 1 FETCH (UID 1 RFC822.SIZE 2048)\r\n{tag} OK\r\n")),
        *(Expect('GETQUOTAROOT "Team"'), Send(told % 5)),
        *(Expect('UID COPY 1 "Team"'), Send(b"{tag} NO\r\n")),
        *(Expect(r"UID FETCH 1 \(UID RFC822.SIZE\)"), Send(b"* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n{tag} OK\r\n")),
        *(Expect('GETQUOTAROOT "Team"'), Send(told % 1)),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(MailboxName(b"INBOX"))
        for code in ("OVERQUOTA", None, "OVERQUOTA"):
            with pytest.raises(Refused) as refused:
                await session.copy(ONE, TEAM)
            assert refused.value.imap_code == code
