"""Lines of keys, against a model: files are written with the line of each key known."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.settings.position import Path, lines_of

TEXT = '''\
# [no] table
a = 1 # = [
"b c" = "[x]"
[t]
'd.e' = """
[not]
"quoted" \\""" x"""""
f.g = [ 1, # comment ]
  { h = "}" },
]
[[l]]
x = 1
[[l.m]]
y = 2
[[l.m]]
y = \'\'\'
''x\'\'\'\'\'
[[l]]
[l.n]
z = 1979-05-27T07:32:00Z
[v . "w"]
k = {}
'''


def test_every_kind_of_key_has_its_line() -> None:
    tomllib.loads(TEXT)
    expected: dict[Path, int] = {
        ("a",): 2,
        ("b c",): 3,
        ("t",): 4,
        ("t", "d.e"): 5,
        ("t", "f"): 8,
        ("t", "f", "g", 1, "h"): 9,
        ("l",): 11,
        ("l", 0, "x"): 12,
        ("l", 0, "m"): 13,
        ("l", 0, "m", 0, "y"): 14,
        ("l", 0, "m", 1): 15,
        ("l", 0, "m", 1, "y"): 16,
        ("l", 1): 18,
        ("l", 1, "n", "z"): 20,
        ("v", "w"): 21,
        ("v", "w", "k"): 22,
    }
    lines = lines_of(TEXT)
    assert {path: lines.get(path) for path in expected} == expected


values = st.recursive(
    st.sampled_from(["1", "-2.5", "true", '"a"', "'b'", '"]}"', "'#'", '"""x\ny"""', "'''\n'''", '"\\""', "inf", "[]"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.lists(inner, max_size=2).map(
            lambda items: "{ " + ", ".join(f"k{n} = {item}" for n, item in enumerate(items)) + " }"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.lists(st.tuples(values, st.integers(0, 2), st.booleans()), max_size=8))
def test_lines_are_those_that_were_written(entries: list[tuple[str, int, bool]]) -> None:
    text = ""
    expected: dict[Path, int] = {}
    table: Path = ()
    for number, (value, blanks, opens) in enumerate(entries):
        text += "\n# = [x]\n" * blanks
        if opens:
            table = (f"t{number}",)
            expected[table] = text.count("\n") + 1
            text += f"[t{number}]\n"
        expected[(*table, f"k{number}")] = text.count("\n") + 1
        text += f"k{number} = {value}\n"
    tomllib.loads(text)
    lines = lines_of(text)
    assert {path: lines[path] for path in expected} == expected


@settings(max_examples=200)
@given(st.text(alphabet="ab.=[]{}\"'\\#\n, 1", max_size=60))
def test_whatever_is_toml_is_followed(text: str) -> None:
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = lines_of(text)
    assert all((key,) in lines for key in value)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\ufeff"[:0]])
def test_nothing_has_no_lines(text: str) -> None:
    assert lines_of(text) == {}
