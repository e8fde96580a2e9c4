from __future__ import annotations

import pytest

from gateway.errors import ProtocolViolation
from gateway.imap import routing_rights
from gateway.imap.name import MailboxName
from gateway.imap.response import Acl, Listed, ListRights, MyRights, Quota, QuotaRoot
from gateway.imap.routing import Want
from gateway.imap.routing_folders import Listing
from gateway.imap.routing_rights import AclOf, MyRightsOf, QuotaOf, QuotaRootOf, RightsFor
from tests.imap.test_routing import deliver

INBOX, A, B = MailboxName(b"INBOX"), MailboxName(b"a"), MailboxName(b"b")


def test_rights_go_by_their_mailbox() -> None:
    wants: list[Want] = [AclOf(A), AclOf(INBOX), MyRightsOf(A), MyRightsOf(B), RightsFor(A)]
    told = [
        Acl(MailboxName(b"inbox"), {b"x": "l"}),
        Acl(A, {}),
        MyRights(B, "lr"),
        MyRights(A, ""),
        ListRights(A, b"Bob", "", ("l",)),  # of a server that writes bob so
        Acl(B, {}),
        MyRights(INBOX, "l"),
        ListRights(B, b"bob", "", ()),
    ]
    assert deliver(wants, *told) == [1, 0, 3, 2, 4, None, None, None]


def test_two_that_ask_the_same_are_both_answered_and_the_last_counts() -> None:
    first, second = MyRightsOf(A), MyRightsOf(A)
    assert deliver([first, second], MyRights(A, "l"), MyRights(A, "lr"), MyRights(A, "lrs")) == [0, 1, 0]
    assert (first.rights, second.rights) == ("lrs", "lr")
    acl = AclOf(A)
    assert deliver([acl], Acl(A, {b"x": "l"}), Acl(A, {b"y": "l"})) == [0, 0]
    assert acl.rights == {b"y": "l"}


def test_rights_of_a_list_are_no_answer_to_who_asked_for_none() -> None:
    listing, asked = Listing(), Listing(rights=True)
    assert deliver([listing, asked], Listed(frozenset(), "/", A), MyRights(A, "lr")) == [0, 1]
    assert asked.rights == {A: "lr"}


def test_quota_goes_by_its_root() -> None:
    root, mine = QuotaRootOf(A), QuotaOf(b"r2")
    told = [QuotaRoot(A, (b"r1", b"")), Quota(b"r2", {}), Quota(b"", {"STORAGE": (1, 2)}), Quota(b"r3", {})]
    assert deliver([root, mine], *told) == [0, 1, 0, None]
    assert root.quotas == [Quota(b"r1", {}), Quota(b"", {"STORAGE": (1, 2)})]


def test_quotas_that_come_before_their_roots_are_kept_and_others_dropped() -> None:
    root = QuotaRootOf(A)
    told = [Quota(b"r1", {"MESSAGE": (1, 2)}), Quota(b"r9", {}), QuotaRoot(B, (b"r1",)), QuotaRoot(A, (b"r1", b"r1"))]
    assert deliver([root], *told) == [0, 0, None, 0]
    assert root.quotas == [Quota(b"r1", {"MESSAGE": (1, 2)})]


def test_a_mailbox_without_roots_has_no_quotas() -> None:
    assert QuotaRootOf(A).quotas == []


def test_endless_roots_are_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_rights, "MAX_ROOTS", 3)
    with pytest.raises(ProtocolViolation):
        deliver([QuotaRootOf(A)], *[Quota(b"%d" % number, {}) for number in range(5)])
