"""Where a client is: as tokens say it, and what becomes of it with each event."""

from __future__ import annotations

import pytest

from gateway.errors import InvalidRequest
from gateway.imap.name import MailboxName
from gateway.live.mark import Mark, Scope, Spot
from gateway.sync.account_state import AccountState, KnownFolder, some
from gateway.sync.state import FolderState

INBOX, WORK, NEW = (MailboxName(wire) for wire in (b"INBOX", b"Work", b"New"))
START, NEXT = FolderState(1, 1, 1, 0), FolderState(1, 2, 2, 1)
WHOLE = AccountState(True, {b"INBOX": KnownFolder(True, True, START), b"Work": KnownFolder(False, True, START)})


def test_one_folders_token_is_its_state() -> None:
    mark = Mark.parse(START.encode(), "one", (INBOX,))
    assert mark.token == START.encode()
    assert mark.at(INBOX, NEXT).token == NEXT.encode()


def test_the_account_tokens_say_what_was_told_and_leave_the_others_where_they_are() -> None:
    mark = Mark.parse(WHOLE.encode(), "whole", ())
    assert mark.token == WHOLE.encode()
    assert mark.at(WORK, NEXT).token == WHOLE.with_state(b"Work", NEXT).encode()
    assert mark.without(WORK).spot(WORK) is None
    assert mark.token == WHOLE.encode()  # a mark never changes


def test_of_an_account_some_folders_can_be_gone_on_from() -> None:
    for text in (WHOLE.encode(), some([(b"Work", START), (b"INBOX", NEXT)]).encode()):
        mark = Mark.parse(text, "some", (WORK, NEW))
        assert mark.spot(WORK) == Spot(START)
        assert not mark.watches(INBOX)
        assert not mark.watches(NEW)
    assert Mark.parse(WHOLE.encode(), "one", (WORK,)).token == START.encode()


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        (START.encode(), "some"),
        (START.encode(), "whole"),
        (some([(b"INBOX", START)]).encode(), "whole"),
        ("junk", "one"),
        ("junk", "whole"),
        ("Hjunk", "some"),
    ],
)
def test_states_that_do_not_fit_are_refused_by_name(text: str, scope: Scope) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Mark.parse(text, scope, (INBOX,))
    assert refused.value.field == "since"


def test_a_folder_for_folders_only_is_no_place() -> None:
    mark = Mark("whole", {b"Work": KnownFolder(selectable=False)})
    assert mark.watches(WORK)
    assert mark.spot(WORK) is None


def test_until_the_new_ids_are_told_a_token_says_that_nothing_of_a_renamed_folder_is_there() -> None:
    after = AccountState(True, {b"INBOX": WHOLE.folders[b"INBOX"], b"New": WHOLE.folders[b"Work"]})
    mark = Mark.parse(WHOLE.encode(), "whole", ()).relisted(after, {NEW: WORK})
    assert mark.spot(NEW) == Spot(START, WORK)
    assert mark.token == after.without_state(b"New").encode()
    told = mark.at(NEW, NEXT)
    assert told.spot(NEW) == Spot(NEXT)
    assert told.token == after.with_state(b"New", NEXT).encode()


def test_a_folder_renamed_twice_keeps_the_name_under_which_its_messages_are_known() -> None:
    once = AccountState(True, {b"New": WHOLE.folders[b"Work"]})
    twice = AccountState(True, {b"Newer": WHOLE.folders[b"Work"]})
    mark = Mark.parse(WHOLE.encode(), "whole", ()).relisted(once, {NEW: WORK})
    newer = MailboxName(b"Newer")
    assert mark.relisted(twice, {newer: NEW}).spot(newer) == Spot(START, WORK)
    assert mark.relisted(AccountState(True, {}), {}).origins == {}


def test_two_that_say_the_same_are_the_same() -> None:
    one, other = (Mark.parse(WHOLE.encode(), "whole", ()) for _ in range(2))
    assert one.same(other)
    assert not one.same(other.at(WORK, NEXT))
