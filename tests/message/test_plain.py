"""Plain text as HTML: nothing of it but characters, block quotes and links."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.html import sanitise
from gateway.message.plain import text_to_html
from tests.effort import linear
from tests.message import payloads

PRE = '<div style="white-space:pre-wrap">'


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.depth += 1
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {"href", "target", "rel", "style"}

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text_to_html(text))
    reader.close()
    assert reader.depth == 0
    assert reader.tags <= {"div", "a", "blockquote"}
    assert all(re.match("https?://", link, re.IGNORECASE) for link in reader.links)
    return reader


def test_lines_and_quotes() -> None:
    shown = text_to_html("a  b\n> c <d>\n> > e & f\ng")
    assert shown == (
        f"{PRE}a  b</div><blockquote>{PRE}c &lt;d&gt;</div><blockquote>{PRE}e &amp; f</div>"
        f"</blockquote></blockquote>{PRE}g</div>"
    )


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a?b=c&d=e.", ["https://example.org/a?b=c&d=e"]),
        ("(http://example.org/a_(b))", ["http://example.org/a_(b)"]),
        ("<https://example.org>", ["https://example.org"]),
        ("javascript:alert(1) data:text/html,x ftp://example.org xhttp://example.org", []),
        ('https://example.org/"onclick="x', ["https://example.org/"]),
        ("https://example.org/é", []),
        ("http:// https:///x http://?", []),
        ("https://", []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    reader = read(text)
    assert reader.links == links
    assert reader.text == text


@given(st.text(alphabet="<>&\"' ahtps:/.;()\n>[]=", max_size=200))
def test_every_character_is_shown(text: str) -> None:
    flat = "\n".join("x" + line for line in text.split("\n"))
    assert read(flat).text == flat


@given(st.text(alphabet="> a\n<&", max_size=200))
def test_quotes_nest_well(text: str) -> None:
    read(text)


def test_markup_in_text_stays_text() -> None:
    for payload in (*payloads.SCRIPT, *payloads.HANDLER, *payloads.URL):
        read(payload)


def test_the_sanitiser_has_nothing_to_remove() -> None:
    text = "a\n> b https://example.org/?a=1&b=2\n>> c\nd"
    safe = sanitise(text_to_html(text), cid=lambda _: None)
    assert safe.blocked_remote == 0
    assert safe.html.count("<blockquote>") == 2
    assert 'href="https://example.org/?a=1&amp;b=2"' in safe.html


@pytest.mark.parametrize(
    "unit", [b">", b"> ", b"> a\nb\n", b"http://", b"https://a)", b"(", b"&", b"https://a ", b"\n", b"))))"]
)
def test_linear(unit: bytes) -> None:
    assert linear(lambda raw: text_to_html(raw.decode()), unit, 100_000)
