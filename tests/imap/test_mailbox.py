from __future__ import annotations

import pytest

from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import (
    Code,
    Condition,
    Exists,
    Expunged,
    Fetched,
    FlagsCode,
    MailboxFlags,
    NumberCode,
    Response,
    Tagged,
    Vanished,
)
from gateway.imap.uids import UidSet


def mailbox(*responses: Response) -> Mailbox:
    model = Mailbox(MailboxName(b"INBOX"))
    for response in responses:
        model.apply(response)
    return model


def code(name: str, number: int) -> Condition:
    return Condition("OK", NumberCode(name, number=number))


def test_what_a_select_tells() -> None:
    model = mailbox(
        MailboxFlags((b"\\Seen",)),
        Condition("OK", FlagsCode("PERMANENTFLAGS", flags=(b"\\*",))),
        Exists(3),
        code("UIDVALIDITY", 7),
        code("UIDNEXT", 10),
        code("HIGHESTMODSEQ", 55),
        Tagged("A1", "OK", Code("READ-ONLY")),
    )
    assert (model.exists, model.uidvalidity, model.uidnext, model.highestmodseq) == (3, 7, 10, 55)
    assert (model.flags, model.permanent_flags, model.readonly) == ((b"\\Seen",), (b"\\*",), True)


@pytest.mark.parametrize("response", [code("HIGHESTMODSEQ", 0), Condition("OK", Code("NOMODSEQ"))])
def test_no_mod_sequences(response: Response) -> None:
    model = mailbox(response)
    assert model.highestmodseq is None
    model.apply(Fetched(1, modseq=9))
    assert model.highestmodseq is None


def test_expunge_and_vanished_count_down_and_not_below_nothing() -> None:
    model = mailbox(Exists(5), Expunged(1), Vanished(UidSet.span(3, 4), False))
    assert model.exists == 2
    model.apply(Vanished(UidSet.from_(1), False))
    assert model.exists == 0


def test_vanished_earlier_is_no_news() -> None:
    model = mailbox(Exists(5))
    before = model.version
    model.apply(Vanished(UidSet.span(1, 4), True))
    assert (model.exists, model.version) == (5, before)


def test_mod_sequences_rise_and_never_fall() -> None:
    model = mailbox(code("HIGHESTMODSEQ", 50), Fetched(1, modseq=60), Fetched(2, modseq=55))
    assert model.highestmodseq == 60


def test_news_is_what_nobody_asked_for() -> None:
    model = mailbox(Exists(5))
    model.changed = False
    version = model.version
    model.apply(Fetched(1, flags=(b"a",)), ours=True)
    model.apply(Exists(5))
    assert (model.changed, model.version) == (False, version)
    for response in (Fetched(1, flags=(b"b",)), Exists(6), Expunged(1)):
        model.changed = False
        model.apply(response)
        version += 1
        assert (model.changed, model.version) == (True, version)


def test_a_reset_forgets_the_mailbox_before() -> None:
    model = mailbox(Exists(5), code("UIDVALIDITY", 7), code("HIGHESTMODSEQ", 9), code("UIDNEXT", 8))
    model.reset()
    assert (model.exists, model.uidvalidity, model.uidnext, model.highestmodseq) == (0, None, None, None)
