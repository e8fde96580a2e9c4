"""A small independent reader of what a client sends: the test's own understanding of RFC 9051 section 9.

Works octet by octet on the bytes as they go over the wire; shares no code with the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass

Token = str | bytes | list["Token"]  # an atom, a string, a list


@dataclass
class Reader:
    octets: bytes
    at: int = 0

    def command(self) -> list[Token]:
        """All arguments of one command; the octets must end with it."""
        tokens = self.items(b"\r")
        assert self.octets[self.at :] == b"\r\n", self.octets[self.at :]
        return tokens

    def items(self, end: bytes) -> list[Token]:
        tokens: list[Token] = []
        while self.peek() != end:
            if tokens:
                assert self.take(1) == b" "
            tokens.append(self.token())
        return tokens

    def peek(self) -> bytes:
        assert self.at < len(self.octets), "cut short"
        return self.octets[self.at : self.at + 1]

    def take(self, count: int) -> bytes:
        taken = self.octets[self.at : self.at + count]
        assert len(taken) == count
        self.at += count
        return taken

    def token(self) -> Token:
        first = self.peek()
        if first == b"(":
            self.take(1)
            inner = self.items(b")")
            self.take(1)
            return inner
        if first == b'"':
            return self.quoted()
        if first in (b"{", b"~"):
            return self.literal()
        return self.atom()

    def quoted(self) -> bytes:
        self.take(1)
        value = b""
        while (octet := self.take(1)) != b'"':
            if octet == b"\\":
                octet = self.take(1)
                assert octet in (b'"', b"\\")
            assert octet not in (b"\r", b"\n", b"\0")
            assert octet < b"\x80"
            value += octet
        return value

    def literal(self) -> bytes:
        if self.peek() == b"~":
            self.take(1)
        assert self.take(1) == b"{"
        digits = b""
        while (octet := self.take(1)).isdigit():
            digits += octet
        if octet == b"+":
            octet = self.take(1)
        assert octet == b"}"
        assert self.take(2) == b"\r\n"
        value = self.take(int(digits))
        assert b"\0" not in value
        return value

    def atom(self) -> str:
        """To the next space or parenthesis that is not inside the brackets of a section."""
        value = b""
        depth = 0
        while (octet := self.peek()) not in (b"\r", b"\n", b"\0") and (depth or octet not in (b" ", b"(", b")", b'"')):
            depth += (octet == b"[") - (octet == b"]")
            value += self.take(1)
        assert value
        return value.decode("ascii")


def read(octets: bytes) -> list[Token]:
    return Reader(octets).command()
