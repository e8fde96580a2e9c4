"""Header members: bounded, and what is wrong is said."""

from __future__ import annotations

import pytest

from gateway.mail.fields import Fields
from gateway.mail.header_members import MOST, Members, header_members
from tests.effort import seconds


async def read(block: bytes, *asked: str, most: int = MOST) -> Members:
    (found,) = await header_members([block], most, Fields.parse(asked))
    return found


@pytest.mark.parametrize(
    ("block", "problems"),
    [
        (b"X: a\r\n", None),
        ("X: ü\r\n".encode(), None),
        (b"X: a\0b\r\n", ["nul-in-headers"]),
        (b"X: \xe4\r\n", ["headers-not-utf-8"]),
        (b"X: a\r\nno field\r\n", ["header-lines-unreadable"]),
        (b"X: " + b"a" * 70_000 + b"\r\n", ["headers-truncated"]),
        (b"X: a\r\n" * 6000, ["headers-truncated"]),
    ],
)
async def test_problems(block: bytes, problems: list[str] | None) -> None:
    assert (await read(block, "header:X:asText")).get("problems") == problems


async def test_a_block_that_was_cut_within_a_character_is_cut_and_no_more() -> None:
    found = await read("X: abcü".encode(), "header:X", most=7)
    assert found["problems"] == ["headers-truncated"]
    assert str(found["header:X"]).startswith(" abc")


async def test_forms_that_can_t_be_read_are_named() -> None:
    found = await read(b"X: a\r\nX: <b@c>\r\n", "header:X:asDate", "header:X:asMessageIds:all", "header:X:asAddresses")
    assert found["header:X:asMessageIds:all"] == [None, ["b@c"]]
    assert found["problems"] == ["unreadable-header:X:asDate", "unreadable-header:X:asMessageIds:all"]


async def test_too_many_addresses_are_said() -> None:
    block = b"".join(b"To: " + b"a@b," * 600 + b"\r\n" for _ in range(2))
    assert "problems" not in await read(block, "header:To:asAddresses:all")
    found = await read(b"To: " + b"a@b," * 1200 + b"\r\n", "header:To:asAddresses", "header:To:asGroupedAddresses")
    assert found["problems"] == ["too-many-addresses"]


async def test_the_same_field_many_times_over_is_bounded() -> None:
    block = (b"X: " + b"a" * 60_000 + b"\r\n") * 16
    asked = [f"header:{name}:as{form}:all" for name in ("x", "X") for form in ("Raw", "Text", "URLs", "Date")]
    found = await read(block, *asked)
    assert "headers-truncated" in found["problems"]  # type: ignore[operator]
    shown = sum(len(value) for values in found.values() if isinstance(values, list) for value in values if value)
    assert shown < 5 * MOST


@pytest.mark.parametrize(
    "unit", [b"To: (((((\r\n", b"To: a@b,\r\n", b"X: =?utf-8?Q?\r\n", b"To: " + b"(" * 60_000 + b"\r\n"]
)
async def test_a_megabyte_of_nonsense_takes_moments(unit: bytes) -> None:
    from gateway.mail.header_members import _members

    block = unit * (MOST // len(unit))
    asked = Fields.parse(["headers", "header:To:asAddresses:all", "header:X:asText:all", "list", "authentication"])
    assert seconds(lambda: _members(block, MOST, asked)) < 3
