"""The head of a message on its way in: no more of it is read than is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest

from gateway.mail.stored_before import MAX_HEAD, joined, read_head

HEADER = b"Subject: hello\r\nMessage-ID: <one@example.org>\r\n\r\n"
BODY = b"body\r\n\r\nmore\r\n"


class Source:
    """Gives its chunks one by one and counts them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.given = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            self.given += 1
            return chunk
        raise StopAsyncIteration


def pieces(message: bytes, size: int) -> Source:
    return Source(message[at : at + size] for at in range(0, len(message), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 48, 1000])
@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
async def test_the_header_however_it_comes(size: int, ends: bytes) -> None:
    header, message = HEADER.replace(b"\r\n", ends), (HEADER + BODY).replace(b"\r\n", ends)
    source = pieces(message, size)
    head = await read_head(source)
    assert head.header == header
    assert head.message_id == "one@example.org"
    assert source.given == -(-len(header) // size)  # and not a chunk more
    assert b"".join([chunk async for chunk in joined(head, source)]) == message


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b"Message-ID:\r\n <folded@example.org>\r\n", "folded@example.org"),
        (b"MESSAGE-id: <case@example.org>\r\n", "case@example.org"),
        (b"", None),
        (b"Message-ID: <one@example.org>\r\nMessage-ID: <two@example.org>\r\n", None),
        (b"Message-ID: <one@example.org> <two@example.org>\r\n", None),
        (b"Message-ID: <\xc3\xa9@example.org>\r\n", None),
        (b"Message-ID: \r\n", None),
    ],
)
async def test_only_one_plain_message_id_is_a_name(field: bytes, name: str | None) -> None:
    head = await read_head(Source([b"Subject: x\r\n" + field + b"\r\nMessage-ID: <body@example.org>\r\n"]))
    assert head.message_id == name


async def test_a_header_without_end_is_given_up() -> None:
    endless = Source(HEADER[:-2] + b"X-Filler: " + b"x" * 1000 + b"\r\n" for _ in range(1000))
    head = await read_head(endless)
    assert (head.header, head.message_id) == (None, None)
    assert MAX_HEAD < len(head.octets) < MAX_HEAD + 1100
    assert endless.given < 100


async def test_a_message_of_a_header_alone_has_no_name() -> None:
    head = await read_head(Source([HEADER[:-2]]))
    assert (head.header, head.octets) == (None, HEADER[:-2])
