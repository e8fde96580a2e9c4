"""Header blocks into fields."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.message.header import MAX_BLOCK, MAX_FIELDS, MAX_VALUE, every, first, read_block, split_fields


def test_fields_in_order_with_their_folding() -> None:
    fields = split_fields(b"Subject: a\r\n b\r\nTo:x\r\nSUBJECT : c\r\n\r\nBody: no\r\n")
    assert [(field.name, field.unfolded) for field in fields] == [
        (b"subject", b"a b"),
        (b"to", b"x"),
        (b"subject", b"c"),
    ]
    assert fields[0].value == b" a\r\n b"
    assert first(fields, b"to") == b"x"
    assert first(fields, b"cc") is None
    assert every(fields, b"subject") == [b"a b", b"c"]


def test_line_ends_of_any_kind() -> None:
    for end in (b"\r\n", b"\n", b"\r"):
        fields = split_fields(end.join([b"A: 1", b"B: 2", b"", b"C: 3"]))
        assert [(field.name, field.unfolded) for field in fields] == [(b"a", b"1"), (b"b", b"2")]


def test_lines_that_are_no_field_are_passed_over() -> None:
    fields = split_fields(b"From someone Mon Jan 1\r\nA: 1\r\njunk line\r\n\xff\xfe\r\nB: 2\r\n")
    assert [field.name for field in fields] == [b"a", b"b"]


def test_empty_lines_before_the_first_field_don_t_end_the_block() -> None:
    assert [field.name for field in split_fields(b"\r\nA: 1\r\n\r\nB: 2")] == [b"a"]


def test_the_number_of_fields_is_bounded() -> None:
    assert len(split_fields(b"a:1\n" * (MAX_FIELDS + 10))) == MAX_FIELDS


def test_a_name_is_also_kept_as_it_is_spelled() -> None:
    assert [field.spelled for field in split_fields(b"X-ODD: 1\r\nx-Odd : 2\r\n")] == [b"X-ODD", b"x-Odd"]


def test_what_is_left_out_is_said() -> None:
    usual = read_block(b"A: 1\r\n b\r\n\r\nbody")
    assert (len(usual.fields), usual.cut, usual.junk) == (1, False, False)
    assert read_block(b"a:1\n" * (MAX_FIELDS + 10)).cut
    assert not read_block(b"a:1\n" * MAX_FIELDS).cut
    assert read_block(b"a: " + b"x" * MAX_VALUE + b"\r\nb: 2\r\n").cut
    assert read_block((b"a: " + b"x" * 1000 + b"\n") * (MAX_BLOCK // 1000)).cut
    assert read_block(b"A: 1\r\nno field\r\nB: 2\r\n").junk
    assert read_block(b"junk\n" * 6000).cut


@given(st.one_of(st.binary(max_size=200), st.text("aB: \r\n\t", max_size=100).map(str.encode)))
def test_anything_splits(block: bytes) -> None:
    for field in split_fields(block):
        assert field.name == field.name.lower()
        assert b":" not in field.name
        assert b"\n" not in field.unfolded
        assert b"\r" not in field.unfolded
