"""A zip that is streamed: readable by others, and sound where 32 bits are not enough."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest

from gateway.message.zip_stream import ZipStream

WHEN = datetime(2026, 11, 5, 9, 13, 58, tzinfo=UTC)


def test_entries_come_back_to_the_octet() -> None:
    made, out = ZipStream(), b""
    for name, pieces in (("a.eml", [b"one", b"", b"two\r\n"]), ("b.eml", []), ("ü.eml", [bytes(range(256)) * 1000])):
        out += made.begin(name, WHEN, sum(map(len, pieces)))
        for piece in pieces:
            sent = made.feed(piece)
            assert piece in sent or not piece  # on its way at once
            out += sent
        out += made.end()
    out += made.finish()
    with zipfile.ZipFile(io.BytesIO(out)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["a.eml", "b.eml", "ü.eml"]
        assert read.read("a.eml") == b"onetwo\r\n"
        assert read.read("b.eml") == b""
        assert read.read("ü.eml") == bytes(range(256)) * 1000
        assert read.infolist()[0].date_time == (2026, 11, 5, 9, 13, 58)


def test_an_empty_archive_is_one() -> None:
    with zipfile.ZipFile(io.BytesIO(ZipStream().finish())) as read:
        assert read.namelist() == []


def test_many_entries_need_zip64() -> None:
    made = ZipStream()
    out = b"".join(made.begin(f"{number}", WHEN, 0) + made.end() for number in range(65_600)) + made.finish()
    with zipfile.ZipFile(io.BytesIO(out)) as read:
        assert len(read.namelist()) == 65_600


@pytest.mark.parametrize("size", [None, 5 << 30])
def test_an_entry_that_may_be_large_has_room_for_it(size: int | None) -> None:
    made = ZipStream()
    out = made.begin("a", WHEN, size) + made.feed(b"x") + made.end() + made.finish()
    with zipfile.ZipFile(io.BytesIO(out)) as read:
        assert read.read("a") == b"x"
        assert read.infolist()[0].extract_version >= 45


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_dates_that_the_format_lacks(year: int) -> None:
    made = ZipStream()
    out = made.begin("a", datetime(year, 6, 1, tzinfo=UTC), 0) + made.end() + made.finish()
    with zipfile.ZipFile(io.BytesIO(out)) as read:
        assert read.infolist()[0].date_time[0] in (1980, 2107)
