from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.audit_file import BATCH, Descriptor, File, Writer
from gateway.errors import ConfigurationError

DEADLINE = 20.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Counted:
    def __init__(self) -> None:
        self.lines = {"written": 0, "lost": 0}

    def __call__(self, outcome: str, lines: int) -> None:
        self.lines[outcome] += lines


class Gate:
    """An output that is as slow as the test wants it to be."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.octets = b""
        self.closed = False

    def append(self, octets: bytes) -> None:
        self.entered.set()
        assert self.open.wait(DEADLINE)
        self.octets += octets

    def close(self) -> None:
        self.closed = True


def test_lines_are_appended_to_what_the_file_has(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"before\n")
    counted = Counted()
    writer = Writer(File(str(path), sync=True), 10 * BATCH, counted)
    lines = [b'{"n":%d}\n' % number for number in range(3 * BATCH)]
    for line in lines:
        writer.write(line)
    writer.close(DEADLINE)
    assert path.read_bytes() == b"before\n" + b"".join(lines)
    assert counted.lines == {"written": len(lines), "lost": 0}


def test_only_the_gateway_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    File(str(path), sync=False).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path) -> None:
    path, moved = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    counted = Counted()
    writer = Writer(File(str(path), sync=False), 100, counted)
    writer.write(b"first\n")
    until(lambda: counted.lines["written"] == 1)
    path.rename(moved)
    writer.write(b"second\n")
    until(lambda: counted.lines["written"] == 2)
    path.unlink()
    path.write_bytes(b"")  # as logrotate's `create` does
    writer.write(b"third\n")
    writer.close(DEADLINE)
    assert (moved.read_bytes(), path.read_bytes()) == (b"first\n", b"third\n")
    assert counted.lines == {"written": 3, "lost": 0}


def test_a_full_disk_holds_lines_back_until_there_is_room(tmp_path: Path) -> None:
    path, real = tmp_path / "audit.jsonl", tmp_path / "real"
    path.symlink_to("/dev/full")
    counted = Counted()
    writer = Writer(File(str(path), sync=True), 2, counted)
    with capture_logs() as logged:
        writer.write(b"1\n")
        until(lambda: bool(logged))
        for number in range(2, 6):
            writer.write(b"%d\n" % number)
    assert [(line["event"], line.get("reason")) for line in logged] == [
        ("the audit can't be written", "no space left on device"),
        ("audit lines are lost: no more may wait to be written", None),
    ]
    assert counted.lines == {"written": 0, "lost": 2}
    room = tmp_path / "room"
    room.symlink_to(real)
    room.rename(path)
    until(lambda: counted.lines["written"] == 3)
    writer.write(b"6\n")
    writer.close(DEADLINE)
    assert real.read_bytes() == b"1\n2\n3\n6\n"


def test_the_end_does_not_wait_for_a_full_disk(tmp_path: Path) -> None:
    counted = Counted()
    full = os.open("/dev/full", os.O_WRONLY)
    writer = Writer(Descriptor(full), 10, counted)
    writer.write(b"1\n")
    writer.write(b"2\n")
    writer.close(DEADLINE)
    os.close(full)
    assert counted.lines == {"written": 0, "lost": 2}
    writer.write(b"3\n")
    assert counted.lines == {"written": 0, "lost": 3}


def test_whoever_records_waits_for_no_disk() -> None:
    gate, counted = Gate(), Counted()
    writer = Writer(gate, 3, counted)
    writer.write(b"0\n")
    assert gate.entered.wait(DEADLINE)
    began = time.monotonic()
    for number in range(1, 1000):
        writer.write(b"%d\n" % number)
    assert time.monotonic() - began < 1
    assert counted.lines == {"written": 0, "lost": 996}
    gate.open.set()
    writer.close(DEADLINE)
    assert gate.octets == b"0\n1\n2\n3\n"
    assert gate.closed
    assert counted.lines == {"written": 4, "lost": 996}


def test_a_short_write_is_gone_on_with() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    output = Descriptor(write)
    octets = b"x" * 200_000 + b"\n"  # more than a pipe holds
    with pytest.raises(BlockingIOError):
        output.append(octets)
    got = b""
    while len(got) < len(octets):
        got += os.read(read, 65_536)
        try:
            output.append(octets)
        except BlockingIOError:
            continue
        break
    os.close(write)
    while more := os.read(read, 65_536):
        got += more
    os.close(read)
    assert got == octets


@pytest.mark.parametrize("name", ["missing/audit.jsonl", "."])
def test_a_file_that_can_not_be_opened_ends_the_start(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"audit\.file: can't be opened to append to: "):
        File(str(tmp_path / name), sync=True)


def test_nothing_to_write_needs_no_thread() -> None:
    gate = Gate()
    Writer(gate, 3).close(DEADLINE)
    assert not gate.entered.is_set()
