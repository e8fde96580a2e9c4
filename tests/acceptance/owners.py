"""Users each of whose messages, flags and folders say whose they are, in every octet stream that can be asked for."""

from __future__ import annotations

import imaplib
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from tests.servers.dovecot import Dovecot

MARK = re.compile(rb"~(guest[0-9]+)~")
SPARE = "Spare"
SMALL, LARGE = 6, 2


@dataclass(frozen=True)
class Owner:
    """A user and the messages that were stored for it, by their number."""

    name: str
    messages: dict[int, bytes]

    @property
    def mark(self) -> str:
        return f"~{self.name}~"


def letter(mark: str, number: int, *, lines: int) -> bytes:
    """``lines`` of the attachment each name the owner; ``X-Number`` tells the message from the owner's others."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{mark} <sender@example.org>"
    message["To"] = "Reader <reader@example.org>"
    message["Subject"] = f"{mark} {number}"
    message["Message-ID"] = f"<{number}.{mark}@example.org>"
    message["X-Number"] = str(number)
    message.set_content(f"text {number} of {mark}\n", cte="7bit")
    message.add_alternative(f"<p>text {number} of <b>{mark}</b></p>\n", subtype="html", cte="7bit")
    attached = f"line of {mark} {number:04} and some more of it until it is long enough\n" * lines
    message.add_attachment(attached, filename=f"{mark}.txt", cte="7bit")
    return message.as_bytes()


def settle_in(server: Dovecot) -> Owner:
    """A new user with INBOX and SPARE filled, a folder and a flag named after it."""
    user, _ = server.guest()
    mark = f"~{user}~"
    owner = Owner(user, {})
    client = server.client(user)
    client.create(f"of {mark}".join('""'))
    client.create(SPARE)
    for number in range(SMALL + LARGE):
        owner.messages[number] = letter(mark, number, lines=20 if number < SMALL else 1500)
        _append(client, SPARE if number % 4 == 3 else "INBOX", f"({mark})", owner.messages[number])
    client.logout()
    return owner


def _append(client: imaplib.IMAP4, folder: str, flags: str, message: bytes) -> None:
    status, data = client.append(folder, flags, "", message)
    assert status == "OK", data
