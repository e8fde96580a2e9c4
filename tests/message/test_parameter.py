"""MIME parameters in all the forms that mail has them in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.parameter import charset_label, file_name, parameter
from tests.message.parts import Leaf, leaf


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, None),
        ({"filename": b"a.txt"}, "a.txt"),
        ({"filename": b""}, ""),
        ({"filename*": b"UTF-8''caf%C3%A9.txt"}, "café.txt"),
        ({"filename*": b"iso-8859-1'fr'caf%E9.txt"}, "café.txt"),
        ({"filename*": b"''plain.txt"}, "plain.txt"),
        ({"filename*": b"no-quotes.txt"}, "no-quotes.txt"),
        ({"filename*0": b"long ", "filename*1": b"name.txt"}, "long name.txt"),
        ({"filename*1": b"name.txt", "filename*0": b"long "}, "long name.txt"),
        ({"filename*0*": b"UTF-8''caf%C3", "filename*1*": b"%A9", "filename*2": b".txt"}, "café.txt"),
        ({"filename*1": b"from ", "filename*2": b"one"}, "from one"),
        ({"filename*0": b"a", "filename*2": b"lost"}, "a"),
        ({"filename": b"plain", "filename*": b"utf-8''better"}, "better"),
        ({"filename": b"=?utf-8?Q?caf=C3=A9=2Etxt?="}, "café.txt"),
        ({"filename*0": b"=?utf-8?Q?caf=C3=A9?=", "filename*1": b".txt"}, "café.txt"),
        ({"filename": "café.txt".encode()}, "café.txt"),
        ({"filename": b"caf\xe9.txt"}, "café.txt"),
        ({"filename": b"UTF-8''caf%C3%A9.txt"}, "café.txt"),
        ({"filename": b"100%''sure"}, "100%''sure"),
        ({"filename": b"a\r\nX: b\0"}, "aX: b"),
        ({"filename*": b"utf-8''a%0D%0AX:%20b%00"}, "a X: b"),
        ({"filename*": b"utf-8''bad%ZZ%4"}, "bad%ZZ%4"),
        ({"filename*": b"x-unknown''caf%C3%A9"}, "café"),
    ],
)
def test_says(params: dict[str, bytes], said: str | None) -> None:
    assert parameter(params, "filename") == said


def test_file_name_prefers_the_disposition() -> None:
    part = Leaf("text", "plain", {"name": b"b"}, disposition_params={"filename": b"a"})
    assert file_name(part) == "a"
    assert file_name(leaf("text/plain", params={"name": b"b"})) == "b"
    assert file_name(leaf("text/plain")) is None


def test_charset_label() -> None:
    assert charset_label(leaf("text/plain", params={"charset": b'"UTF-8"'})) == "utf-8"
    assert charset_label(leaf("text/plain")) is None


_KEYS = st.sampled_from(["filename", "filename*", *[f"filename*{n}{s}" for n in range(4) for s in ("", "*")]])
_VALUES = st.one_of(st.binary(max_size=30), st.text("utf-8'%C3A9=?q ", max_size=30).map(str.encode))


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_anything_is_text_on_one_line(params: dict[str, bytes]) -> None:
    said = parameter(params, "filename") or ""
    said.encode()
    assert not set(said) & set("\r\n\0")
