from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.imap.encode.acl import MAX_IDENTIFIER, identifier, modification, quota_root
from gateway.imap.encode.arg import Arg
from tests.imap.encode.test_arg import HOSTILE, sent


@pytest.mark.parametrize(
    "who", ["bob", "anyone", "-bob", "$team", "group:x y", "user@example.org", "jörg", "a/b", "{3}"]
)
def test_an_identifier_arrives_as_one_argument(who: str) -> None:
    assert sent(identifier(who.encode()), modification("lr")) == [who.encode(), b"lr"]


@pytest.mark.parametrize(
    "who", [b"", b"-", b'a"b', b"a\\b", b"a\r\nb", b"a\tb", b"\x7f", b"nul\0", b"x" * (MAX_IDENTIFIER + 1)]
)
def test_an_identifier_that_no_list_can_hold_is_refused(who: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        identifier(who)
    assert refused.value.field == "who"


@given(st.binary(max_size=300))
def test_any_identifier_is_one_argument_or_refused(who: bytes) -> None:
    try:
        made = identifier(who)
    except InvalidRequest:
        return
    assert sent(made, modification("")) == [who, b""]


def test_rights_replace_add_and_remove() -> None:
    assert sent(modification("lrs"), modification("te", "add"), modification("09", "remove")) == [
        b"lrs",
        b"+te",
        b"-09",
    ]


@pytest.mark.parametrize("letters", ["L", "l r", "+l", "-l", "é", 'l"', "l\r\n", "a" * 37])
def test_other_letters_are_refused(letters: str) -> None:
    with pytest.raises(InvalidRequest):
        modification(letters)


@pytest.mark.parametrize("root", [value for value in HOSTILE if len(value) < 1000])
def test_a_quota_root_is_one_argument(root: str) -> None:
    made: Arg = quota_root(root.encode())
    assert sent(made) == [root.encode()]
