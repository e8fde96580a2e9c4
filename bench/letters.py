"""The mailbox that is measured: mail of ordinary shape and size, the same in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

MARKER: Final = "the end of the letter"
PART_OCTETS: Final = 1_000_000
PAGE: Final = 50

_PHRASES: Final = (
    "the meeting about next quarter was moved to Thursday",
    "the numbers that we looked at are in the file below",
    "please read them before we talk again",
    "some of what the team found was not what anyone expected to see",
)
_SUBJECTS: Final = (
    "Re: Numbers of last quarter",
    "Protokoll der Besprechung über die nächsten Schritte",
    "Invoice 2026-{n} is ready",
    "東京オフィスからのお知らせ {n}",
    "[list] Release {n} :: what is new & what is fixed",
    "Réunion déplacée à jeudi (salle {n})",
)
_START: Final = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An INBOX of ``count`` messages with UIDs from 1 up, one of which has the large attachment, as its part 2."""

    count: int
    large: int

    @classmethod
    def of(cls, count: int) -> Mailbox:
        return cls(count, max(1, count - 20))

    @property
    def newest(self) -> range:
        """UIDs of the first page."""
        return range(max(1, self.count - PAGE + 1), self.count + 1)

    @property
    def letters(self) -> list[int]:
        """UIDs of the first page without the large one, newest first."""
        return [uid for uid in reversed(self.newest) if uid != self.large]

    @staticmethod
    def text_parts(uid: int) -> tuple[str, ...]:
        """Part numbers of the texts of a letter, which lie deeper where a file is attached."""
        return ("1.1", "1.2") if _has_file(uid) else ("1", "2")

    def page(self) -> Iterator[bytes]:
        """The messages of the first page, oldest first; what lies below only has to be there."""
        chance = random.Random(20260202)
        for uid in self.newest:
            yield _letter(uid, chance, large=uid == self.large)


def _has_file(number: int) -> bool:
    return number % 4 == 0


def _letter(number: int, chance: random.Random, *, large: bool) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(f"Sender {number % 17}", f"sender{number % 17}", "example.org")
    message["To"] = [Address(f"Reader Nº {n}", f"reader{n}", "example.org") for n in range(1 + number % 4)]
    if number % 5 == 0:
        message["Cc"] = [Address("", f"copy{n}", "example.net") for n in range(number % 3 + 1)]
    message["Subject"] = _SUBJECTS[number % len(_SUBJECTS)].format(n=number)
    message["Date"] = format_datetime(_START + timedelta(minutes=17 * number))
    message["Message-ID"] = f"<{number}.bench@example.org>"
    if number % 3 == 0:
        message["In-Reply-To"] = f"<{number - 1}.bench@example.org>"
        message["References"] = f"<{max(1, number - 2)}.bench@example.org> <{number - 1}.bench@example.org>"
    text = "\n\n".join(", ".join(chance.choices(_PHRASES, k=8)) for _ in range(4)) + f"\n\nGrüße, {MARKER}\n"
    message.set_content(text, cte="quoted-printable")
    if large:
        message.add_attachment(chance.randbytes(PART_OCTETS), "application", "octet-stream", filename="numbers.bin")
        return message.as_bytes()
    paragraphs = "".join(f"<p style='margin:0 0 1em'>{each}</p>" for each in text.split("\n\n"))
    message.add_alternative(f"<html><body><h1>Hello</h1>{paragraphs}</body></html>", "html", cte="quoted-printable")
    if _has_file(number):
        message.add_attachment(chance.randbytes(3000), "application", "pdf", filename=f"Übersicht {number}.pdf")
    return message.as_bytes()
