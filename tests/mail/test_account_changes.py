"""Changes of a whole account on a real server: what only the verb's own numbers show."""

from __future__ import annotations

import pytest

from gateway.imap.encode.search_key import UidIn
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail import account_changes as verb
from gateway.mail.account_changes import changes_of, listing
from gateway.mail.folder_changes import folder_changes
from gateway.mail.resource import AccountChanges
from gateway.sync.account_state import AccountState
from gateway.sync.ids import folder_id

from .conftest import Opener
from .test_changes import INBOX, MESSAGE

NAMES = tuple(MailboxName(b"Folder%d" % number) for number in range(4))


async def caught_up(session: Session, state: AccountState) -> tuple[AccountState, list[AccountChanges]]:
    answers: list[AccountChanges] = []
    while not answers or answers[-1].has_more:
        answers.append(await changes_of(session, state, *await listing(session), most=1000))
        state = AccountState.parse(answers[-1].new_state)
    return state, answers


@pytest.mark.parametrize("mode", ["qresync", "condstore", "window"])
async def test_flags_that_were_not_compared_are_named(
    opened: Opener, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, other = await opened(mode), await opened()
    for name in NAMES:
        await other.create(name)
        await other.append(name, len(MESSAGE), MESSAGE)
    state, _ = await caught_up(watched, folder_changes(None, *await listing(watched)).state)
    monkeypatch.setattr(verb, "COMPARED", 2)
    state, (told,) = await caught_up(watched, state)
    assert told.changes == []
    assert told.unchecked == ([folder_id(name.wire) for name in NAMES[2:]] if mode == "window" else [])
    await other.select(NAMES[0])
    uids = (await other.search(UidIn(UidSet.from_(1)))).uids
    assert uids is not None
    await other.store(uids, add=(b"\\Flagged",))
    _, (told,) = await caught_up(watched, state)
    assert [(each.folder_id, each.updated[0].flags) for each in told.changes] == [
        (folder_id(NAMES[0].wire), ["$flagged"])
    ]


async def test_a_folder_that_went_since_it_was_listed_costs_no_other(opened: Opener) -> None:
    watched, other = await opened(), await opened()
    for name in NAMES:
        await other.create(name)
    state, _ = await caught_up(watched, folder_changes(None, *await listing(watched)).state)
    for name in (INBOX, *NAMES):
        await other.append(name, len(MESSAGE), MESSAGE)
    listed, namespaces = await listing(watched)
    await other.delete(NAMES[0])
    told = await changes_of(watched, state, listed, namespaces, most=1000)
    assert {each.folder_id for each in told.changes} == {folder_id(name.wire) for name in (INBOX, *NAMES[1:])}
    after = AccountState.parse(told.new_state)
    assert after.folders[NAMES[0].wire] == state.folders[NAMES[0].wire]
    _, (later,) = await caught_up(watched, after)
    assert (later.folders.destroyed, later.changes) == ([folder_id(NAMES[0].wire)], [])


async def test_a_renamed_folder_that_went_at_once_is_one_gone(opened: Opener) -> None:
    watched, other = await opened(), await opened()
    await other.create(NAMES[0])
    await other.append(NAMES[0], len(MESSAGE), MESSAGE)
    state, _ = await caught_up(watched, folder_changes(None, *await listing(watched)).state)
    await other.rename(NAMES[0], NAMES[1])
    listed, namespaces = await listing(watched)
    await other.delete(NAMES[1])
    told = await changes_of(watched, state, listed, namespaces, most=1000)
    assert (told.folders.renamed, told.folders.destroyed) == ([], [folder_id(NAMES[0].wire)])
    _, answers = await caught_up(watched, AccountState.parse(told.new_state))
    assert answers[-1].folders.destroyed == [folder_id(NAMES[1].wire)]
