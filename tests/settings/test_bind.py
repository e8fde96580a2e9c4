from __future__ import annotations

import pytest

from gateway.settings.bind import Bind, parse_bind


@pytest.mark.parametrize(
    ("text", "bind", "loopback"),
    [
        ("127.0.0.1:8080", Bind("127.0.0.1", 8080), True),
        ("0.0.0.0:0", Bind("0.0.0.0", 0), False),
        ("[::1]:65535", Bind("::1", 65535), True),
        ("[::]:80", Bind("::", 80), False),
        ("localhost:1", Bind("localhost", 1), True),
        ("mail.example.org:443", Bind("mail.example.org", 443), False),
    ],
)
def test_addresses(text: str, bind: Bind, loopback: bool) -> None:
    assert parse_bind(text) == bind
    assert bind.is_loopback is loopback


@pytest.mark.parametrize(
    "text",
    ["", "8080", ":8080", "::1:8080", "[::1]", "[x]:1", "a:65536", "a:-1", "a b:1", "a:1\n", "[1.2.3]:1"],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_bind(text)
