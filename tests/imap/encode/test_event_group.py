"""What NOTIFY asks for, on the wire."""

from __future__ import annotations

import pytest

from gateway.errors import InvalidRequest, LocalError
from gateway.imap.encode.arg import Literal
from gateway.imap.encode.command import command
from gateway.imap.encode.event_group import (
    FOLDERS,
    MESSAGES,
    Event,
    EventGroup,
    Mailboxes,
    Scope,
    Selected,
    Subtree,
    Watched,
    event_groups,
    no_events,
)
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName

NEW = (Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE)
LISTS = MailboxName(b"Lists (all)")


def wire(*groups: EventGroup, status: bool = False) -> bytes:
    pieces = command("NOTIFY", event_groups(groups, status=status)).parts
    return b"".join(piece if isinstance(piece, bytes) else b"{literal}" for piece in pieces)


def test_the_selected_mailbox_and_all_of_ones_own() -> None:
    assert wire(Selected(), Watched(Scope.PERSONAL)) == (
        b"NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) "
        b"(personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))"
    )


def test_items_of_new_messages() -> None:
    assert wire(Selected(NEW, (Item.UID, Item.FLAGS), delayed=True), status=True) == (
        b"NOTIFY SET STATUS (selected-delayed (MessageNew (UID FLAGS) MessageExpunge))"
    )


def test_named_mailboxes() -> None:
    assert wire(Watched(Subtree((LISTS,)), NEW), Watched(Mailboxes((MailboxName(b"a"), MailboxName(b"b"))), ())) == (
        b'NOTIFY SET (subtree ("Lists (all)") (MessageNew MessageExpunge)) (mailboxes ("a" "b") NONE)'
    )


def test_a_name_that_no_quoting_holds_is_a_literal() -> None:
    parts = command("NOTIFY", event_groups([Watched(Mailboxes((MailboxName(b"x\r\nA1 LOGOUT"),)), NEW)])).parts
    assert Literal(b"x\r\nA1 LOGOUT") in parts
    with pytest.raises(InvalidRequest):
        event_groups([Watched(Mailboxes((MailboxName(b"a\0b"),)), NEW)])


def test_none() -> None:
    assert b"".join(part for part in command("NOTIFY", no_events()).parts if isinstance(part, bytes)) == b"NOTIFY NONE"


@pytest.mark.parametrize(
    "groups",
    [
        (),
        (Selected(), Selected(delayed=True)),
        (Selected(FOLDERS),),
        (Selected((Event.FLAG_CHANGE,)),),
        (Selected((Event.MESSAGE_NEW,)),),
        (Selected((), (Item.UID,)),),
        (Watched(Scope.PERSONAL, (Event.MESSAGE_EXPUNGE,)),),
        (Watched(Scope.INBOXES, (Event.FLAG_CHANGE, Event.MESSAGE_NEW)),),
        (Watched(Subtree(())),),
    ],
)
def test_what_servers_answer_with_bad_is_never_said(groups: tuple[EventGroup, ...]) -> None:
    with pytest.raises(LocalError):
        wire(*groups)


def test_each_event_is_said_once() -> None:
    assert wire(Watched(Scope.SUBSCRIBED, (*MESSAGES, *MESSAGES))).count(b"FlagChange") == 1
