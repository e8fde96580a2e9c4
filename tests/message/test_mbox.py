"""mboxrd, whole and in pieces: what goes in comes out to the octet, also by the standard library's reader."""

from __future__ import annotations

import mailbox
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.mbox import Quoting, from_line

WHEN = datetime(2026, 11, 5, 9, 13, 58, tzinfo=timezone(timedelta(hours=1)))
LINES = st.lists(
    st.sampled_from([b"From ", b"From", b"F", b">", b">>From x", b"\n", b"\r\n", b"From x\n", b" ", b"x", b"\0\xff"]),
    max_size=20,
).map(b"".join)


def quoted(message: bytes, *cuts: int) -> bytes:
    quoting, out, at = Quoting(), b"", 0
    for cut in (*sorted(cuts), len(message)):
        out += quoting.feed(message[at:cut])
        at = cut
    return out + quoting.finish()


def plainly(message: bytes) -> bytes:
    """The same without any cleverness."""
    lines = [b">" + line if re.match(rb">*From ", line) else line for line in message.split(b"\n")]
    out = b"\n".join(lines)
    return out + (b"\n" if not message or message.endswith(b"\n") else b"\n\n")


@given(LINES, st.lists(st.integers(0, 60), max_size=4))
def test_pieces_make_no_difference(message: bytes, cuts: list[int]) -> None:
    cuts = [min(cut, len(message)) for cut in cuts]
    assert quoted(message, *cuts) == quoted(message) == plainly(message)
    assert quoted(message, *range(len(message))) == plainly(message)


@given(LINES)
def test_no_line_of_a_message_is_a_separator_and_all_comes_back(message: bytes) -> None:
    out = quoted(message)
    assert not out.startswith(b"From ")
    assert b"\nFrom " not in out
    back = re.sub(rb"(?m)^>(>*From )", rb"\1", out)
    assert back == message + out[len(out) - (len(back) - len(message)) :]
    assert back.startswith(message)


def test_the_standard_librarys_reader_sees_the_same_messages(tmp_path: Path) -> None:
    messages = [b"Subject: a\r\n\r\nFrom here\r\n>From there\r\n", b"Subject: b\n\nno end", b"Subject: c\r\n\r\n\r\n"]
    path = tmp_path / "x.mbox"
    path.write_bytes(b"".join(from_line(b"sender@example.org", WHEN) + quoted(one) for one in messages))
    box = mailbox.mbox(path, create=False)
    read = [re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(key)) for key in sorted(box.iterkeys())]
    senders = [box[key].get_from() for key in sorted(box.iterkeys())]
    box.close()
    assert read == [messages[0], messages[1] + b"\n", messages[2]]
    assert senders == ["sender@example.org Thu Nov  5 08:13:58 2026"] * 3


@pytest.mark.parametrize("sender", [None, b"", b"a b@example.org", b"a\nFrom x", b"\xff@x", b"a" * 300])
def test_what_is_no_address_is_nobody(sender: bytes | None) -> None:
    assert from_line(sender, WHEN) == b"From MAILER-DAEMON Thu Nov  5 08:13:58 2026\n"


@pytest.mark.parametrize("line", [b">" * 1_000_000, b"From " * 200_000, b"\n" * 1_000_000, b">From \n" * 150_000])
def test_bombs_take_linear_time(line: bytes) -> None:
    began = time.process_time()
    quoting = Quoting()
    for at in range(0, len(line), 1000):
        quoting.feed(line[at : at + 1000])
    assert time.process_time() - began < 1


def test_the_time_is_written_in_utc() -> None:
    assert from_line(b"a@b", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)).endswith(b"Fri Dec 31 23:59:59 1999\n")
