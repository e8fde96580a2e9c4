from __future__ import annotations

import pytest

from gateway.errors import ProtocolViolation
from gateway.imap.framer import Streamed
from gateway.imap.parse import parse
from gateway.imap.response import (
    Capability,
    Continue,
    Enabled,
    Exists,
    Expunged,
    MailboxFlags,
    Recent,
    Response,
    Unknown,
)
from tests.imap.cuts import response


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"* 23 EXISTS", Exists(23)),
        (b"* 0 exists ", Exists(0)),
        (b"* 5 RECENT", Recent(5)),
        (b"* 44 EXPUNGE", Expunged(44)),
        (b"* CAPABILITY IMAP4rev1 Idle", Capability(frozenset({"IMAP4REV1", "IDLE"}))),
        (b"* ENABLED CONDSTORE  qresync", Enabled(frozenset({"CONDSTORE", "QRESYNC"}))),
        (b"* ENABLED", Enabled(frozenset())),
        (b"* FLAGS (\\Seen $a)", MailboxFlags((b"\\Seen", b"$a"))),
        (b"* FLAGS ()", MailboxFlags(())),
        (b"+ idling", Continue(b"idling")),
        (b"+ ", Continue(b"")),
        (b"+", Continue(b"")),
        (b"+ eyJzdGF0dXMiOiI0MDEifQ==", Continue(b"eyJzdGF0dXMiOiI0MDEifQ==")),
        (b"* XNEW a b", Unknown("XNEW", [b"* XNEW a b"])),
        (b"* 5 XNEW", Unknown("XNEW", [b"* 5 XNEW"])),
        (b"* METADATA x (/a {1}\r\nb)", Unknown("METADATA", [b"* METADATA x (/a ", b"b", b")"])),
        (b"", Unknown("", [b""])),
    ],
)
def test_responses(octets: bytes, value: Response) -> None:
    assert response(octets) == value


@pytest.mark.parametrize(
    "line",
    [
        b"* ",
        b"* (",
        b"* 5",
        b"* 0 EXPUNGE",
        b"* 0 FETCH (UID 1)",
        b"* 4294967296 EXISTS",
        b"* 99999999999 EXISTS",
        b"* -1 EXISTS",
        b"* \xff",
        b"* FLAGS x",
        b"* FLAGS (a",
    ],
)
def test_malformed(line: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse([line])


def test_a_frame_without_text_is_refused() -> None:
    with pytest.raises(ProtocolViolation):
        parse([])
    with pytest.raises(ProtocolViolation):
        parse([Streamed(5)])
