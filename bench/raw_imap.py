"""The floor: the fewest IMAP commands that get the same data, on a connection that is open, and nobody parses."""

from __future__ import annotations

import re
import socket
import ssl
from itertools import cycle

from bench.letters import MARKER, PAGE, PART_OCTETS, Mailbox
from bench.site import Site
from bench.work import Work, WrongAnswer

SUMMARY = "UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE"
_CHUNK = 65_536


class RawImap:
    name = "open connection, raw"

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tls = ssl.create_default_context(cafile=str(site.server.ca_file))

    def client(self, number: int) -> RawClient:
        server, user = self._site.server, self._site.users[number]
        plain = socket.create_connection(("localhost", server.tls_port), timeout=20)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = self._tls.wrap_socket(plain, server_hostname="localhost")
        return RawClient(sock, user, server.password(user), self._site.mailbox)


class RawClient:
    """A NOOP goes ahead of each command: without it a server shows an open mailbox as it was."""

    can = frozenset(Work)

    def __init__(self, sock: ssl.SSLSocket, user: str, password: str, mailbox: Mailbox) -> None:
        self._sock, self._mailbox = sock, mailbox
        self._number = 0
        self._letters = cycle(mailbox.letters)
        self._flagged = False
        if not self._sock.recv(_CHUNK).startswith(b"* OK"):
            raise WrongAnswer("no greeting")
        self.ask(f"LOGIN {user} {password}")
        self.ask("ENABLE QRESYNC")
        self.ask("SELECT INBOX")
        self.ask(f"UID STORE {mailbox.newest[2]} -FLAGS.SILENT (\\Flagged)")

    def do(self, work: Work) -> None:
        match work:
            case Work.PAGE | Work.FIRST:
                first, last = self._mailbox.newest[0], self._mailbox.newest[-1]
                answer = self.fresh(f"UID FETCH {first}:{last} ({SUMMARY})")
                _expect(len(re.findall(rb"^\* \d+ FETCH ", answer, re.MULTILINE)) == PAGE)
            case Work.SAME:
                self.ask("NOOP")
            case Work.MESSAGE:
                fields = "BODY.PEEK[HEADER.FIELDS (REFERENCES)]"
                answer = self.fresh(f"UID FETCH {next(self._letters)} ({SUMMARY} MODSEQ {fields})")
                _expect(b"BODYSTRUCTURE" in answer)
            case Work.BODY:
                uid = next(self._letters)
                texts = " ".join(f"BODY.PEEK[{part}]" for part in self._mailbox.text_parts(uid))
                answer = self.fresh(f"UID FETCH {uid} (BODYSTRUCTURE {texts})")
                _expect(MARKER.encode() in answer)
            case Work.PART:
                answer = self.fresh(f"UID FETCH {self._mailbox.large} (BODYSTRUCTURE BODY.PEEK[2])")
                _expect(len(answer) > PART_OCTETS)
            case Work.FLAG:
                self._flagged = not self._flagged
                uid, sign = self._mailbox.newest[2], "+" if self._flagged else "-"
                answer = self.fresh(f"UID STORE {uid} {sign}FLAGS (\\Flagged)")
                flags = re.findall(rb"UID %d [^\n]*?FLAGS \(([^)]*)\)" % uid, answer)
                _expect(bool(flags) and (b"\\Flagged" in flags[-1]) is self._flagged)

    def close(self) -> None:
        self._sock.close()

    def fresh(self, command: str) -> bytes:
        """NOOP, then the command. In one write they would save a trip, but Dovecot then holds expunges back."""
        self.ask("NOOP")
        return self.ask(command)

    def ask(self, command: str) -> bytes:
        """The octets up to the command's tag, which must be OK."""
        self._number += 1
        tag = b"raw%d" % self._number
        self._sock.sendall(tag + b" " + command.encode() + b"\r\n")
        pieces: list[bytes] = []
        tail = b""
        end = re.compile(rb"(?:^|\n)%b (OK|NO|BAD)[^\r]*\r\n\Z" % tag)
        while True:
            piece = self._sock.recv(_CHUNK)
            if not piece:
                raise WrongAnswer("the server hung up")
            pieces.append(piece)
            tail = (tail + piece)[-512:]
            if (found := end.search(tail)) is not None:
                _expect(found[1] == b"OK")
                return b"".join(pieces)


def _expect(held: bool) -> None:
    if not held:
        raise WrongAnswer("the mail server's answer lacks what was asked for")
