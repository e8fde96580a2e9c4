"""What mailing lists say of themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.header import split_fields
from gateway.message.mailing_list import MailingList, mailing_list


def read(block: bytes) -> MailingList:
    found = mailing_list(split_fields(block))
    assert found is not None
    return found


def test_a_message_of_no_list() -> None:
    assert mailing_list(split_fields(b"Subject: x\r\nList-Something: <https://a.example/>\r\n")) is None


@pytest.mark.parametrize(
    ("value", "id_", "name"),
    [
        (b"<list.example.org>", "list.example.org", None),
        (b'"A List" <list.example.org>', "list.example.org", "A List"),
        (b"=?utf-8?Q?J=C3=BC?= <list.example.org> (x)", "list.example.org", "Jü"),
        (b"list.example.org", "list.example.org", None),
        (b"<list.example.org", "list.example.org", None),
        (b"folded\r\n <list.example.org>", "list.example.org", "folded"),
        (b"", None, None),
        (b"<>", None, None),
    ],
)
def test_id(value: bytes, id_: str | None, name: str | None) -> None:
    found = read(b"List-ID: " + value + b"\r\n")
    assert (found.id, found.name) == (id_, name)


ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
HTTPS = b"List-Unsubscribe: <mailto:off@example.org>, <https://example.org/off?x>\r\n"


@pytest.mark.parametrize(
    ("block", "one_click"),
    [
        (HTTPS + ONE_CLICK, "https://example.org/off?x"),
        (ONE_CLICK.lower() + HTTPS, "https://example.org/off?x"),
        (HTTPS, None),
        (b"List-Unsubscribe: <http://example.org/off>\r\n" + ONE_CLICK, None),
        (b"List-Unsubscribe: <mailto:off@example.org>\r\n" + ONE_CLICK, None),
        (HTTPS + b"List-Unsubscribe-Post: yes\r\n", None),
    ],
)
def test_one_click_needs_both_fields_and_https(block: bytes, one_click: str | None) -> None:
    assert read(block).one_click == one_click


@pytest.mark.parametrize(("value", "posting"), [(b"NO", False), (b" no (moderated)", False), (b"<NO>", False),
                                                (b"<mailto:list@example.org>", True)])  # fmt: skip
def test_posting(value: bytes, posting: bool) -> None:
    found = read(b"List-Post: " + value + b"\r\n")
    assert found.posting is posting
    assert found.problems == ()


def test_links_that_could_do_harm_are_left_out_and_said() -> None:
    found = read(b"List-Unsubscribe: <javascript:alert(1)>, <https://example.org/>, <data:text/html,x>, <https:x>\r\n")
    assert found.unsubscribe == ("https://example.org/",)
    assert found.problems == ("unsafe-link",)
    assert read(b"List-Help: see below\r\n").problems == ("unreadable-list-help",)


@given(st.text('<>,()"=?:/ aN\r\n\t', max_size=80).map(str.encode))
def test_anything_is_read(value: bytes) -> None:
    found = mailing_list(split_fields(b"List-Unsubscribe: " + value + b"\r\nList-Id: " + value))
    assert found is not None
    assert all(url.lower().startswith(("http", "mailto:")) for url in found.unsubscribe)
