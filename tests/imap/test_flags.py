from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.imap.flags import check_flag, to_flag, to_keyword, to_keywords


@pytest.mark.parametrize(
    ("flag", "keyword"),
    [
        (b"\\Seen", "$seen"),
        (b"\\FLAGGED", "$flagged"),
        (b"\\answered", "$answered"),
        (b"\\Draft", "$draft"),
        (b"\\Deleted", "$deleted"),
        (b"$Forwarded", "$forwarded"),
        (b"Work", "work"),
        (b"$Label1", "$label1"),
    ],
)
def test_there_and_back(flag: bytes, keyword: str) -> None:
    assert to_keyword(flag) == keyword
    assert to_flag(keyword, [flag]).lower() == flag.lower()


@pytest.mark.parametrize("flag", [b"\\Recent", b"\\*", b"\\XFoo", b""])
def test_what_is_no_keyword(flag: bytes) -> None:
    assert to_keyword(flag) is None


def test_the_servers_spelling_is_used() -> None:
    assert to_flag("todo", [b"\\Seen", b"ToDo"]) == b"ToDo"
    assert to_flag("todo") == b"todo"
    assert to_flag("$Seen") == b"\\Seen"


def test_keywords_of_a_message_are_sorted_and_unique() -> None:
    assert to_keywords([b"Work", b"\\Seen", b"WORK", b"\\Recent"]) == ["$seen", "work"]


@pytest.mark.parametrize(
    "keyword", ["", "\\Recent", "\\Seen", "a b", "a)", "(", "{5}", "a\r\nb", "a\0", "é", "%", "*", '"', "]", "x" * 129]
)
def test_refused_keywords(keyword: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        to_flag(keyword)
    assert refused.value.field == "flags"


@pytest.mark.parametrize("flag", [b"\\Recent", b"\\*", b"a b", b"", b"a\r\nb", b"\xff", b"a)", b"\\Other"])
def test_flags_a_client_may_not_set(flag: bytes) -> None:
    with pytest.raises(InvalidRequest):
        check_flag(flag)


@given(st.text(max_size=20))
def test_a_keyword_is_an_atom_or_refused(keyword: str) -> None:
    try:
        flag = to_flag(keyword)
    except InvalidRequest:
        return
    assert check_flag(flag) == flag
    assert not set(flag) & set(b' (){%*"]\r\n\0')
