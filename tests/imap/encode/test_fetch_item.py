from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import InvalidRequest
from gateway.imap import limits
from gateway.imap.encode.fetch_item import BinarySize, FetchItem, Item, Section, fetch_items, fetch_modifiers
from gateway.imap.parse.section import section_key


@pytest.mark.parametrize(
    ("section", "wire"),
    [
        (Section(), b"BODY.PEEK[]"),
        (Section(peek=False), b"BODY[]"),
        (Section("1.2"), b"BODY.PEEK[1.2]"),
        (Section("1.2", "MIME"), b"BODY.PEEK[1.2.MIME]"),
        (Section(text="TEXT", partial=(0, 1024)), b"BODY.PEEK[TEXT]<0.1024>"),
        (Section("3", "HEADER.FIELDS", ("From", "To")), b"BODY.PEEK[3.HEADER.FIELDS (From To)]"),
        (Section(text="HEADER.FIELDS.NOT", fields=('X"[]\\(',)), b'BODY.PEEK[HEADER.FIELDS.NOT ("X\\"[]\\\\(")]'),
        (Section("1", binary=True, partial=(5, 6)), b"BINARY.PEEK[1]<5.6>"),
    ],
)
def test_sections(section: Section, wire: bytes) -> None:
    assert section.wire() == wire


@pytest.mark.parametrize(
    "section",
    [
        Section(),
        Section("1.2"),
        Section("1.2", "MIME"),
        Section(text="HEADER"),
        Section("3", "HEADER.FIELDS", ("To", "from")),
        Section("1", binary=True),
    ],
)
def test_an_answer_has_the_key_of_its_question(section: Section) -> None:
    assert section_key(section.wire().replace(b".PEEK", b"")) == section.key


def test_a_partial_answer_has_the_key_of_its_question() -> None:
    assert section_key(b"BODY[1]<7>") == Section("1", partial=(7, 100)).key


@pytest.mark.parametrize(
    "fields",
    [
        {"part": "0"},
        {"part": "1."},
        {"part": "1] (X"},
        {"part": "1\r\n"},
        {"part": "a"},
        {"part": "1" * 20},
        {"part": ".".join(["1"] * 101)},
        {"text": "MIME"},
        {"text": "HEADER.FIELDS"},
        {"text": "HEADER", "fields": ("To",)},
        {"text": "HEADER.FIELDS", "fields": ("To Cc",)},
        {"text": "HEADER.FIELDS", "fields": ("To:",)},
        {"text": "HEADER.FIELDS", "fields": ("To\r\n",)},
        {"text": "HEADER.FIELDS", "fields": ("é",)},
        {"text": "HEADER.FIELDS", "fields": ("",)},
        {"text": "HEADER", "binary": True},
        {"partial": (-1, 5)},
        {"partial": (0, 0)},
        {"partial": (0, limits.MAX_NUMBER + 1)},
    ],
)
def test_sections_that_can_not_be(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Section(**fields)
    assert refused.value.field in {"part", "fields", "range"}


def test_items() -> None:
    items: list[FetchItem] = [Item.UID, Item.FLAGS, Item.UID, Section("1"), BinarySize("1"), Item.PREVIEW_LAZY]
    assert fetch_items(items).pieces == (b"(UID FLAGS BODY.PEEK[1] BINARY.SIZE[1] PREVIEW (LAZY))",)
    with pytest.raises(InvalidRequest):
        fetch_items([])
    with pytest.raises(InvalidRequest):
        BinarySize("x")


def test_modifiers() -> None:
    assert fetch_modifiers(changed_since=5).pieces == (b"(CHANGEDSINCE 5)",)
    assert fetch_modifiers(changed_since=5, vanished=True).pieces == (b"(CHANGEDSINCE 5 VANISHED)",)
    with pytest.raises(InvalidRequest):
        fetch_modifiers(changed_since=-1)
