"""One message of the corpus: its exact octets, and what the gateway is to say of it.

The expected values are written by hand from the standards (RFC 5322, 2045 to 2047, 2231, 3676, 8621), never recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EOL = b"\r\n"
FROM = b"From: Ann <ann@example.org>"
TO = b"To: Bob <bob@example.org>"
DATE = b"Date: Fri, 20 Nov 2026 09:13:58 +0100"
MIME = b"MIME-Version: 1.0"

PEOPLE = {"from": [("Ann", "ann@example.org")], "to": [("Bob", "bob@example.org")]}
SENT = "2026-11-20T09:13:58+01:00"
# What is so unless a case says otherwise: nothing is wrong, and nothing is said to be.
USUAL: Mapping[str, object] = {"problems": [], "bodyProblems": [], "encodingProblem": False}


@dataclass(frozen=True)
class Case:
    """``expected`` by member: of the summary (as in its JSON; addresses as pairs), and of the body.

    ``text``, ``html``: the values (``html`` None where it is made of the text); ``attachments``: (name, type);
    ``bodyProblems``, ``encodingProblem``, ``truncated``;
    ``parts``: the decoded octets of parts by number; ``offered``: their Content-Disposition.
    A value that is a :class:`Repeated` or :class:`Holds` is compared by what it says.
    """

    name: str
    octets: bytes
    expected: Mapping[str, Any]

    def of(self, differing: Mapping[str, object]) -> Mapping[str, Any]:
        return {**USUAL, **self.expected, **differing}


@dataclass(frozen=True)
class Repeated:
    """A long text, said shortly: so many of ``unit``, then ``end``."""

    unit: str
    times: int
    end: str = ""

    def __eq__(self, other: object) -> bool:
        return other == self.unit * self.times + self.end

    def __hash__(self) -> int:
        return hash((self.unit, self.times, self.end))


@dataclass(frozen=True)
class Holds:
    """A text in which all of these stand, and of which these are absent."""

    present: tuple[str, ...]
    absent: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, str)
            and all(text in other for text in self.present)
            and not any(text in other for text in self.absent)
        )

    def __hash__(self) -> int:
        return hash((self.present, self.absent))


def mail(*lines: bytes, body: bytes = b"text\r\n") -> bytes:
    """A message with these header lines, and with From, To and Date where they are not among them."""
    given = {line.partition(b":")[0].strip().lower() for line in lines}
    usual = [line for line in (FROM, TO, DATE) if line.partition(b":")[0].lower() not in given]
    return EOL.join([*usual, *lines, b"", body])


def head(name: str, *lines: bytes, **expected: object) -> Case:
    """A case of header lines."""
    return Case(name, mail(*lines), expected)


def subject(name: str, value: bytes, shown: str) -> Case:
    return Case(name, mail(b"Subject: " + value), {"subject": shown, **PEOPLE, "sentAt": SENT})


def sender(name: str, value: bytes, *shown: tuple[str | None, str]) -> Case:
    return Case(name, mail(b"From: " + value, b"Subject: x"), {"from": list(shown), "subject": "x"})


def recipients(name: str, value: bytes, *shown: tuple[str | None, str]) -> Case:
    return Case(name, mail(b"To: " + value, b"Subject: x"), {"to": list(shown), "subject": "x"})


def date(name: str, value: bytes, shown: str | None) -> Case:
    return Case(name, mail(b"Date: " + value, b"Subject: x"), {"sentAt": shown, "subject": "x"})


def single(name: str, content: bytes, body: bytes, **expected: object) -> Case:
    """A message of one part; ``content`` are its Content-* lines, split by "|"."""
    lines = [b"Content-" + line.strip() for line in content.split(b"|")] if content else []
    return Case(name, mail(b"Subject: x", MIME, *lines, body=body), {"subject": "x", **PEOPLE, **expected})


def multi(name: str, kind: bytes, body: bytes, **expected: object) -> Case:
    """A multipart message; ``kind`` is all of its Content-Type."""
    lines = (b"Subject: x", MIME, b"Content-Type: " + kind)
    return Case(name, mail(*lines, body=body), {"subject": "x", **PEOPLE, **expected})


def part(content: bytes, body: bytes, boundary: bytes = b"b") -> bytes:
    """A part with the boundary before it; ``content`` are its Content-* lines, split by "|"."""
    lines = [b"Content-" + line.strip() for line in content.split(b"|")] if content else []
    return EOL.join([b"--" + boundary, *lines, b"", body, b""])


def parts(*inside: bytes, boundary: bytes = b"b") -> bytes:
    """Parts and the closing boundary."""
    return b"".join(inside) + b"--" + boundary + b"--\r\n"
