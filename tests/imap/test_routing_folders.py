from __future__ import annotations

from gateway.imap.name import MailboxName
from gateway.imap.response import (
    Listed,
    Status,
)
from gateway.imap.routing import Want
from gateway.imap.routing_folders import Listing, StatusOf
from tests.imap.test_routing import deliver


def test_status_goes_by_its_mailbox() -> None:
    wants: list[Want] = [StatusOf(MailboxName(b"a")), StatusOf(MailboxName(b"inbox"))]
    assert deliver(wants, Status(MailboxName(b"INBOX"), {}), Status(MailboxName(b"a"), {})) == [1, 0]
    assert deliver(wants, Status(MailboxName(b"b"), {})) == [None]


def test_list_status_takes_status_but_a_status_command_comes_first() -> None:
    name = MailboxName(b"a")
    wants: list[Want] = [StatusOf(name), Listing(status=True), Listing()]
    listed = Listed(frozenset(), "/", name)
    assert deliver(wants, listed, Status(name, {}), Status(name, {})) == [1, 0, 1]


def test_lsub_is_not_list() -> None:
    listed = Listed(frozenset(), "/", MailboxName(b"a"), lsub=True)
    assert deliver([Listing(), Listing(lsub=True)], listed) == [1]
