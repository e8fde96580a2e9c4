"""URLs of header fields, as they are and as they should be."""

from __future__ import annotations

import pytest

from gateway.message.urls import MAX_URLS, header_urls


@pytest.mark.parametrize(
    ("raw", "urls"),
    [
        (b"<mailto:list@example.org>", ["mailto:list@example.org"]),
        (b"<https://a.example/x>, <mailto:b@c?subject=off>", ["https://a.example/x", "mailto:b@c?subject=off"]),
        (b" <https://a.example/a,b>,\r\n\t<https://a.example/c>", ["https://a.example/a,b", "https://a.example/c"]),
        (b"(Use this) <https://a.example/> (or <https://not.example/>)", ["https://a.example/"]),
        (b"(nested (comment) <no:1>) <yes:2>", ["yes:2"]),
        (b"<https://a.example/\r\n  folded>", ["https://a.example/folded"]),
        (b"https://a.example/, mailto:b@example.org", ["https://a.example/", "mailto:b@example.org"]),
        (b"<https://a.example/x", ["https://a.example/x"]),
        (b"<<https://a.example/x>>", ["https://a.example/x"]),
        (b"(never closed <https://a.example/x>", ["https://a.example/x"]),
        (b"=?us-ascii?Q?=3Chttps=3A=2F=2Fa.example=2Fb=3E?=", ["https://a.example/b"]),
        ("<https://bücher.example/ü>".encode(), ["https://bücher.example/ü"]),
        (b"NO", []),
        (b"<>", []),
        (b"", []),
        (None, []),
    ],
)  # fmt: skip
def test_urls(raw: bytes | None, urls: list[str]) -> None:
    assert header_urls(raw) == urls


def test_they_are_bounded() -> None:
    assert len(header_urls(b"<a:b>," * 1000)) == MAX_URLS
    assert header_urls(b"<a:" + b"b" * 9000 + b">") == []
