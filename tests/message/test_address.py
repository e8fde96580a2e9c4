"""Addresses from ENVELOPE tuples and from raw headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.address import MAX_ADDRESSES, Group, addresses, parse_addresses, parse_groups
from tests.message.parts import Mailbox

CLOSE = Mailbox(None, None, None)


@pytest.mark.parametrize(
    ("found", "pairs"),
    [
        ([], []),
        ([Mailbox(b"A B", b"a", b"example.org")], [("A B", "a@example.org")]),
        ([Mailbox(None, b"a", b"example.org")], [(None, "a@example.org")]),
        ([Mailbox(b"", b"a", b"example.org")], [(None, "a@example.org")]),
        ([Mailbox(b'"A"', b"a", b"b")], [("A", "a@b")]),
        ([Mailbox(b"=?utf-8?Q?J=C3=BC?=", b"a", b"b")], [("Jü", "a@b")]),
        ([Mailbox("Jü".encode(), "jü".encode(), "bü.example".encode())], [("Jü", "jü@bü.example")]),
        ([Mailbox(b"A", b"MISSING_MAILBOX", b"MISSING_DOMAIN")], [("A", "")]),
        ([Mailbox(None, b"root", b"MISSING_DOMAIN")], [(None, "root")]),
        ([Mailbox(None, b"root", b"")], [(None, "root")]),
        (
            [
                Mailbox(None, b"team", None),
                Mailbox(None, b"a", b"b"),
                Mailbox(None, None, None),
                Mailbox(None, b"c", b"d"),
            ],
            [(None, "a@b"), (None, "c@d")],
        ),
        ([Mailbox(None, b"undisclosed-recipients", None), Mailbox(None, None, None)], []),
        ([Mailbox(b"A", b"a", None)], [("A", "a")]),
        ([Mailbox(None, None, None)], []),
        ([Mailbox(None, None, b"b")], [(None, "@b")]),
        ([Mailbox(b"a\r\nBcc: x", b"a\r\nb", b"c\0d")], [("aBcc: x", "ab@cd")]),
    ],
)
def test_envelope(found: list[Mailbox], pairs: list[tuple[str | None, str]]) -> None:
    assert addresses(found) == pairs


def test_many_addresses_are_bounded() -> None:
    assert len(addresses([Mailbox(None, b"a", b"b")] * 5000)) == MAX_ADDRESSES
    assert len(parse_addresses(b"a@b," * 5000)) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (None, []),
        (b"", []),
        (b"a@b", [(None, "a@b")]),
        (b"A B <a@b>", [("A B", "a@b")]),
        (b'"B, A" <a@b>, c@d', [("B, A", "a@b"), (None, "c@d")]),
        (b'"quoted \\"pair\\"" <a@b>', [('quoted "pair"', "a@b")]),
        (b"a@b (A B)", [("A B", "a@b")]),
        (b"a@b (A (nested) B)", [("A (nested) B", "a@b")]),
        (b"A <a@b> (ignored)", [("A", "a@b")]),
        (b"A <@x,@y:a@b>", [("A", "a@b")]),
        (b"Friends: a@b, C <c@d>;, e@f", [(None, "a@b"), ("C", "c@d"), (None, "e@f")]),
        (b"undisclosed-recipients:;", []),
        (b"a@b; c@d", [(None, "a@b"), (None, "c@d")]),
        (b"A a@b", [("A", "a@b")]),
        (b"A <a@b", [("A", "a@b")]),
        (b"A <a@b, C <c@d>", [("A", "a@b"), ("C", "c@d")]),
        (b"<a@b> <c@d>", [(None, "a@b"), (None, "c@d")]),
        (b"a @ b", [(None, "a@b")]),
        (b"(((((", [(None, "(((((")]),
        (b"=?utf-8?Q?Doe,_J=C3=BC?= <a@b>", [("Doe, Jü", "a@b")]),
        (b'"=?utf-8?Q?J=C3=BC?=" <a@b>', [("Jü", "a@b")]),
        (b"=?utf-8?Q?J=C3?=\r\n =?utf-8?Q?=BC?= <a@b>", [("Jü", "a@b")]),
        (b'"a b"@c', [(None, '"a b"@c')]),
        (b'"unclosed <a@b>', [("unclosed", "a@b")]),
        ("Jü <jü@b>".encode(), [("Jü", "jü@b")]),
        (b",,, ,a@b,,", [(None, "a@b")]),
        (b"postmaster", [(None, "postmaster")]),
        (b"A\r\n\t<a@b>", [("A", "a@b")]),
        (b"a@[IPv6:2001:db8::1], A <b@[192.0.2.1]>", [(None, "a@[IPv6:2001:db8::1]"), ("A", "b@[192.0.2.1]")]),
        (b"mailto:a@b", [(None, "a@b")]),
    ],
)
def test_header(raw: bytes | None, pairs: list[tuple[str | None, str]]) -> None:
    assert parse_addresses(raw) == pairs


@pytest.mark.parametrize(
    ("raw", "groups"),
    [
        (None, []),
        (b"", []),
        (b"a@b, c@d", [(None, [(None, "a@b"), (None, "c@d")])]),
        (b"undisclosed-recipients:;", [("undisclosed-recipients", [])]),
        (
            b'"  James Smythe" <james@example.com>, Friends:\r\n jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\r\n'
            b" <john@example.com>;",
            [
                (None, [("James Smythe", "james@example.com")]),
                ("Friends", [(None, "jane@example.com"), ("John Smîth", "john@example.com")]),
            ],
        ),
        (b'"A, B": a@b; c@d', [("A, B", [(None, "a@b")]), (None, [(None, "c@d")])]),
        (b"A: a@b, B: c@d;", [("A", [(None, "a@b")]), ("B", [(None, "c@d")])]),
        (b"A: a@b", [("A", [(None, "a@b")])]),
        (b"a@b; c@d", [(None, [(None, "a@b"), (None, "c@d")])]),
        (b"=?utf-8?Q?J=C3=BC?=:;", [("Jü", [])]),
        (b":a@b;", [("", [(None, "a@b")])]),
    ],
)
def test_groups(raw: bytes | None, groups: list[Group]) -> None:
    assert parse_groups(raw) == groups


_HALF = st.one_of(st.none(), st.binary(max_size=12))
_HEADER = st.one_of(st.binary(max_size=80), st.text('<>@"(),;: ab=?\\\r\n', max_size=60).map(str.encode))


@given(_HEADER)
def test_any_header_is_a_list_of_clean_pairs(raw: bytes) -> None:
    for name, email in parse_addresses(raw):
        assert name or email
        assert not set((name or "") + email) & set("\r\n\0")
        ((name or "") + email).encode()


@given(_HEADER)
def test_groups_hold_the_same_addresses(raw: bytes) -> None:
    groups = parse_groups(raw)
    assert [pair for _, members in groups for pair in members] == parse_addresses(raw)
    assert all(members or name is not None for name, members in groups)


@given(st.lists(st.builds(Mailbox, _HALF, _HALF, _HALF), max_size=6))
def test_any_envelope_is_a_list_of_clean_pairs(found: list[Mailbox]) -> None:
    for name, email in addresses(found):
        assert name or email
        assert not set((name or "") + email) & set("\r\n\0")
        ((name or "") + email).encode()
