"""The sample mail is what it claims to be."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import islice

from gateway.demo.imapd.folder import Store
from gateway.demo.mail.arrivals import arrivals
from gateway.demo.mail.compose import compose
from gateway.demo.mail.files import calendar, landscape, pdf
from gateway.demo.mail.mailbox import fill

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESERVED = re.compile(r"(?:^|[.@])example\.(?:org|com)$")


def filled() -> Store:
    store = Store(1)
    fill(store, NOW)
    return store


def test_folders_have_roles_other_scripts_and_enough_mail() -> None:
    folders = filled().folders

    assert {folder.use for folder in folders.values()} >= {b"\\Sent", b"\\Drafts", b"\\Trash", b"\\Junk", b"\\Archive"}
    assert b"&ZcWITA-" in folders
    assert b"Projects/Lighthouse" in folders
    assert sum(len(folder.messages) for name, folder in folders.items() if name != b"Archive/Weather log") >= 40


def test_every_sample_parses_without_a_defect_and_names_nobody_real() -> None:
    for folder in filled().folders.values():
        for message in folder.messages:
            parsed = message_from_bytes(message.raw, policy=default)
            for part in parsed.walk():
                assert part.defects == []
            people = [*parsed["From"].addresses, *parsed["To"].addresses]
            assert all(RESERVED.search(person.addr_spec) for person in people)
            assert message.received <= NOW
            assert abs(parsed["Date"].datetime - message.received) < timedelta(seconds=1)
            assert b"\n" not in message.raw.replace(b"\r\n", b"")


def test_message_ids_are_unique_and_a_thread_holds_together() -> None:
    messages = [each for folder in filled().folders.values() for each in folder.messages]
    ids = [message.entity.first("message-id") for message in messages]
    assert len(set(ids)) == len(ids)
    replied = [value for message in messages if (value := message.entity.first("in-reply-to"))]
    assert len(replied) >= 4
    assert set(replied) <= set(ids)


def test_arrivals_never_end() -> None:
    first = [compose(sample, sent=NOW, serial=str(n)) for n, sample in enumerate(islice(arrivals(), 20))]
    assert len(set(first)) == 20


def test_the_pdfs_table_points_at_its_objects() -> None:
    document = pdf("A (title)", ["one", "two \\ three"])
    start = int(re.findall(rb"startxref\n(\d+)", document)[0])
    assert document[start:].startswith(b"xref")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", document), 1):
        assert document[int(offset) :].startswith(b"%d 0 obj" % number)


def test_the_picture_is_a_whole_png() -> None:
    picture = landscape()
    width, height = int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    data = picture[picture.index(b"IDAT") + 4 : picture.index(b"IEND") - 8]
    assert len(zlib.decompress(data)) == height * (1 + 3 * width)


def test_the_calendar_ends_its_lines_as_rfc_5545_wants() -> None:
    entry = calendar("A meeting", "Room 4", NOW, timedelta(hours=1))
    assert entry.count(b"\r\n") == entry.count(b"\n")
    assert b"DTEND:20260301T130000Z" in entry
