from __future__ import annotations

import pytest

from gateway.imap import limits
from gateway.imap.structure import BodyPart
from tests.imap.cuts import fetched

TEXT = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 10 2 NIL NIL NIL NIL)'
PDF = (
    b'("APPLICATION" "PDF" ("NAME" "r.pdf") "<c>" "d" "BASE64" 20 '
    b'"md5" ("ATTACHMENT" ("FILENAME" "r")) ("en" "de") "l")'
)
ENVELOPE = b'(NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL)'


def mixed(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b' "MIXED" ("BOUNDARY" "b") ("INLINE" NIL) "en" "loc")'


def message(body: bytes) -> bytes:
    return (
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 500 ' + ENVELOPE + b" " + body + b' 12 NIL ("ATTACHMENT" NIL) NIL NIL)'
    )


def structure(octets: bytes, item: bytes = b"BODYSTRUCTURE") -> BodyPart:
    got = fetched(b"* 1 FETCH (UID 9 " + item + b" " + octets + b" FLAGS ())")
    assert not got.broken
    assert got.uid == 9
    assert got.flags == ()
    assert got.structure is not None
    return got.structure


def numbers(part: BodyPart) -> list[tuple[str, str]]:
    return [(each.section, each.subtype) for each in part.walk()]


def test_a_leaf_with_everything() -> None:
    part = structure(mixed(TEXT, PDF)).parts[1]
    assert part == BodyPart(
        "application",
        "pdf",
        {"name": b"r.pdf"},
        b"<c>",
        b"d",
        "base64",
        20,
        None,
        "attachment",
        {"filename": b"r"},
        (b"en", b"de"),
        b"l",
        b"md5",
        section="2",
    )


def test_a_text_leaf_is_part_1() -> None:
    part = structure(TEXT)
    assert (part.section, part.lines, part.size, part.params) == ("1", 2, 10, {"charset": b"utf-8"})


def test_a_multipart_with_its_extension() -> None:
    part = structure(mixed(TEXT))
    assert part.is_multipart
    assert (part.section, part.subtype, part.params) == ("", "mixed", {"boundary": b"b"})
    assert (part.disposition, part.language, part.location) == ("inline", (b"en",), b"loc")


def test_numbering_of_the_standard() -> None:
    """The tree of RFC 9051 section 6.4.5."""
    inner = mixed(TEXT, PDF)
    tree = mixed(TEXT, PDF, message(inner), mixed(PDF, message(mixed(TEXT, mixed(TEXT, TEXT)))))
    assert [section for section, _ in numbers(structure(tree))] == [
        "",
        "1",
        "2",
        "3",
        "3",
        "3.1",
        "3.2",
        "4",
        "4.1",
        "4.2",
        "4.2",
        "4.2.1",
        "4.2.2",
        "4.2.2.1",
        "4.2.2.2",
    ]


def test_a_message_holding_a_leaf() -> None:
    tree = structure(mixed(TEXT, message(TEXT)))
    assert numbers(tree) == [("", "mixed"), ("1", "plain"), ("2", "rfc822"), ("2.1", "plain")]
    attached = tree.parts[1]
    assert attached.message is not None
    assert attached.message.section == "2.1"
    assert attached.message_envelope is not None
    assert attached.message_envelope.subject == b"inner"
    assert (attached.lines, attached.disposition) == (12, "attachment")


def test_a_message_that_is_a_message() -> None:
    assert numbers(structure(message(TEXT))) == [("1", "rfc822"), ("1.1", "plain")]
    assert numbers(structure(message(mixed(TEXT, PDF)))) == [
        ("1", "rfc822"),
        ("1", "mixed"),
        ("1.1", "plain"),
        ("1.2", "pdf"),
    ]
    assert numbers(structure(message(message(TEXT)))) == [("1", "rfc822"), ("1.1", "rfc822"), ("1.1.1", "plain")]


def test_body_without_extension() -> None:
    part = structure(
        b'(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)("IMAGE" "PNG" NIL NIL NIL "BASE64" 2) "MIXED")', b"BODY"
    )
    assert numbers(part) == [("", "mixed"), ("1", "plain"), ("2", "png")]


