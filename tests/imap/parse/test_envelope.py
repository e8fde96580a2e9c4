from __future__ import annotations

import pytest

from gateway.imap.envelope import Envelope, EnvelopeAddress
from tests.imap.cuts import fetched


def envelope(octets: bytes) -> Envelope | None:
    got = fetched(b"* 1 FETCH (UID 9 ENVELOPE " + octets + b" FLAGS ())")
    assert got.uid == 9
    assert got.flags == ()
    assert not got.broken
    assert "ENVELOPE" in got.present
    return got.envelope


def test_the_example_of_the_standard() -> None:
    got = envelope(
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) '
        b'(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) '
        b'((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL '
        b'"<B27397-0100000@cac.washington.ed>")'
    )
    assert got is not None
    terry = (EnvelopeAddress(b"Terry Gray", None, b"gray", b"cac.washington.edu"),)
    assert (got.from_, got.sender, got.reply_to) == (terry, terry, terry)
    assert [address.mailbox for address in got.cc] == [b"minutes", b"KLENSIN"]
    assert got.bcc == ()
    assert got.in_reply_to is None
    assert got.message_id == b"<B27397-0100000@cac.washington.ed>"
    assert got.subject == b"IMAP4rev2 WG mtg summary and minutes"


SUBJECTS = [
    b"smile :(",
    b"5 * 3 * 2",
    b"* 99 FETCH (UID 99)",
    b") UID 7 FLAGS (\\Deleted",
    b"{5}",
    b'quo"ted \\ back',
    b"raw \xff\xfe",
    b"bare \n and \r",
    b"",
    b"NIL",
]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_arrives_as_sent(subject: bytes) -> None:
    quoted = b'"' + subject.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    literal = b"{%d}\r\n%s" % (len(subject), subject)
    for wire in (quoted, literal):
        got = envelope(b"(NIL " + wire + b" NIL NIL NIL NIL NIL NIL NIL NIL)")
        assert got == Envelope(subject=subject)


def test_group_syntax_is_kept() -> None:
    got = envelope(
        b'(NIL NIL NIL NIL NIL ((NIL NIL "team" NIL)(NIL NIL "a" "example.org")(NIL NIL NIL NIL)) NIL NIL NIL NIL)'
    )
    assert got is not None
    assert [(each.mailbox, each.host) for each in got.to] == [(b"team", None), (b"a", b"example.org"), (None, None)]


def test_quirks() -> None:
    assert envelope(b"NIL") is None
    assert envelope(b"(NIL NIL () () () () () ())") == Envelope()
    short = envelope(b'(NIL atom (NIL (NIL NIL "a") ("n" NIL "b" "h" "more")) NIL NIL NIL NIL NIL NIL NIL)')
    assert short is not None
    assert short.subject == b"atom"
    assert short.from_ == (EnvelopeAddress(None, None, b"a", None), EnvelopeAddress(b"n", None, b"b", b"h"))


@pytest.mark.parametrize(
    "octets",
    [
        b"()",
        b"x",
        b"(NIL NIL)",
        b'(NIL NIL "x" NIL NIL NIL NIL NIL NIL NIL)',
        b"(NIL (NIL) NIL NIL NIL NIL NIL NIL NIL NIL)",
        b"(NIL NIL (x) NIL NIL NIL NIL NIL NIL NIL)",
        b"(NIL NIL ((NIL (NIL) NIL NIL)) NIL NIL NIL NIL NIL NIL NIL)",
        b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
        b'(NIL "an "unescaped" quote" NIL NIL NIL NIL NIL NIL NIL NIL)',
        b"(" * 5000 + b")" * 5000,
    ],
)
def test_a_broken_envelope_costs_only_itself(octets: bytes) -> None:
    got = fetched(b"* 1 FETCH (UID 9 ENVELOPE " + octets + b" FLAGS (\\Seen) RFC822.SIZE 5)")
    assert got.broken == {"ENVELOPE"}
    assert got.envelope is None
    assert (got.seq, got.uid, got.flags, got.size) == (1, 9, (b"\\Seen",), 5)
