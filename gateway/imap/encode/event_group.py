"""What NOTIFY can be asked for: events, and the mailboxes they are of (RFC 5465 section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from gateway.errors import LocalError
from gateway.imap.encode.arg import Arg, group, joined, mailbox, word
from gateway.imap.encode.fetch_item import FetchItem, fetch_items
from gateway.imap.name import MailboxName


class Event(Enum):
    """RFC 5465 section 5; the value is the word on the wire."""

    MESSAGE_NEW = b"MessageNew"
    MESSAGE_EXPUNGE = b"MessageExpunge"
    FLAG_CHANGE = b"FlagChange"
    MAILBOX_NAME = b"MailboxName"
    SUBSCRIPTION_CHANGE = b"SubscriptionChange"


MESSAGES: Final = (Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE, Event.FLAG_CHANGE)
FOLDERS: Final = (Event.MAILBOX_NAME, Event.SUBSCRIPTION_CHANGE)


class Scope(Enum):
    """Mailboxes that need not be named (RFC 5465 section 6)."""

    PERSONAL = b"personal"
    INBOXES = b"inboxes"
    SUBSCRIBED = b"subscribed"


class Subtree(Struct, frozen=True):
    """These mailboxes and all below them (RFC 5465 section 6.5)."""

    names: tuple[MailboxName, ...]


class Mailboxes(Struct, frozen=True):
    """Exactly these (RFC 5465 section 6.6)."""

    names: tuple[MailboxName, ...]


class Selected(Struct, frozen=True):
    """Events of the messages of whichever mailbox is selected (RFC 5465 section 6.1).

    ``items`` are fetched of each new message. ``delayed``: what was expunged is told by NOOP and IDLE only, so that
    message numbers stay what they are meanwhile.
    """

    events: tuple[Event, ...] = MESSAGES
    items: tuple[FetchItem, ...] = ()
    delayed: bool = False


class Watched(Struct, frozen=True):
    """Events of mailboxes other than the selected one. No event: these mailboxes are left out."""

    mailboxes: Scope | Subtree | Mailboxes
    events: tuple[Event, ...] = (*MESSAGES, *FOLDERS)


EventGroup = Selected | Watched


def event_groups(groups: Sequence[EventGroup], *, status: bool = False) -> Arg:
    """SET and the groups; ``status``: have the server tell the state of each mailbox first.

    Raises LocalError for what RFC 5465 section 5 has servers answer with BAD.
    """
    if not groups or sum(isinstance(each, Selected) for each in groups) > 1:
        raise LocalError("NOTIFY wants event groups, and the selected mailbox in one of them at most")
    first = word(b"SET STATUS" if status else b"SET")
    return Arg(joined([first, *map(_group, groups)]))


def no_events() -> Arg:
    return word(b"NONE")


def _group(each: EventGroup) -> Arg:
    _check(each.events)
    match each:
        case Selected(events=events, items=items, delayed=delayed):
            if set(events) - set(MESSAGES) or (items and Event.MESSAGE_NEW not in events):
                raise LocalError("not an event of the selected mailbox")
            where = word(b"selected-delayed" if delayed else b"selected")
            return group([where, _events(events, items)])
        case Watched(mailboxes=mailboxes, events=events):
            return group([_where(mailboxes), _events(events, ())])


def _check(events: Sequence[Event]) -> None:
    """RFC 5465 section 5: new and expunged messages come together, changed flags only with both."""
    new, gone = Event.MESSAGE_NEW in events, Event.MESSAGE_EXPUNGE in events
    if new is not gone or (Event.FLAG_CHANGE in events and not new):
        raise LocalError("events that come only together")


def _where(mailboxes: Scope | Subtree | Mailboxes) -> Arg:
    match mailboxes:
        case Scope():
            return word(mailboxes.value)
        case Subtree(names=names):
            return _named(b"subtree", names)
        case Mailboxes(names=names):
            return _named(b"mailboxes", names)


def _named(kind: bytes, names: Sequence[MailboxName]) -> Arg:
    if not names:
        raise LocalError("no mailbox at all")
    return Arg(joined([word(kind), group([mailbox(name) for name in names])]))


def _events(events: Sequence[Event], items: Sequence[FetchItem]) -> Arg:
    if not events:
        return word(b"NONE")
    args: list[Arg] = []
    for event in dict.fromkeys(events):
        args.append(word(event.value))
        if event is Event.MESSAGE_NEW and items:
            args.append(fetch_items(items))
    return group(args)
