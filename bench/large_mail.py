"""Mail of the sizes at which a gateway that reads whole messages is found out."""

from __future__ import annotations

import imaplib
import random
import socket
from base64 import encodebytes
from dataclasses import dataclass
from typing import Final

from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, fill

PARTS_FOLDER: Final = "Parts"
PAGE_FOLDER: Final = "Attachments"
MANY_FOLDER: Final = "Many"
FILE_FOLDER: Final = "File"
SEED: Final = 1000
"""How many different messages there are among the many."""
_DIFFERENT: Final = 5
_BLOCK: Final = 57 * 87_720  # of whole lines of base64, so that a file of many is encoded once


@dataclass(frozen=True, slots=True)
class Sizes:
    """``file`` and ``attachment`` are in blocks of 5 MB; ``repeats`` is how often each work is measured."""

    parts: int = 40
    page: int = 50
    attachment: int = 5
    messages: int = 100_000
    file: int = 20
    repeats: int = 9


@dataclass(frozen=True, slots=True)
class LargeMail:
    """What was put into the folders of one account."""

    sizes: Sizes
    block: bytes

    @classmethod
    def of(cls, sizes: Sizes) -> LargeMail:
        return cls(sizes, random.Random(20260203).randbytes(_BLOCK))

    @property
    def file_octets(self) -> int:
        return len(self.block) * self.sizes.file

    def middle(self, octets: int) -> tuple[int, bytes]:
        """Where a stretch in the middle of the file begins, and what is in it."""
        begin = self.file_octets // 2 - octets // 2 + 11
        at = begin % len(self.block)
        return begin, (self.block + self.block)[at : at + octets]

    @staticmethod
    def said(number: int) -> str:
        """What the text part ``number`` of the message of many parts says."""
        return f"this is what part {number} has to say"

    def fill(self, server: Dovecot, user: str) -> None:
        """The files once each by APPEND, all else by COPY, which costs an ``mdbox`` no room."""
        client = server.client(user)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each literal waits for 40 ms
        for folder in (PARTS_FOLDER, PAGE_FOLDER, FILE_FOLDER):
            client.create(folder)
        append(client, PARTS_FOLDER, [self._many_parts()])
        append(client, FILE_FOLDER, [self._with_file(0, self.sizes.file)])
        different = min(_DIFFERENT, self.sizes.page)
        append(client, PAGE_FOLDER, (self._with_file(n, self.sizes.attachment) for n in range(1, different + 1)))
        client.select(PAGE_FOLDER)
        for number in range(different, self.sizes.page):
            _done(client.copy(str(number % different + 1), PAGE_FOLDER))
        client.unselect()
        fill(client, MANY_FOLDER, self.sizes.messages, seed=SEED)
        _leave_unseen(client, self.sizes.messages)
        client.logout()

    def _with_file(self, number: int, blocks: int) -> bytes:
        text = f"Letter {number} has a file, which nobody needs for a preview.\r\n" * 40
        pieces = [
            f"From: Sender {number} <sender@example.org>\r\nTo: reader@example.org\r\nSubject: file {number}\r\n"
            f"Date: Mon, 02 Feb 2026 10:00:00 +0000\r\nMessage-ID: <{number}.file@example.org>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
            f"--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            "--=_b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            'Content-Disposition: attachment; filename="file.bin"\r\n\r\n'.encode(),
            encodebytes(self.block).replace(b"\n", b"\r\n") * blocks,
            b"--=_b--\r\n",
        ]
        return b"".join(pieces)

    def _many_parts(self) -> bytes:
        """Texts and small files by turns."""
        pieces = [
            "From: sender@example.org\r\nTo: reader@example.org\r\nSubject: many parts\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
        ]
        file = encodebytes(self.block[:20_007]).decode().replace("\n", "\r\n")
        for number in range(1, self.sizes.parts + 1):
            if number % 2:
                pieces.append(f"--=_b\r\nContent-Type: text/plain\r\n\r\n{self.said(number)}\r\n")
            else:
                pieces.append(
                    "--=_b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
                    f'Content-Disposition: attachment; filename="{number}.pdf"\r\n\r\n{file}'
                )
        return "".join([*pieces, "--=_b--\r\n"]).encode()


def _leave_unseen(client: imaplib.IMAP4, count: int) -> None:
    """Every hundredth, all through the folder."""
    client.select(MANY_FOLDER)
    seen = ",".join(f"{first}:{min(first + 98, count)}" for first in range(1, count + 1, 100))
    _done(client.store(seen, "+FLAGS.SILENT", "(\\Seen)"))
    client.unselect()


def _done(answer: tuple[str, object]) -> None:
    if answer[0] != "OK":
        raise RuntimeError(f"refused: {answer[1]!r}")
