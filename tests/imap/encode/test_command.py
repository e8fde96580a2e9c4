from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.errors import InvalidRequest, LocalError
from gateway.imap import limits
from gateway.imap.encode import arg
from gateway.imap.encode.arg import Arg, ListPattern, Literal, StreamLiteral
from gateway.imap.encode.command import (
    CommandLine,
    Wait,
    base64_line,
    command,
    list_patterns,
    list_returns,
    list_selection,
    select_parameters,
    unchanged_since,
    words,
)
from gateway.imap.name import MailboxName


async def nothing() -> AsyncIterator[bytes]:
    yield b""


def flat(line: CommandLine) -> bytes:
    return b"".join(step for step in line.pieces(literal_plus=True) if isinstance(step, bytes))


def test_a_synchronising_literal_waits() -> None:
    line = command("LOGIN", arg.text("é", field="user"), arg.text("p", field="password"))
    assert line.pieces(tag="a1") == [b"a1 LOGIN {2}\r\n", Wait(), b'\xc3\xa9 "p"\r\n']
    assert line.pieces(tag="a1", literal_plus=True) == [b'a1 LOGIN {2+}\r\n\xc3\xa9 "p"\r\n']
    assert line.pieces(tag="a1", literal_minus=True) == [b'a1 LOGIN {2+}\r\n\xc3\xa9 "p"\r\n']


def test_literal_minus_is_for_small_ones() -> None:
    for size, waits in ((limits.LITERAL_MINUS, False), (limits.LITERAL_MINUS + 1, True)):
        line = command("APPEND", Arg((Literal(b"x" * size),)))
        assert (Wait() in line.pieces(literal_minus=True)) is waits
        assert Wait() not in line.pieces(literal_plus=True)


def test_a_streamed_literal() -> None:
    stream = StreamLiteral(5, nothing())
    line = command("APPEND", arg.mailbox(MailboxName(b"x")), Arg((stream,)))
    assert line.pieces(tag="t") == [b't APPEND "x" {5}\r\n', Wait(), stream, b"\r\n"]
    assert line.pieces(tag="t", literal_plus=True) == [b't APPEND "x" {5+}\r\n', stream, b"\r\n"]


def test_a_binary_literal() -> None:
    line = command("APPEND", Arg((Literal(b"a\0", binary=True),)))
    assert line.pieces(literal_plus=True) == [b"APPEND ~{2+}\r\na\0\r\n"]


@pytest.mark.parametrize("name", ["noop", "NOOP\r\na2 LOGOUT", "", "XFOO", "UID"])
def test_verbs_are_a_closed_set(name: str) -> None:
    with pytest.raises(LocalError):
        command(name)


@pytest.mark.parametrize("tag", ["a b", "a\r\n", "*", "+", "é", "x" * 33])
def test_tags_are_words(tag: str) -> None:
    with pytest.raises(LocalError):
        command("NOOP").pieces(tag=tag)


def test_a_line_is_bounded() -> None:
    with pytest.raises(InvalidRequest):
        command("NOOP", *[arg.text("x" * 900, field="q")] * 100)


def test_protocol_words() -> None:
    assert flat(command("ENABLE", words("QRESYNC", "CONDSTORE"))) == b"ENABLE QRESYNC CONDSTORE\r\n"
    for value in ("", "a b", "a\r\n", "(x)"):
        with pytest.raises(LocalError):
            words(value)
    with pytest.raises(LocalError):
        words()


def test_sasl_initial_responses() -> None:
    assert flat(command("AUTHENTICATE", words("PLAIN"), base64_line(b"AGEAYg=="))) == b"AUTHENTICATE PLAIN AGEAYg==\r\n"
    assert base64_line(b"").pieces == (b"=",)
    for octets in (b"a\r\n", b"a b", b"a===", b"=a"):
        with pytest.raises(LocalError):
            base64_line(octets)


def test_select_and_store_parameters() -> None:
    assert select_parameters() is None
    box = arg.mailbox(MailboxName(b"INBOX (CONDSTORE)"))
    for parameters, wire in (
        (select_parameters(condstore=True), b"(CONDSTORE)"),
        (select_parameters(qresync=(5, 7)), b"(QRESYNC (5 7))"),
    ):
        assert parameters is not None
        assert flat(command("SELECT", box, parameters)) == b'SELECT "INBOX (CONDSTORE)" ' + wire + b"\r\n"
    assert unchanged_since(5).pieces == (b"(UNCHANGEDSINCE 5)",)
    with pytest.raises(InvalidRequest):
        unchanged_since(-1)


def test_extended_list() -> None:
    line = command(
        "LIST",
        list_selection("SUBSCRIBED"),
        arg.string(b"", field="reference"),
        list_patterns([ListPattern.top(), ListPattern.below(MailboxName(b"a"), "/")]),
        list_returns(["SPECIAL-USE"], status=arg.status_items(["MESSAGES"])),
    )
    assert flat(line) == b'LIST (SUBSCRIBED) "" ("%" "a/*") RETURN (SPECIAL-USE STATUS (MESSAGES))\r\n'
    assert list_patterns([ListPattern.all()]).pieces == (b'"*"',)
    for make in (list_selection, lambda option: list_returns([option])):
        with pytest.raises(LocalError):
            make("x) (")
