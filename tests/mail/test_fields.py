"""What `fields=` has fetched: what was asked for, and no more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from gateway.errors import InvalidRequest
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.session import Session
from gateway.mail.fields import MAX_HEADERS, MEMBERS, SUMMARY, Fields


def session(*capabilities: str) -> Session:
    return cast("Session", SimpleNamespace(capabilities=SimpleNamespace(has=lambda name: name in capabilities)))


@pytest.mark.parametrize(
    ("asked", "items"),
    [
        ("id", set()),
        ("folderId,header:X:asText,list", set()),
        ("flags", {Item.FLAGS}),
        ("size,receivedAt", {Item.SIZE, Item.INTERNALDATE}),
        ("subject,from,sentAt", {Item.ENVELOPE}),
        ("hasAttachment", {Item.BODYSTRUCTURE}),
        ("bodyStructure,headers", {Item.BODYSTRUCTURE}),
        ("preview", {Item.PREVIEW}),
        ("emailId,threadId", {Item.EMAILID, Item.THREADID}),
    ],
)
def test_items(asked: str, items: set[Item]) -> None:
    fields = Fields.parse(asked.split(","))
    assert set(fields.items(session("PREVIEW", "OBJECTID"))) == {Item.UID, *items}


def test_what_a_server_lacks_is_not_asked_for() -> None:
    fields = Fields.parse(["preview", "emailId", "threadId"])
    assert fields.items(session()) == (Item.UID,)
    assert fields.items(session("X-GM-EXT-1")) == (Item.UID, Item.GM_MSGID, Item.GM_THRID)


@pytest.mark.parametrize(
    ("asked", "section"),
    [
        ("subject,bodyStructure", None),
        ("header:B,header:a:asText,header:A:all", Section("", "HEADER.FIELDS", ("a", "b"), (0, 99))),
        ("references", Section("", "HEADER.FIELDS", ("references",), (0, 99))),
        ("authentication", Section("", "HEADER.FIELDS", ("authentication-results",), (0, 99))),
        ("headers,header:a", Section("", "HEADER", (), (0, 99))),
        ('header:odd(name)"', Section("", "HEADER", (), (0, 99))),
        ("header:{5}", Section("", "HEADER", (), (0, 99))),
    ],
)
def test_sections(asked: str, section: Section | None) -> None:
    assert Fields.parse(asked.split(",")).section(99) == section


def test_the_section_of_as_many_headers_as_may_be_asked_for_can_be_written() -> None:
    asked = [f"header:{number:0100d}" for number in range(MAX_HEADERS)]
    section = Fields.parse([*asked, "list", "authentication", "references"]).section(99)
    assert section is not None
    assert len(section.wire()) < 8000
    with pytest.raises(InvalidRequest):
        Fields.parse([*asked, "header:one-more"])


def test_every_member_of_a_summary_can_be_asked_for() -> None:
    assert set(MEMBERS) >= SUMMARY
    assert Fields.parse(MEMBERS).names == set(MEMBERS)


def test_the_order_does_not_matter_to_the_entity_tag() -> None:
    one, other = Fields.parse(["subject", "header:X", "id"]), Fields.parse(["header:X", "id", "subject", "id"])
    assert one.text == other.text
    assert one.text != Fields.parse(["header:x", "id", "subject"]).text
