"""Message-ID lists and Content-IDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.ids import MAX_IDS, content_id, message_ids


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (b"<a@b>", ["a@b"]),
        (b"<a@b> <c@d>", ["a@b", "c@d"]),
        (b"<a@b><c@d>", ["a@b", "c@d"]),
        (b"<a@b>,\r\n\t<c@d>", ["a@b", "c@d"]),
        (b"Your message of Monday <a@b>", ["a@b"]),
        (b"a@b", ["a@b"]),
        (b"a@b, c@d", ["a@b", "c@d"]),
        (b"<a@b", ["a@b"]),
        (b"<a\r\n @b>", ["a@b"]),
        (b"<>", []),
        (b"junk", []),
        (b"<no-at-sign>", ["no-at-sign"]),
        ("<é@b>".encode(), ["é@b"]),
        (b"<\xe9@b>", ["é@b"]),
        (b"<a@b\x00>", ["a@b"]),
        (b"", []),
        (None, []),
    ],
)
def test_says(raw: bytes | None, ids: list[str]) -> None:
    assert message_ids(raw) == ids


def test_a_long_thread_keeps_its_root_and_its_end() -> None:
    ids = message_ids(b"".join(b"<%d@x>" % number for number in range(3000)))
    assert len(ids) == MAX_IDS
    assert (ids[0], ids[-1]) == ("0@x", "2999@x")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<a@b>", "a@b"),
        (b"a@b", "a@b"),
        (b"plain", "plain"),
        (b" < a@b > ", "a@b"),
        (b"", None),
        (b"<>", None),
        (None, None),
    ],
)
def test_content_id(raw: bytes | None, said: str | None) -> None:
    assert content_id(raw) == said


@given(st.one_of(st.binary(max_size=100), st.text("<>@a ,\r\n", max_size=60).map(str.encode)))
def test_anything_is_a_list_of_clean_ids(raw: bytes) -> None:
    for one in [*message_ids(raw), content_id(raw) or "x"]:
        assert one
        assert one.encode()
        assert not set(one) & set("\r\n\t \0")
