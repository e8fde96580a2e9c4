"""What the kernel says of a process."""

from __future__ import annotations

import os
import time
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time so far; it advances by clock ticks, mostly of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_octets(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def exact_cpu_seconds(pid: int) -> float:
    """The same in nanosecond steps: Linux's clock of another process, numbered as clock_getcpuclockid(3) does."""
    return time.clock_gettime((~pid << 3) | 2)


def forget_peak(pid: int) -> None:
    """From now on :func:`peak_octets` is of what comes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_octets(pid: int) -> int:
    """The most resident octets at one time, never less than now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
