"""Changes between two states against the truth, in each of the three modes, on a real server."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from gateway.errors import IdExpired, StateTooOld
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail import deletions, flag_changes
from gateway.mail.changes import changes_between
from gateway.mail.resource import Changes
from gateway.mail.snapshot import state_of
from gateway.mail.summary import keywords
from gateway.sync.ids import MessageId
from gateway.sync.state import FolderState

from .conftest import Opener

INBOX = MailboxName(b"INBOX")
MODES = pytest.mark.parametrize("mode", ["qresync", "condstore", "window"])


class Client:
    """An offline client: what it has, by UID."""

    def __init__(self, state: FolderState) -> None:
        self.state = state
        self.flags: dict[int, list[str]] = {}

    def apply(self, told: Changes) -> None:
        assert told.old_state == self.state.encode()
        if told.coverage.destroyed == "window":
            present = {uid_of(there) for there in told.coverage.present}
            self.flags = {uid: kept for uid, kept in self.flags.items() if uid in present}
        for message in told.created:
            self.flags[uid_of(message.id)] = message.flags
        for update in told.updated:
            if uid_of(update.id) in self.flags:
                self.flags[uid_of(update.id)] = update.flags
        for gone in told.destroyed:
            self.flags.pop(uid_of(gone), None)
        self.state = FolderState.parse(told.new_state)


def uid_of(text: str) -> int:
    return MessageId.parse(text).uid


async def look(session: Session) -> FolderState:
    await session.select(INBOX, readonly=True, again=True)
    return await state_of(session)


async def catch_up(session: Session, client: Client, most: int = 1000) -> int:
    """Until nothing is left to tell; how many answers it took."""
    answers = 0
    while True:
        now = await look(session)
        told = await changes_between(session, INBOX, client.state, now, most=most)
        client.apply(told)
        answers += 1
        if not told.has_more:
            return answers


async def truth(session: Session) -> dict[int, list[str]]:
    found = await session.fetch(UidSet.from_(1), (Item.FLAGS,))
    return {uid: keywords(message.flags or ()) for uid, message in found.messages.items()}


async def mutate(session: Session, chance: random.Random) -> None:
    """Append, flag, unflag or expunge a few at random."""
    there = sorted(await truth(session))
    await session.select(INBOX)
    for _ in range(chance.randrange(1, 6)):
        some = UidSet.of(chance.sample(there, min(len(there), chance.randrange(1, 8))))
        match chance.randrange(4) if there else 0:
            case 0:
                await session.append(INBOX, len(MESSAGE), MESSAGE)
            case 1:
                await session.store(some, add=(b"\\Flagged", b"work"))
            case 2:
                await session.store(some, remove=(b"\\Flagged",))
            case _:
                await session.store(some, add=(b"\\Deleted",))
                await session.expunge(some)
                there = [uid for uid in there if uid not in some]


MESSAGE = b"Subject: x\r\nFrom: a@example.org\r\n\r\nbody\r\n"


@MODES
@pytest.mark.parametrize("seed", range(3))
async def test_applied_changes_are_the_truth_whatever_happened(opened: Opener, mode: str, seed: int) -> None:
    chance = random.Random(seed)
    watched, other = await opened(mode), await opened()
    await other.select(INBOX)
    for _ in range(40):
        await other.append(INBOX, len(MESSAGE), MESSAGE)
    client = Client(FolderState((await look(watched)).uidvalidity, 1, 0, 0))
    await catch_up(watched, client)
    for _ in range(12):
        for _ in range(chance.randrange(1, 4)):
            await mutate(other, chance)
        await catch_up(watched, client)
        assert client.flags == await truth(watched)


@MODES
async def test_nothing_happened_is_nothing_told(opened: Opener, mode: str) -> None:
    session = await opened(mode)
    await session.append(INBOX, len(MESSAGE), MESSAGE)
    state = await look(session)
    told = await changes_between(session, INBOX, state, await look(session), most=10)
    assert (told.created, told.destroyed, told.has_more) == ([], [], False)
    known = FolderState.parse(told.new_state)
    assert replace(known, flags=b"") == state
    again = await changes_between(session, INBOX, known, await look(session), most=10)
    assert (again.updated, again.new_state, again.has_more) == ([], told.new_state, False)


@MODES
async def test_many_new_messages_come_in_answers_that_can_be_gone_on_from(opened: Opener, mode: str) -> None:
    watched, other = await opened(mode), await opened()
    client = Client(await look(watched))
    for _ in range(25):
        await other.append(INBOX, len(MESSAGE), MESSAGE)
    answers = await catch_up(watched, client, most=10)
    assert answers == 3 or (mode == "window" and answers <= 6)  # there flags are told of what was new, too
    assert sorted(client.flags) == sorted(await truth(watched))


@MODES
async def test_a_rebuilt_folder_is_another(opened: Opener, mode: str) -> None:
    session = await opened(mode)
    state = await look(session)
    other = FolderState(state.uidvalidity + 1, state.uidnext, state.highestmodseq, state.exists)
    with pytest.raises(IdExpired):
        await changes_between(session, INBOX, other, state, most=10)


@pytest.mark.parametrize("mode", ["condstore", "window"])
async def test_a_block_too_wide_to_name_is_told_by_what_is_left(
    opened: Opener, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, other = await opened(mode), await opened()
    for _ in range(12):
        await other.append(INBOX, len(MESSAGE), MESSAGE)
    full = await look(watched)
    client = Client(FolderState(full.uidvalidity, full.uidnext, full.highestmodseq, full.exists))  # without samples
    client.flags = await truth(watched)
    await other.select(INBOX)
    lost = UidSet.of(sorted(client.flags)[2:9])
    await other.store(lost, add=(b"\\Deleted",))
    await other.expunge(lost)
    monkeypatch.setattr(deletions, "NAMED", 3)
    told = await changes_between(watched, INBOX, client.state, await look(watched), most=10)
    assert told.coverage.destroyed == "window"
    assert {uid_of(there) for there in told.coverage.present} == set(await truth(watched))
    monkeypatch.setattr(deletions, "LONGEST", 3)
    with pytest.raises(StateTooOld):
        await changes_between(watched, INBOX, client.state, await look(watched), most=10)


@MODES
async def test_however_much_changed_it_is_told_in_answers_of_any_length(
    opened: Opener, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, other = await opened(mode), await opened()
    for _ in range(30):
        await other.append(INBOX, len(MESSAGE), MESSAGE)
    client = Client(await look(watched))
    client.flags = await truth(watched)
    await other.select(INBOX)
    lost = UidSet.of(sorted(client.flags)[3:19])
    await other.store(UidSet.from_(1), add=(b"\\Seen",))
    await other.store(lost, add=(b"\\Deleted",))
    await other.expunge(lost)
    monkeypatch.setattr(flag_changes, "LOOKED", 3)
    monkeypatch.setattr(deletions, "LISTED", 3)
    assert await catch_up(watched, client, most=4) >= 6
    assert client.flags == await truth(watched)


@MODES
async def test_numbers_that_went_back_tell_of_another_folder(opened: Opener, mode: str) -> None:
    session = await opened(mode)
    await session.append(INBOX, len(MESSAGE), MESSAGE)
    now = await look(session)
    later = [replace(now, uidnext=now.uidnext + 1)]
    if now.highestmodseq:
        later.append(replace(now, highestmodseq=now.highestmodseq + 1))
    for state in later:
        with pytest.raises(IdExpired):
            await changes_between(session, INBOX, state, now, most=10)


@MODES
@pytest.mark.parametrize("most", [2, 100])
async def test_what_came_and_went_is_told_to_who_saw_it_on_a_page(opened: Opener, mode: str, most: int) -> None:
    watched, other = await opened(mode), await opened()
    await other.append(INBOX, len(MESSAGE), MESSAGE)
    client = Client(await look(watched))
    for _ in range(6):
        await other.append(INBOX, len(MESSAGE), MESSAGE)
    await other.select(INBOX)
    client.flags = await truth(other)  # newer than the state
    lost = UidSet.of(sorted(client.flags)[3:6])
    await other.store(lost, add=(b"\\Deleted",))
    await other.expunge(lost)
    await catch_up(watched, client, most=most)
    assert client.flags == await truth(watched)
