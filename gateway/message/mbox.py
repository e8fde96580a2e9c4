"""The mbox format in its reversible form, mboxrd: every line that could be taken for a separator has one ``>`` more.

A message keeps its own line ends, so that it is given back to the octet; the lines between messages end in LF.

::

    mbox    = *(from-line message [LF] LF)      ; the first LF only where the message does not end in one
    from-line = "From " addr-spec SP asctime LF ; RFC 4155 section 3 ("default" format), time in UTC
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

NOBODY: Final = b"MAILER-DAEMON"
_LONGEST: Final = 254  # RFC 5321 section 4.5.3.1: no address is longer
_DAYS: Final = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS: Final = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_ODD: Final = re.compile(rb"[^!-~]")
_QUOTED: Final = re.compile(rb"^(>*+From )", re.MULTILINE)
_MARKS: Final = re.compile(rb">*+")
_FROM: Final = b"From "


def from_line(sender: bytes | None, received: datetime) -> bytes:
    """The line before a message. ``sender`` as local@host; what can't stand there is replaced by ``NOBODY``."""
    address = sender if sender and len(sender) <= _LONGEST and not _ODD.search(sender) else NOBODY
    at = received.astimezone(UTC)
    when = b"%s %s %2d %02d:%02d:%02d %04d" % (
        _DAYS[at.weekday()],
        _MONTHS[at.month - 1],
        at.day,
        at.hour,
        at.minute,
        at.second,
        at.year,
    )
    return b"From %s %s\n" % (address, when)


class Quoting:
    """One message on its way into an mbox, in pieces of any size; five octets are held back at the most."""

    def __init__(self) -> None:
        self._held = b""
        self._fresh = True  # only ">" came since the beginning of the line
        self._last = b"\n"

    def feed(self, piece: bytes) -> bytes:
        """What can be written by now."""
        if not piece:
            return b""
        data, self._held = self._held + piece, b""
        self._last = data[-1:]
        fresh = self._fresh
        cut = self._undecided(data)
        out, self._held = data[:cut], data[cut:]
        start = 0 if fresh else out.find(b"\n") + 1
        if _FROM not in out or (not fresh and not start):
            return out
        return out[:start] + _QUOTED.sub(rb">\1", out[start:])

    def finish(self) -> bytes:
        """The rest, and the end of the message."""
        out, self._held = self._held, b""
        return out + (b"\n" if self._last == b"\n" else b"\n\n")

    def _undecided(self, data: bytes) -> int:
        """From where on ``data`` may be the beginning of a ``From ``. Among ``>`` a new one goes anywhere."""
        line = data.rfind(b"\n") + 1
        if not line and not self._fresh:
            return len(data)
        marks = _MARKS.match(data, line)
        at = marks.end() if marks is not None else line
        tail = data[at:]
        self._fresh = len(tail) < len(_FROM) and _FROM.startswith(tail)
        return at if self._fresh else len(data)
