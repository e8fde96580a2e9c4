"""The defects that were measured in a stock client library, each against this gateway's own pure layer."""

from __future__ import annotations

import time

import pytest

from gateway.errors import InvalidRequest, LocalError, ProtocolViolation
from gateway.imap import limits
from gateway.imap.encode import arg
from gateway.imap.encode.arg import Arg, StreamLiteral
from gateway.imap.encode.command import Wait, command
from gateway.imap.encode.fetch_item import Section
from gateway.imap.framer import Framer
from gateway.imap.name import MailboxName
from gateway.imap.parse import parse
from gateway.imap.response import Fetched, SectionKey, Tagged
from tests.imap.cuts import fetched
from tests.imap.encode.reader import read
from tests.imap.encode.test_command import nothing


def envelope(subject: bytes) -> bytes:
    return b'ENVELOPE (NIL "' + subject + b'" NIL NIL NIL NIL NIL NIL NIL NIL)'


def test_subject_with_asterisks_arrives_as_sent() -> None:
    got = fetched(b"* 1 FETCH (UID 5 " + envelope(b"5 * 3 * 2") + b")")
    assert got.envelope is not None
    assert got.envelope.subject == b"5 * 3 * 2"


def test_a_smiling_subject_does_not_swallow_the_next_message() -> None:
    octets = b"".join(b"* %d FETCH (UID %d %s)\r\n" % (seq, seq, envelope(b"smile :(")) for seq in (1, 2, 3))
    got = [parse(frame) for frame in Framer().feed(octets)]
    assert [each.uid for each in got if isinstance(each, Fetched)] == [1, 2, 3]


def test_fake_responses_in_a_large_body_are_never_taken_for_the_servers() -> None:
    fake = b":)\r\n* 99 FETCH (UID 99 FLAGS (\\Deleted))\r\na1 OK done\r\n" * 2000
    octets = b"* 1 FETCH (UID 5 %s BODY[] {%d}\r\n%s FLAGS ())\r\n" % (envelope(b"ha :)"), len(fake), fake)
    for step in (1000, 1460, 4096, 16384, len(octets)):
        framer = Framer()
        frames = [frame for at in range(0, len(octets), step) for frame in framer.feed(octets[at : at + step])]
        (frame,) = frames
        got = parse(frame)
        assert isinstance(got, Fetched)
        assert (got.seq, got.uid, got.flags) == (1, 5, ())
        assert got.sections == {SectionKey(): fake}


def test_two_appends_keep_their_own_literals() -> None:
    one, two = StreamLiteral(5, nothing()), StreamLiteral(25, nothing())
    lines = [command("APPEND", arg.mailbox(MailboxName(b"x")), Arg((literal,))) for literal in (one, two)]
    assert lines[0].pieces(tag="a1") == [b'a1 APPEND "x" {5}\r\n', Wait(), one, b"\r\n"]
    assert lines[1].pieces(tag="a2") == [b'a2 APPEND "x" {25}\r\n', Wait(), two, b"\r\n"]


def test_100000_lines_in_one_chunk_are_fine() -> None:
    octets = b"* 1 EXISTS\r\n" * 100_000 + b"a1 OK done\r\n"
    began = time.process_time()
    frames = list(Framer().feed(octets))
    assert len(frames) == 100_001
    assert parse(frames[-1]) == Tagged("a1", "OK", None, "done")
    assert time.process_time() - began < 2


@pytest.mark.parametrize("name", ["INBOX (CONDSTORE)", "x {10}", "x {10+}\r\na2 CREATE evil", '") (', "a\\"])
def test_user_arguments_are_always_one_argument(name: str) -> None:
    line = command("SELECT", arg.text(name, field="folder"))
    octets = b"".join(step for step in line.pieces(literal_plus=True) if isinstance(step, bytes))
    assert read(octets) == ["SELECT", name.encode()]


def test_nul_can_not_be_said_anywhere() -> None:
    with pytest.raises(InvalidRequest):
        arg.text("a\0", field="q")
    with pytest.raises(InvalidRequest):
        MailboxName.from_text("a\0")
    with pytest.raises(InvalidRequest):
        arg.flag_list([b"a\0"])
    with pytest.raises(InvalidRequest):
        Section(text="HEADER.FIELDS", fields=("a\0",))
    with pytest.raises(LocalError):
        command("NOOP\0")


@pytest.mark.parametrize(
    "octets",
    [b"* X " + b"y" * (limits.MAX_LINE + 1), b"* X {4000000000}\r\n", b"* LIST " + b"(" * 5000 + b")" * 5000 + b"\r\n"],
    ids=["line", "literal", "nesting"],
)
def test_line_literal_and_nesting_are_capped(octets: bytes) -> None:
    def run() -> None:
        for frame in Framer().feed(octets):
            parse(frame)

    with pytest.raises(ProtocolViolation):
        run()


def test_nesting_costs_a_fetch_only_the_item() -> None:
    got = fetched(b"* 1 FETCH (UID 5 BODYSTRUCTURE " + b"(" * 5000 + b")" * 5000 + b" FLAGS (a))")
    assert (got.uid, got.flags, got.broken) == (5, (b"a",), frozenset({"BODYSTRUCTURE"}))


def test_one_broken_message_does_not_fail_the_page() -> None:
    octets = (
        b"* 1 FETCH (UID 1 " + envelope(b"one") + b")\r\n"
        b"* 2 FETCH (UID 2 ENVELOPE (broken FLAGS (a))\r\n"
        b"* 3 FETCH (UID 3 " + envelope(b"three") + b")\r\na1 OK\r\n"
    )
    got = [parse(frame) for frame in Framer().feed(octets)]
    assert [(each.uid, each.broken) for each in got if isinstance(each, Fetched)] == [
        (1, frozenset()),
        (2, frozenset({"ENVELOPE"})),
        (3, frozenset()),
    ]
    assert got[-1] == Tagged("a1", "OK")
