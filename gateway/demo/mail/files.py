"""The attachments of the samples, made in code: a PDF, PNG pictures, a table and a calendar entry."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta

Colour = tuple[int, int, int]


def pdf(title: str, lines: list[str]) -> bytes:
    """A one-page PDF 1.4 with a title and lines of text."""
    parts = [f"BT /F2 22 Tf 72 760 Td ({_escaped(title)}) Tj ET", "0.2 0.4 0.7 rg 72 746 451 2 re f 0 g"]
    parts += [f"BT /F1 11 Tf 72 {716 - 18 * row} Td ({_escaped(line)}) Tj ET" for row, line in enumerate(lines)]
    content = "\n".join(parts).encode("latin-1", "replace")
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%b /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        font % b"Helvetica",
        font % b"Helvetica-Bold",
    ]
    out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets: list[int] = []
    for number, value in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def png(width: int, height: int, colour: Callable[[float, float], Colour]) -> bytes:
    """A picture whose pixel at (x, y), both from 0 to 1, has the colour that the function gives."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += bytes(colour(x / width, y / height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def landscape() -> bytes:
    """A sunset over two ranges of hills."""

    def colour(x: float, y: float) -> Colour:
        if y > 0.78 - 0.12 * _wave(x * 2.1 + 0.3):
            return 28, 42, 66
        if y > 0.62 - 0.16 * _wave(x * 1.3):
            return 66, 84, 120
        if (x - 0.7) ** 2 * 5 + (y - 0.4) ** 2 * 1.25 < 0.012:
            return 255, 236, 190
        return int(246 - 60 * (1 - y)), int(150 + 60 * y), int(110 + 90 * (1 - y))

    return png(480, 240, colour)


def chart() -> bytes:
    """A bar chart of twelve months."""
    heights = (0.35, 0.42, 0.40, 0.51, 0.48, 0.60, 0.66, 0.58, 0.71, 0.69, 0.80, 0.88)

    def colour(x: float, y: float) -> Colour:
        month, within = divmod(x * 12, 1)
        if 0.18 < within < 0.82 and 0.95 > y > 0.95 - 0.85 * heights[int(month)]:
            return (37, 99, 235) if month == 11 else (147, 178, 240)
        return (226, 232, 240) if y > 0.95 else (255, 255, 255)

    return png(420, 200, colour)


def logo() -> bytes:
    """A round badge."""

    def colour(x: float, y: float) -> Colour:
        distance = (x - 0.5) ** 2 + (y - 0.5) ** 2
        if distance < 0.05:
            return 255, 255, 255
        return (14, 116, 144) if distance < 0.2 else (255, 255, 255)

    return png(72, 72, colour)


def _wave(x: float) -> float:
    """A smooth hill for every unit of ``x``."""
    inner = x % 1
    return 4 * inner * (1 - inner)


def csv(rows: list[tuple[str, ...]]) -> bytes:
    return "".join(",".join(row) + "\r\n" for row in rows).encode()


def calendar(summary: str, where: str, start: datetime, length: timedelta) -> bytes:
    """An iCalendar invitation (RFC 5545)."""
    stamp = "%Y%m%dT%H%M%SZ"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//example.org//demo//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{start.strftime(stamp)}@mail.example.org",
        f"DTSTAMP:{start.strftime(stamp)}",
        f"DTSTART:{start.strftime(stamp)}",
        f"DTEND:{(start + length).strftime(stamp)}",
        f"SUMMARY:{summary}",
        f"LOCATION:{where}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()
