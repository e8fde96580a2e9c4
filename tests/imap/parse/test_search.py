from __future__ import annotations

import time

import pytest

from gateway.errors import ProtocolViolation
from gateway.imap.parse import parse
from gateway.imap.response import Esearch, Found, Partial, Response, Threads, Vanished
from gateway.imap.uids import SequenceSet, UidSet
from tests.imap.cuts import response


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"SEARCH 2 84 882", Found("SEARCH", (2, 84, 882))),
        (b"SEARCH", Found("SEARCH", ())),
        (b"SEARCH ", Found("SEARCH", ())),
        (b"SEARCH 2 5  6 (MODSEQ 917162500)", Found("SEARCH", (2, 5, 6), 917162500)),
        (b"SEARCH (MODSEQ 9)", Found("SEARCH", (), 9)),
        (b"SORT 5 3 4 1 2", Found("SORT", (5, 3, 4, 1, 2))),
        (b"search 007", Found("SEARCH", (7,))),
        (b"VANISHED (EARLIER) 41,43:116", Vanished(UidSet([(41, 41), (43, 116)]), True)),
        (b"VANISHED 405,407", Vanished(UidSet.of([405, 407]), False)),
        (b"VANISHED (earlier) ", Vanished(UidSet(), True)),
        (
            b'ESEARCH (TAG "A282") MIN 2 COUNT 3 MAX 9',
            Esearch("A282", False, 2, 9, 3),
        ),
        (
            b"ESEARCH UID ALL 2,10:11 MODSEQ 5",
            Esearch(uid=True, all=UidSet.parse(b"2,10:11"), modseq=5, order=((2, 2), (10, 11))),
        ),
        (b'ESEARCH (TAG "a") ALL 1', Esearch("a", all=SequenceSet.of([1]), order=((1, 1),))),
        (
            b'ESEARCH (TAG "a") UID ALL 9,3:4,7',
            Esearch("a", True, all=UidSet.of([3, 4, 7, 9]), order=((9, 9), (3, 4), (7, 7))),
        ),
        (b'ESEARCH (TAG "a") UID', Esearch("a", uid=True)),
        (b"ESEARCH", Esearch()),
        (b'ESEARCH (TAG "a" MAILBOX x UIDVALIDITY 1) UID X-NEW (a b) COUNT 0', Esearch("a", True, count=0)),
        (
            b'ESEARCH (TAG "a") UID PARTIAL (-1:-100 200:250) COUNT 5',
            Esearch("a", True, count=5, partial=Partial("-1:-100", UidSet.span(200, 250), ((200, 250),))),
        ),
        (b'ESEARCH (TAG "a") UID PARTIAL (1:5 NIL)', Esearch("a", True, partial=Partial("1:5", UidSet()))),
        (
            b"THREAD (2)(3 6 (4 23)(44 7 96))",
            Threads((((0, 2),), ((0, 3), (1, 6), (2, 4), (3, 23), (2, 44), (3, 7), (4, 96)))),
        ),
        (b"THREAD ((3)(5))", Threads((((0, None), (1, 3), (1, 5)),))),
        (b"THREAD", Threads(())),
    ],
)
def test_responses(octets: bytes, value: Response) -> None:
    assert response(b"* " + octets) == value


@pytest.mark.parametrize(
    "octets",
    [
        b"SEARCH 0",
        b"SEARCH x",
        b"SEARCH 1_0",
        b"SEARCH +1",
        b"SEARCH 4294967296",
        b"SEARCH 99999999999",
        b"SEARCH (MODSEQ x)",
        b"SEARCH 1,2",
        b"VANISHED x",
        b"VANISHED 1:*",
        b"VANISHED (LATER) 1",
        b"ESEARCH ALL x",
        b"ESEARCH COUNT (1)",
        b"ESEARCH MIN 4294967296",
        b"ESEARCH (TAG",
        b"THREAD 1",
        b"THREAD (1 x)",
        b"THREAD (0)",
    ],
)
def test_malformed(octets: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse([b"* " + octets])


def test_a_million_results() -> None:
    line = b"* SEARCH " + b" ".join(b"%d" % number for number in range(1, 1_000_001))
    began = time.process_time()
    got = parse([line])
    assert isinstance(got, Found)
    assert len(got.numbers) == 1_000_000
    assert time.process_time() - began < 2


def test_a_thread_nested_too_deep_is_refused_and_nothing_worse() -> None:
    with pytest.raises(ProtocolViolation):
        parse([b"* THREAD " + b"(1 " * 5000 + b")" * 5000])
