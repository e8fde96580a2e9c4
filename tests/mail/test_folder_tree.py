"""What the folder tree makes of every server's habits."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from gateway.imap.name import MailboxName
from gateway.imap.response import Listed, Namespaces, Status
from gateway.imap.session_folders import ListedFolder
from gateway.mail.folder_tree import Place, folder_tree, place, state_token
from gateway.mail.resource import MailboxRights
from gateway.sync.state import FolderState

NONE = Namespaces(personal=((b"", "/"),))


def listed(
    name: str, *attributes: str, delimiter: str | None = "/", status: dict[str, int | str] | None = None
) -> ListedFolder:
    mailbox = MailboxName.from_text(name)
    values = Status(mailbox, status) if status is not None else None
    return ListedFolder(Listed(frozenset(attributes), delimiter, mailbox), values, subscribed=True)


def roles(*folders: ListedFolder) -> dict[str, str | None]:
    return {folder.name: folder.role for folder in folder_tree(folders, NONE)}


def test_the_servers_marks_decide_before_names() -> None:
    found = roles(listed("INBOX"), listed("Sent"), listed("Gesendet", "\\sent"), listed("Spam", "\\junk"))
    assert found == {"INBOX": "inbox", "Gesendet": "sent", "Spam": "junk", "Sent": None}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Sent Items", "sent"),
        ("Deleted Items", "trash"),
        ("Junk E-mail", "junk"),
        ("Drafts", "drafts"),
        ("Other", None),
    ],
)
def test_usual_names_serve_where_nothing_is_marked(name: str, role: str | None) -> None:
    assert roles(listed("INBOX"), listed(name))[name] == role


def test_a_role_goes_to_one_folder_and_never_to_one_that_holds_no_mail() -> None:
    assert roles(listed("Trash", "\\noselect"), listed("Deleted Items")) == {"Trash": None, "Deleted Items": "trash"}
    assert list(roles(listed("A", "\\sent"), listed("B", "\\sent")).values()).count("sent") == 1


def test_roles_come_first_then_names_and_parents_before_children() -> None:
    tree = folder_tree(
        [listed("zeta"), listed("Alpha/Beta"), listed("Alpha"), listed("Trash", "\\trash"), listed("INBOX")], NONE
    )
    assert [folder.path for folder in tree] == [["INBOX"], ["Trash"], ["Alpha"], ["Alpha", "Beta"], ["zeta"]]
    by_name = {folder.name: folder for folder in tree}
    assert by_name["Beta"].parent_id == by_name["Alpha"].id


def test_a_parent_that_is_not_listed_is_none() -> None:
    (child,) = folder_tree([listed("Ghost/Child")], NONE)
    assert (child.parent_id, child.path) == (None, ["Ghost", "Child"])


def test_what_does_not_exist_is_left_out_and_what_holds_no_mail_is_said() -> None:
    (folder,) = folder_tree([listed("Gone", "\\nonexistent"), listed("Only/Folders", "\\noselect")], NONE)
    assert (folder.name, folder.may_select, folder.total_messages) == ("Folders", False, None)


def test_what_does_not_exist_but_holds_folders_is_shown_as_closed() -> None:
    parent, child = folder_tree([listed("Gone", "\\nonexistent"), listed("Gone/Child")], NONE)
    assert (parent.name, parent.may_select) == ("Gone", False)
    assert child.parent_id == parent.id


def test_a_name_that_can_have_no_id_costs_the_others_nothing() -> None:
    odd = ListedFolder(Listed(frozenset(), "/", MailboxName(b"x" * 5000)), None, subscribed=False)
    empty = ListedFolder(Listed(frozenset(), "/", MailboxName(b"")), None, subscribed=False)
    assert [folder.name for folder in folder_tree([odd, empty, listed("INBOX")], NONE)] == ["INBOX"]


def test_counts_and_state_are_those_of_status() -> None:
    status: dict[str, int | str] = {"MESSAGES": 5, "UNSEEN": 2, "UIDNEXT": 9, "UIDVALIDITY": 3, "HIGHESTMODSEQ": 77}
    (folder,) = folder_tree([listed("INBOX", status=status)], NONE)
    assert (folder.total_messages, folder.unread_messages) == (5, 2)
    assert folder.state == FolderState(3, 9, 77, 5).encode()
    assert state_token({"MESSAGES": 5}) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INBOX", Place("personal", None)),
        ("Other Users/bob/Inbox", Place("other", "bob")),
        ("Shared/team", Place("shared", None)),
        ("Sharedly", Place("personal", None)),
        ("Other Users/", Place("other", None)),
        ("Other Users", Place("other", None)),
        ("Shared", Place("shared", None)),
        ("Other", Place("personal", None)),
    ],
)
def test_namespaces_tell_whose_a_folder_is(name: str, expected: Place) -> None:
    spaces = Namespaces(personal=((b"", "/"),), other=((b"Other Users/", "/"),), shared=((b"Shared/", "/"),))
    assert place(MailboxName.from_text(name), spaces) == expected


def test_what_others_share_has_no_role_whatever_it_is_called_or_marked() -> None:
    """Or what is deleted would go to their trash."""
    spaces = Namespaces(personal=((b"", "/"),), other=((b"Other Users/", "/"),), shared=((b"Public/", "/"),))
    theirs = [listed("Other Users/bob/Trash", "\\trash"), listed("Public/Sent", "\\sent")]
    tree = folder_tree([*theirs, listed("INBOX"), listed("Deleted Items")], spaces)
    assert {"/".join(folder.path): folder.role for folder in tree} == {
        "INBOX": "inbox",
        "Deleted Items": "trash",
        "Other Users/bob/Trash": None,
        "Public/Sent": None,
    }


def test_rights_are_shown_where_they_are_known() -> None:
    known = ListedFolder(Listed(frozenset(), "/", MailboxName(b"a")), None, subscribed=False, rights="lrs")
    a, b = folder_tree([known, listed("b")], NONE)
    assert isinstance(a.my_rights, MailboxRights)
    assert (a.my_rights.letters, a.my_rights.may_set_seen, b.my_rights) == ("lrs", True, UNSET)
