"""What changed in a list of folders, case by case: the function is pure, so each habit of a server has its row."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.errors import Unprocessable
from gateway.imap.name import MailboxName
from gateway.imap.response import Listed, Namespaces, Status
from gateway.imap.session import ListedFolder
from gateway.mail import folder_changes as module
from gateway.mail.address import name_of_folder
from gateway.mail.folder_changes import FolderDifference, behind, folder_changes
from gateway.sync.account_state import AccountState, KnownFolder
from gateway.sync.state import FolderState, Late, Lost

NONE = Namespaces(personal=((b"", "/"),))


def folder(
    name: str,
    validity: int | None = 1,
    uidnext: int = 10,
    messages: int = 5,
    *,
    subscribed: bool = True,
    marks: str = "",
) -> ListedFolder:
    mailbox = MailboxName(name.encode())
    values = {"UIDVALIDITY": validity, "UIDNEXT": uidnext, "MESSAGES": messages, "HIGHESTMODSEQ": 7}
    status = Status(mailbox, values) if validity is not None else None  # type: ignore[arg-type]  # None is filtered
    return ListedFolder(Listed(frozenset(marks.split()), "/", mailbox), status, subscribed)


def known(validity: int = 1, uidnext: int = 10, messages: int = 5, *, subscribed: bool = True) -> KnownFolder:
    return KnownFolder(subscribed, True, FolderState(validity, uidnext, 7, messages))


def difference(old: dict[str, KnownFolder] | None, *listed: ListedFolder, whole: bool = True) -> FolderDifference:
    state = None if old is None else AccountState(whole, {name.encode(): each for name, each in old.items()})
    return folder_changes(state, listed, NONE)


def told(found: FolderDifference) -> dict[str, list[str]]:
    """The names in each part of the answer."""
    renamed = [f"{name_of(each.id)}>{each.folder.name}" for each in found.told.renamed]
    return {
        "destroyed": [name_of(id_) for id_ in found.told.destroyed],
        "renamed": renamed,
        "created": [each.name for each in found.told.created],
        "updated": [each.name for each in found.told.updated],
    }


def name_of(id_: str) -> str:
    return name_of_folder(id_).text


NOTHING: dict[str, list[str]] = {"destroyed": [], "renamed": [], "created": [], "updated": []}


def test_from_nothing_every_folder_is_new_and_none_has_a_state() -> None:
    found = difference(None, folder("INBOX"), folder("Work", 2))
    assert told(found) == {**NOTHING, "created": ["INBOX", "Work"]}
    assert found.state == AccountState(True, {b"INBOX": KnownFolder(True), b"Work": KnownFolder(True)})


@pytest.mark.parametrize(
    ("old", "listed", "expected"),
    [
        ({"A": known()}, [folder("A")], {}),
        ({"A": known()}, [folder("A", uidnext=20, messages=9)], {}),  # what is in it is not what it is
        ({"A": known()}, [], {"destroyed": ["A"]}),
        ({}, [folder("A")], {"created": ["A"]}),
        ({"A": known()}, [folder("A", subscribed=False)], {"updated": ["A"]}),
        ({"A": known()}, [folder("A", 2)], {"destroyed": ["A"], "created": ["A"]}),
        ({"A": known()}, [folder("A", uidnext=9)], {"destroyed": ["A"], "created": ["A"]}),
        ({"A": known()}, [folder("A", None, marks="\\noselect \\haschildren")], {"destroyed": ["A"], "created": ["A"]}),
        ({"A": KnownFolder(True, False)}, [folder("A")], {"updated": ["A"]}),
        ({"A": known()}, [folder("A", None)], {}),  # STATUS was refused: nothing is known against it
        ({"A": known()}, [folder("B")], {"renamed": ["A>B"]}),
        ({"A": known(3), "C": known()}, [folder("B", 3), folder("C")], {"renamed": ["A>B"]}),
        ({"A": known()}, [folder("B", uidnext=9)], {"destroyed": ["A"], "created": ["B"]}),
        ({"A": known()}, [folder("B"), folder("C")], {"destroyed": ["A"], "created": ["B", "C"]}),
        ({"A": known(), "B": known()}, [folder("C")], {"destroyed": ["A", "B"], "created": ["C"]}),
        ({"A": known(), "B": known()}, [folder("B"), folder("C")], {"destroyed": ["A"], "created": ["C"]}),
        ({"A": known(), "B": known(2)}, [folder("B"), folder("C")], {"destroyed": ["A", "B"], "created": ["B", "C"]}),
        ({"A": known(messages=2001)}, [folder("B", messages=2001)], {"destroyed": ["A"], "created": ["B"]}),
        ({"A": known(0)}, [folder("B", 0)], {"destroyed": ["A"], "created": ["B"]}),  # no UIDVALIDITY at all
        ({"A": KnownFolder(True)}, [folder("B")], {"destroyed": ["A"], "created": ["B"]}),
        ({"A": known()}, [folder("B", None)], {"destroyed": ["A"], "created": ["B"]}),
    ],
)
def test_each_change_is_told_as_what_it_is(
    old: dict[str, KnownFolder], listed: list[ListedFolder], expected: dict[str, list[str]]
) -> None:
    found = difference(old, *listed)
    assert told(found) == {**NOTHING, **expected}
    assert set(found.state.folders) == {each.listed.name.wire for each in listed}


@pytest.mark.parametrize("step", [folder("A", 2), folder("B"), folder("B", 5), folder("A", subscribed=False)])
def test_what_was_told_is_not_told_again(step: ListedFolder) -> None:
    found = difference({"A": known()}, step)
    assert told(folder_changes(found.state, [step], NONE)) == NOTHING


def test_the_messages_of_a_renamed_folder_are_gone_on_with_and_those_of_a_new_one_are_all_to_come() -> None:
    found = difference({"A": known(3), "B": known(4)}, folder("Other", 3), folder("B", 5))
    assert found.state.folders[b"Other"].state == known(3).state
    assert found.state.folders[b"B"].state is None
    assert [(move.old.wire, move.new.wire) for move in found.renamings] == [(b"A", b"Other")]


def test_a_renaming_that_could_not_be_told_is_a_folder_gone_and_one_new() -> None:
    old = AccountState(True, {b"A": known()})
    found = folder_changes(old, [folder("B")], NONE, unmoved={MailboxName(b"A")})
    assert told(found) == {**NOTHING, "destroyed": ["A"], "created": ["B"]}
    assert found.state.folders[b"B"].state is None


def test_of_many_renamed_folders_only_so_many_messages_are_named_in_one_answer() -> None:
    old = {f"A{number}": known(number, messages=1900) for number in range(1, 10)}
    found = difference(old, *(folder(f"B{number}", number, messages=1900) for number in range(1, 10)))
    assert (len(found.told.renamed), len(found.told.created), len(found.told.destroyed)) == (5, 4, 4)


def test_a_token_of_some_folders_speaks_of_no_other() -> None:
    old = {"A": known(), "B": known(2)}
    found = difference(old, folder("A"), folder("New", 9), whole=False)
    assert told(found) == {**NOTHING, "destroyed": ["B"]}
    assert set(found.state.folders) == {b"A"}
    assert found.state.whole is False


def test_more_folders_than_a_token_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FOLDERS", 2)
    with pytest.raises(Unprocessable):
        difference(None, folder("A"), folder("B"), folder("C"))


SAME = {"UIDVALIDITY": 1, "UIDNEXT": 10, "MESSAGES": 5, "HIGHESTMODSEQ": 7}
STATE = FolderState(1, 10, 7, 5, flags=b"12345678")


@pytest.mark.parametrize(
    ("state", "values", "expected"),
    [
        (STATE, SAME, False),
        (None, SAME, True),
        (STATE, {**SAME, "MESSAGES": 4}, True),
        (STATE, {**SAME, "HIGHESTMODSEQ": 8}, True),
        (STATE, {**SAME, "UIDNEXT": 11}, True),
        (STATE, {key: SAME[key] for key in ("UIDVALIDITY", "UIDNEXT", "MESSAGES")}, True),  # it tells them no more
        (replace(STATE, highestmodseq=0), {key: SAME[key] for key in ("UIDVALIDITY", "UIDNEXT", "MESSAGES")}, False),
        (replace(STATE, late=Late(3, 1, 9)), SAME, True),
        (replace(STATE, lost=Lost(3, 1)), SAME, True),
    ],
)
def test_a_folder_is_opened_where_its_numbers_differ(
    state: FolderState | None, values: dict[str, int], expected: bool
) -> None:
    assert behind(state, values) is expected