QUIRKS = [
    (b'("MIXED" ("BOUNDARY" "x"))', "mixed", ()),
    (b'("MIXED")', "mixed", ()),
    (b'(NIL "MIXED" NIL NIL NIL)', "mixed", ()),
    (b"(" + TEXT + b")", "mixed", ("1",)),
    (b"(" + TEXT + b" NIL NIL)", "mixed", ("1",)),
    (b"(" + TEXT + b" NIL NIL NIL)", "mixed", ("1",)),
]


@pytest.mark.parametrize(("octets", "subtype", "sections"), QUIRKS)
def test_odd_multiparts(octets: bytes, subtype: str, sections: tuple[str, ...]) -> None:
    part = structure(octets)
    assert (part.type, part.subtype) == ("multipart", subtype)
    assert tuple(child.section for child in part.parts) == sections


LEAVES = [
    (b"(NIL NIL NIL NIL NIL NIL NIL)", BodyPart("text", "plain")),
    (b'("TEXT" "PLAIN" () NIL NIL NIL -1 -1)', BodyPart("text", "plain", lines=0)),
    (b'("TEXT" "PLAIN" ("A" "1" "B") NIL NIL "8BIT" 007 01)',
     BodyPart("text", "plain", {"a": b"1", "b": b""}, encoding="8bit", size=7, lines=1)),
    (b'("TEXT" "PLAIN" "junk" NIL NIL "8BIT" 7 NIL NIL ("INLINE" NIL))',
     BodyPart("text", "plain", encoding="8bit", size=7, disposition="inline")),
    (b'("TEXT" "PLAIN" NIL NIL NIL "8BIT" 7 NIL ("INLINE" NIL))',
     BodyPart("text", "plain", encoding="8bit", size=7, disposition="inline")),
    (b'("TEXT" "PLAIN" NIL NIL NIL "8BIT" 9223372036854775807 1 NIL "ATTACHMENT")',
     BodyPart("text", "plain", encoding="8bit", size=2**63 - 1, lines=1, disposition="attachment")),
    (b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 50)', BodyPart("message", "rfc822", size=50)),
    (b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 50 NIL NIL 3)', BodyPart("message", "rfc822", size=50, lines=3)),
    (b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 50 NIL ("ATTACHMENT" ("FILENAME" "a.eml")) NIL NIL)',
     BodyPart("message", "rfc822", size=50, disposition="attachment", disposition_params={"filename": b"a.eml"})),
    (b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 50 3 NIL NIL)', BodyPart("message", "rfc822", size=50, lines=3)),
    (b'("MESSAGE" "DELIVERY-STATUS" NIL NIL NIL "7BIT" 50 NIL NIL NIL NIL)',
     BodyPart("message", "delivery-status", size=50)),
    (b'("X" "Y" (("a" "b") "c" "D" {1}\r\nv) NIL NIL "7BIT" 5 NIL NIL NIL NIL "more" (1 (2)))',
     BodyPart("x", "y", {"d": b"v"}, size=5)),
    (b"()", BodyPart("application", "octet-stream")),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "part"), LEAVES)
def test_odd_leaves(octets: bytes, part: BodyPart) -> None:
    assert structure(octets) == part


def test_a_message_whose_envelope_is_broken_keeps_its_body() -> None:
    octets = b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 50 (x) ' + TEXT + b" 3)"
    part = structure(octets)
    assert part.message_envelope is None
    assert part.message is not None
    assert part.message.section == "1.1"
    assert part.lines == 3


@pytest.mark.parametrize(
    "octets",
    [
        b"x",
        b'("TEXT" "PLAIN")' * 2,
        b'("TEXT" "PLAIN" NIL)',
        b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 99999999999999999999 1)',
        b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" x 1)',
        b'(("a" "b") NIL NIL "7BIT" 1 1 1 1)',
        b"(" * 5000 + b")" * 5000,
        b"(" + TEXT * (limits.MAX_PARTS + 1) + b' "MIXED")',
    ],
)
def test_a_broken_structure_costs_only_itself(octets: bytes) -> None:
    got = fetched(b"* 1 FETCH (UID 9 BODYSTRUCTURE " + octets + b" FLAGS (\\Seen) RFC822.SIZE 5)")
    assert "BODYSTRUCTURE" in got.broken
    assert got.structure is None
    assert (got.uid, got.flags, got.size) == (9, (b"\\Seen",), 5)
