"""Which messages a bulk request means."""

from __future__ import annotations

import pytest

from gateway.errors import InvalidRequest
from gateway.imap.name import MailboxName
from gateway.mail.request import Filter, Selection
from gateway.mail.resource import Outcome
from gateway.mail.selection import ids_of, in_order
from gateway.sync.ids import MessageId

INBOX = MailboxName(b"INBOX")


def an_id(uid: int, mailbox: bytes = b"INBOX") -> str:
    return MessageId(mailbox, 7, uid).encode()


def test_ids_are_parsed_before_anything_is_sent() -> None:
    assert ids_of(Selection(ids=[an_id(3)]), INBOX, 10) == (MessageId(b"INBOX", 7, 3),)
    assert ids_of(Selection(filter=Filter(unseen=True)), INBOX, 10) is None


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(ids=[an_id(1)], filter=Filter(unseen=True)),
        Selection(ids=[]),
        Selection(ids=[an_id(1), "nonsense"]),
        Selection(ids=[an_id(1, b"Other")]),
        Selection(ids=[an_id(number) for number in range(1, 12)]),
    ],
)
def test_what_is_no_selection_is_refused(selection: Selection) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ids_of(selection, INBOX, 10)
    assert (caught.value.field or "").startswith("ids")


def test_outcomes_come_in_the_clients_order_each_once() -> None:
    asked = (MessageId(b"INBOX", 7, 5), MessageId(b"INBOX", 7, 2), MessageId(b"INBOX", 7, 5))
    outcomes = [Outcome(id=an_id(2), status=200), Outcome(id=an_id(5), status=404)]
    assert [outcome.id for outcome in in_order(outcomes, asked)] == [an_id(5), an_id(2)]
