"""HTML to text, flowed text, previews and style attributes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.flowed import unflow
from gateway.message.markup import attributes_of, tokens, unescape
from gateway.message.preview import MAX_PREVIEW, preview
from gateway.message.style import filter_style
from gateway.message.text import html_to_text
from tests.message import payloads


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("a  b\n c", "a b c"),
        ("a<br>b", "a\nb"),
        ("a<br><br>b", "a\n\nb"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"),
        ("a<hr>b", "a\n---\nb"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n\n> > b\n\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<script>x</script><style>y</style><title>z</title>a", "a"),
        ("<b>bo</b>ld <i> it </i>alic", "bold it alic"),
        ("&lt;p&gt; &amp;amp; &eacute; &#233; &#xe9;", "<p> &amp; é é é"),
        ("&#99999999999999999999; &#xD800;", "\ufffd \ufffd"),
        ("<img alt='a picture' src=x>", "a picture"),
        ("<!-- no -->yes<!doctype x>", "yes"),
        ("a\0b\x07c", "abc"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<p>a<!-- b", "a"),
    ],
)
def test_html_to_text(source: str, text: str) -> None:
    assert html_to_text(source) == text


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(payloads.ALL), max_size=5).map("".join)))
def test_any_html_has_a_text(source: str) -> None:
    text = html_to_text(source, cap=200)
    assert len(text) <= 200
    assert len(preview(source, html=True)) <= MAX_PREVIEW
    for kind, name, data in tokens(source):
        assert name == name.lower()
        if kind == "open":
            attributes_of(data)


def test_numbers_of_any_length_are_no_characters() -> None:
    assert unescape("&#" + "1" * 10_000 + ";x") == "\ufffdx"
    assert unescape("&#x" + "f" * 10_000 + ";x") == "\ufffdx"
    assert unescape("&#0000000000000065;") == "A"


@pytest.mark.parametrize(
    ("text", "delsp", "out"),
    [
        ("a \nb\nc", False, "a b\nc"),
        ("a \r\nb", False, "a b"),
        ("a \nb", True, "ab"),
        ("> a \n> b\n>> c", False, "> a b\n>> c"),
        ("> a \nb", False, "> a \nb"),
        ("sig\n-- \nname", False, "sig\n-- \nname"),
        ("a \n-- \nname", False, "a \n-- \nname"),
        (" >not a quote\n From x", False, ">not a quote\nFrom x"),
        ("a \n", False, "a "),
        ("", False, ""),
    ],
)
def test_unflow(text: str, delsp: bool, out: str) -> None:
    assert unflow(text, delsp=delsp) == out


@given(st.text("> -ab\n", max_size=60), st.booleans())
def test_unflow_loses_no_letter(text: str, delsp: bool) -> None:
    out = unflow(text, delsp=delsp)
    assert [letter for letter in out if letter in "ab-"] == [letter for letter in text if letter in "ab-"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("Hello\n\n  there\tyou", "Hello there you"),
        ("On Monday, someone wrote:\n> quoted\n\nMy answer", "My answer"),
        ("Am Montag schrieb jemand:\n\n> quoted\nMy answer", "My answer"),
        ("> quoted\nMy answer\n-- \nMy signature", "My answer"),
        ("My answer\n-----Original Message-----\nFrom: x", "My answer"),
        ("> only a quote", "only a quote"),
        ("=====\nTitle\n-----\ntext", "Title text"),
        ("a\u200b\u200c\u00ad\u034f\u2007b", "a b"),
        ("x\x00\x1b[31m\u202ey", "x[31my"),
        ("One thing:\nit is this", "One thing: it is this"),
    ],
)
def test_preview(text: str, said: str) -> None:
    assert preview(text) == said


def test_preview_of_html() -> None:
    source = "<style>p{}</style><p>Hello&nbsp;<b>you</b></p><blockquote>old</blockquote><img alt=logo>"
    assert preview(source, html=True) == "Hello you"


@given(st.text(max_size=600))
def test_preview_is_short_and_on_one_line(text: str) -> None:
    said = preview(text)
    assert len(said) <= MAX_PREVIEW
    assert said == " ".join(said.split())


def test_a_cut_preview_ends_at_a_word() -> None:
    said = preview("word " * 100)
    assert said.endswith("word…")
    assert 240 < len(said) <= MAX_PREVIEW


@pytest.mark.parametrize(
    ("written", "kept", "remote"),
    [
        ("color:red", "color:red", 0),
        (" Color : RED ; ; margin:0 auto!important", "color:RED;margin:0 auto!important", 0),
        ("color:rgb(1,2,3);background:#fff", "color:rgb(1,2,3);background:#fff", 0),
        ("font-family:'Segoe UI',\"Arial\",sans-serif", "font-family:'Segoe UI',\"Arial\",sans-serif", 0),
        ("font-family:宋体", "font-family:宋体", 0),
        ("background:url(http://x/)", "", 1),
        ("background:url(data:image/png;base64,AA)", "", 1),
        ("position:fixed;color:red", "color:red", 0),
        ("width:calc(1px)", "", 0),
        ("color:re\\64", "", 0),
        ("font-family:'x", "", 0),
        ("mso-line-height-rule:exactly", "", 0),
        ("nonsense", "", 0),
        ("color:", "", 0),
    ],
)
def test_style(written: str, kept: str, remote: int) -> None:
    assert filter_style(written) == (kept, remote)
