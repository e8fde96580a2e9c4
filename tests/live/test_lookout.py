"""Whether what STATUS says of a folder calls for a look, or for another connection."""

from __future__ import annotations

from gateway.imap.name import MailboxName
from gateway.live.lookout import Lookout
from gateway.sync.state import FolderState

STATE = FolderState(7, 4, 20, 3)
AGREED = {"UIDVALIDITY": 7, "UIDNEXT": 4, "MESSAGES": 3, "HIGHESTMODSEQ": 20, "UNSEEN": 1}
OTHER = AGREED | {"UIDNEXT": 5, "MESSAGES": 4}


def looked() -> Lookout:
    lookout = Lookout(MailboxName(b"Work"))
    lookout.state = STATE
    return lookout


def test_what_agrees_is_neither_looked_at_nor_doubted() -> None:
    lookout = looked()
    assert [lookout.differs(AGREED) for _ in range(3)] == [False] * 3
    assert not lookout.doubtful


def test_what_a_look_does_not_settle_is_looked_at_by_another_connection() -> None:
    lookout = looked()
    assert lookout.differs(OTHER)
    assert not lookout.doubtful
    assert not lookout.differs(OTHER)
    assert lookout.doubtful


def test_where_another_connection_sees_the_same_it_is_never_doubted_again() -> None:
    lookout = looked()
    for _ in range(2):
        lookout.differs(OTHER)
    lookout.doubtful = False
    lookout.forget()
    for values in (OTHER, OTHER, OTHER | {"UIDNEXT": 6}, OTHER | {"UIDNEXT": 6}):
        lookout.differs(values)
        assert not lookout.doubtful


def test_a_mod_sequence_alone_is_no_reason_to_doubt() -> None:
    lookout = looked()
    for _ in range(3):
        lookout.differs(AGREED | {"HIGHESTMODSEQ": 99})
    assert not lookout.doubtful
