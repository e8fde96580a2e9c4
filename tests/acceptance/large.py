"""Messages of a hundred megabytes that never are in memory as a whole: a seed makes their octets again."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import mail_owner

BLOCK = 57 * 16_384  # octets; whole lines of base64
_HEAD = (
    b"From: sender@example.org\r\nTo: reader@example.org\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
    b"--=_b\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n"
    b"--=_b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=large.bin\r\n\r\n"
)
_TAIL = b"\r\n--=_b--\r\n"


@dataclass(frozen=True)
class Large:
    """A message with an attachment of ``blocks`` blocks; part 2."""

    blocks: int
    seed: int = 1

    @property
    def size(self) -> int:
        """Octets of the attachment."""
        return self.blocks * BLOCK

    def data(self) -> Iterator[bytes]:
        """The attachment: blocks differ from each other, so that one in another's place is noticed."""
        block = Random(self.seed).randbytes(BLOCK - 8)
        for number in range(self.blocks):
            yield number.to_bytes(8, "big") + block

    def slice(self, start: int, length: int) -> bytes:
        first, last = start // BLOCK, (start + length - 1) // BLOCK
        held = b"".join(block for number, block in enumerate(self.data()) if first <= number <= last)
        return held[start - first * BLOCK :][:length]

    def raw(self) -> Iterator[bytes]:
        """The message as it is on the wire."""
        yield _HEAD
        for block in self.data():
            yield base64.encodebytes(block).replace(b"\n", b"\r\n")
        yield _TAIL

    def raw_size(self) -> int:
        return sum(map(len, self.raw()))

    async def source(self) -> AsyncIterator[bytes]:
        for piece in self.raw():
            yield piece

    def put(self, server: Dovecot, user: str) -> None:
        """Into the user's INBOX, past the server: no client has to hold it."""
        inbox = server.home(user) / "Maildir"
        for name in ("cur", "new", "tmp"):
            (inbox / name).mkdir(parents=True, exist_ok=True)
        path = inbox / "tmp" / f"{self.seed}.large"
        with path.open("wb") as file:
            file.writelines(self.raw())
        _own(server.home(user))
        path.rename(inbox / "cur" / f"{self.seed}.large:2,")


def digest(pieces: Iterable[bytes]) -> str:
    made = hashlib.sha256()
    for piece in pieces:
        made.update(piece)
    return made.hexdigest()


def _own(root: Path) -> None:
    if os.getuid() == 0:
        for path in (root, *root.rglob("*")):
            os.chown(path, *mail_owner())
