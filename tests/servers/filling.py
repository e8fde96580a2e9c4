"""Messages by the thousand, and by the million."""

from __future__ import annotations

import imaplib
from collections.abc import Iterable


def letter(number: int, *, to: str = "alice@example.org", body: str = "") -> bytes:
    """A small message that can be told from every other by its subject and Message-ID."""
    return (
        f"From: Sender {number} <sender{number}@example.org>\r\n"
        f"To: <{to}>\r\n"
        f"Subject: message {number}\r\n"
        f"Date: Mon, 02 Feb 2026 {10 + number // 3600 % 10}:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
        f"Message-ID: <{number}@example.org>\r\n"
        f"\r\n{body or f'body {number}'}\r\n"
    ).encode()


def append(client: imaplib.IMAP4, folder: str, messages: Iterable[bytes]) -> None:
    for message in messages:
        status, data = client.append(folder, "", "", message)
        if status != "OK":
            raise RuntimeError(f"APPEND was refused: {data!r}")


def fill(client: imaplib.IMAP4, folder: str, count: int, seed: int = 1000) -> None:
    """Make ``folder`` hold ``count`` messages: ``seed`` by APPEND, the rest by COPY, doubled each time.

    On a server with ``mdbox`` (it copies by reference) a million takes a few seconds.
    """
    client.create(folder)
    append(client, folder, (letter(number) for number in range(1, min(seed, count) + 1)))
    client.select(folder)
    have = min(seed, count)
    while have < count:
        more = min(have, count - have)
        status, data = client.copy(f"1:{more}", folder)
        if status != "OK":
            raise RuntimeError(f"COPY was refused: {data!r}")
        client.noop()
        have += more
    client.unselect()
