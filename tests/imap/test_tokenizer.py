from __future__ import annotations

import contextlib

import pytest

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame, Streamed
from gateway.imap.tokenizer import Node, TooDeep, read, read_all
from tests.effort import linear


@pytest.mark.parametrize(
    ("frame", "nodes"),
    [
        ([b""], []),
        ([b"a b"], [b"a", b"b"]),
        ([b"a  \t b "], [b"a", b"b"]),
        ([b"(a (b)()c)"], [[b"a", [b"b"], [], b"c"]]),
        ([b'"a" "NIL" NIL nil Nil NILL'], [b"a", b"NIL", None, None, None, b"NILL"]),
        ([rb'"a \"b\" \\ c"'], [rb'a "b" \ c']),
        ([b'"a ) ( {3} * b"'], [b"a ) ( {3} * b"]),
        ([b'"\r \n \0 \xff"'], [b"\r \n \0 \xff"]),
        ([b'""'], [b""]),
        ([b'("a""b")(c)'], [[b"a", b"b"], [b"c"]]),
        ([b"(", b"NIL", b" x)"], [[b"NIL", b"x"]]),
        ([b"a ", Streamed(9), b""], [b"a", Streamed(9)]),
        ([b"BODY[HEADER.FIELDS (To Cc)]<0> x"], [b"BODY[HEADER.FIELDS (To Cc)]<0>", b"x"]),
        ([b'(body[header.fields ("X]" Y)] x)'], [[b'body[header.fields ("X]" Y)]', b"x"]]),
        ([b"BINARY.SIZE[1.2] 5"], [b"BINARY.SIZE[1.2]", b"5"]),
        ([b"(\\Seen [Gmail]/x $a]b %*)"], [[b"\\Seen", b"[Gmail]/x", b"$a]b", b"%*"]]),
        ([b"BODYSTRUCTURE(a)"], [b"BODYSTRUCTURE", [b"a"]]),
    ],
)
def test_nodes(frame: Frame, nodes: list[Node]) -> None:
    assert read_all(frame) == nodes


@pytest.mark.parametrize("text", [b"(", b")", b"(a))", b'"', b'"abc', b'"abc\\"', b'"abc\\', b'(a "b)'])
def test_what_is_not_sound(text: bytes) -> None:
    assert not read([text]).sound
    with pytest.raises(ProtocolViolation):
        read_all([text])


def test_what_is_too_deep_is_stepped_over() -> None:
    text = b"(a " + b"(" * 5000 + b'"(" x' + b")" * 5000 + b" b) c"
    reading = read([text])
    assert reading.sound
    first, last = reading.nodes
    assert last == b"c"
    assert isinstance(first, list)
    assert (first[0], first[2]) == (b"a", b"b")
    node: Node = first[1]
    depth = 1
    while isinstance(node, list):
        node = node[0]
        depth += 1
    assert node == TooDeep()
    assert depth == limits.MAX_NESTING


def test_literals_in_what_is_too_deep_are_dropped() -> None:
    deep = limits.MAX_NESTING + 3
    reading = read([b"(" * deep, b"literal", b")" * deep + b" x"])
    assert reading.sound
    assert reading.nodes[1] == b"x"


@pytest.mark.parametrize("unit", [b"(", b'"', b'\\"', b'"\\', b"BODY[", b'BODY["', b"()", b"\\", b"NIL ", b'a"', b"<"])
@pytest.mark.parametrize("head", [b"", b'"', b"BODY["])
def test_hostile_text_is_linear(head: bytes, unit: bytes) -> None:
    def reading(text: bytes) -> None:
        with contextlib.suppress(ProtocolViolation):
            read([head + text])

    assert linear(reading, unit, 100_000)


@pytest.mark.parametrize("text", [b"()" * (limits.MAX_LISTS + 1), b"a" * (limits.MAX_STRUCTURED + 1)])
def test_what_is_too_large(text: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        read([text])
