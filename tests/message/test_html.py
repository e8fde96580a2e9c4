"""The sanitiser: nothing that runs, nothing that loads, nothing slow; and mail still looks like mail."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.html import ALLOWED, MAX_HTML, Sanitised, sanitise
from tests.effort import least
from tests.message import payloads

OWN = "/v1/parts/1.2"
TABLE = "<table><tbody><tr>"
URL_ATTRIBUTES = {"href", "src", "background", "srcset", "action", "formaction", "poster", "data", "xlink:href", "ping"}


def link(content_id: str) -> str | None:
    return OWN if content_id == "a@b" else None


def clean(source: str) -> Sanitised:
    return sanitise(source, cid=link)


class Judge(HTMLParser):
    """Asserts of every tag and attribute that it is harmless."""

    def __init__(self, *, remote: bool = False) -> None:
        super().__init__()
        self.remote = remote
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED | {"tbody"}, tag
        self.seen.append(tag)
        for name, value in attrs:
            self.attribute(tag, name, value or "")

    def attribute(self, tag: str, name: str, value: str) -> None:
        assert not name.startswith("on"), name
        assert name not in {"id", "name", "class", "srcdoc", "formaction", "action"}, name
        if name == "href":
            assert tag == "a"
            assert re.match(r"(https?://[^/]|mailto:|tel:)", value), value
        elif name in URL_ATTRIBUTES:
            own = value == OWN or re.fullmatch(r"data:image/(png|gif|jpeg);base64,[A-Za-z0-9+/=]*", value)
            assert own or (self.remote and re.match(r"https?://[^/]", value)), value
        elif name == "style":
            assert not re.search(r"url|expression|\\|@|/\*|//|javascript|position|var\(|[{}<>]", value, re.IGNORECASE)
        elif name == "target":
            assert value == "_blank"
        elif name == "rel":
            assert set(value.split()) == {"noopener", "noreferrer", "nofollow"}

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment is left")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration is left")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("a processing instruction is left")


def judge(markup: str, *, remote: bool = False) -> list[str]:
    judge = Judge(remote=remote)
    judge.feed(markup)
    judge.close()
    return judge.seen


@pytest.mark.parametrize("payload", payloads.ALL)
@pytest.mark.parametrize("around", ["{}", "<table><tr><td>{}</td></tr></table>", "<b><p>{}", "<svg>{}</svg>", '">{}'])
def test_payload(payload: str, around: str) -> None:
    markup = clean(around.format(payload)).html
    judge(markup)
    judge(clean(markup).html)


def test_there_are_enough_payloads() -> None:
    assert len(set(payloads.ALL)) >= 120


@pytest.mark.parametrize("payload", payloads.REMOTE)
def test_what_would_load_is_counted(payload: str) -> None:
    done = clean(payload)
    assert done.blocked_remote >= 1
    assert "evil.example" not in done.html


@pytest.mark.parametrize("payload", payloads.ALL)
def test_keep_keeps_images_only(payload: str) -> None:
    judge(sanitise(payload, cid=link, remote="keep").html, remote=True)


def test_keep() -> None:
    source = (
        '<img src="https://images.example/a.png?x=1&amp;y=2"><td><p style="background:url(http://x.example/)">x</p>'
    )
    done = sanitise(source, cid=link, remote="keep")
    assert done.html == '<img src="https://images.example/a.png?x=1&amp;y=2"><p>x</p>'
    assert done.blocked_remote == 1


@given(
    st.lists(st.one_of(st.sampled_from(payloads.ALL), st.text("<>/\"'=&;#! -aspbtdri", max_size=12)), max_size=8).map(
        "".join
    )
)
def test_anything_is_harmless_and_settled(source: str) -> None:
    done = clean(source)
    judge(done.html)
    done.html.encode()
    assert clean(done.html).blocked_remote == 0


@pytest.mark.parametrize(
    ("source", "markup"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b><i>c</i>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>",
        ),
        ("<b><p>a</b>b", "<b><p>a</p></b><p>b</p>"),
        ("<p><b>a</p>b", "<p><b>a</b></p><b>b</b>"),
        ("<h1>a<h2>b", "<h1>a</h1><h2>b</h2>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ('<p style="color: red; position:absolute; margin : 0 auto">x</p>', '<p style="color:red;margin:0 auto">x</p>'),
        ('<font color="#f00" face="Arial" class="x">y</font>', '<font color="#f00" face="Arial">y</font>'),
        ("<o:p>word</o:p>", "word"),
        ("<body bgcolor=white>x</body>", '<div bgcolor="white">x</div>'),
        ('<img src="cid:a@b" width=1>', f'<img src="{OWN}" width="1">'),
        ('<img src="CID:a%40b">', f'<img src="{OWN}">'),
        ('<img src="data:image/PNG;base64,AA\nAA">', '<img src="data:image/png;base64,AAAA">'),
        ('<img alt="gone" src="http://x.example/">', '<img alt="gone">'),
        ("<!-- a --><!doctype html><p>x</p>", "<p>x</p>"),
        ("<head><title>t</title><style>p{}</style></head><p>x</p>", "<p>x</p>"),
        ('<div dir="rtl" lang="he">x</div>', '<div dir="rtl" lang="he">x</div>'),
        ("<td>no table</td>", "no table"),
        ("x<br/>y</br>z", "x<br>y<br>z"),
        ("<pre>a\n  b</pre>", "<pre>a\n  b</pre>"),
        ("<p title='cut off", ""),
        ("<!-- never closed > shown", " shown"),
    ],
)
def test_mail_stays_mail(source: str, markup: str) -> None:
    assert clean(source).html == markup


def test_links_open_elsewhere_and_say_nothing() -> None:
    seen = clean('<a href="https://x.example/?a=1&amp;b=2" target=_self rel=opener>x</a>').html
    assert 'href="https://x.example/?a=1&amp;b=2"' in seen
    judge(seen)
    assert 'target="_blank"' in seen
    assert "_self" not in seen


def test_a_cid_without_a_part_is_said() -> None:
    done = clean('<img src="cid:missing" alt="x">')
    assert done == Sanitised('<img alt="x">', 0, ("cid-unknown",))


def test_a_page_may_not_use_our_own_links() -> None:
    assert OWN not in clean(f'<img src="{OWN}"><a href="{OWN}">x</a>').html


def test_too_large_is_shown_as_text() -> None:
    done = clean("<p>x</p>" + "y" * MAX_HTML)
    assert done.problems == ("html-too-large",)
    assert done.html.startswith('<div style="white-space:pre-wrap">x\n')
    judge(done.html)


def test_too_many_tags_keep_their_text() -> None:
    done = clean("<b>x</b>" * 20_000)
    assert done.problems == ("html-too-large",)
    assert done.html.count("x") == 20_000


SIZE = 100_000
UNITS = [
    "<div>",
    "<b>",
    "<p><b>",
    "<table>",
    "<table><tr><td>",
    "<td><table>",
    "<table><b>",
    "<a href=tel:1>",
    "<font color=red>",
    "<",
    "<!",
    "<!--",
    "<a ",
    '<a b="',
    "<a b='>",
    "<title>",
    "<style>",
    "<textarea>",
    "<svg>",
    "<math><mi>",
    "<select>",
    "<template>",
    "<frameset>",
    "</p>",
    "</div>",
    "<li>",
    "<ul><li>",
    "<h1>",
    "<b><div></b>",
    "<b></p>",
    "<p>x",
    "<br>",
    "&#1",
    "&#1;",
    "&amp",
    "<img src=http://x>",
    "<p style='a:b;",
    "<p style='color:red'>",
    "<blockquote>",
    "<pre>\n",
    "<a><b>",
    "<dd>",
    "<?",
    "</",
    "=",
    '"',
    "<p a=",
    "<p =",
    "<nobr>",
    "<form>",
    "<button>",
    "<object>",
    "<marquee>",
    "x<tr>",
    "<col>",
]
PREFIXES = ["", "<table><tr><td>" * 30, "".join(f"<font color=c{n}>" for n in range(150)), "<p><b><i><u><s>"]


@pytest.mark.parametrize("prefix", PREFIXES, ids=["bare", "tables", "fonts", "inline"])
def test_bombs_are_linear(prefix: str) -> None:
    """A tenth of a megabyte of any unit takes a moment; nested nh3 alone takes seconds."""
    for unit in UNITS:
        source = prefix + unit * (SIZE // len(unit))
        assert least(partial(clean, source), 0.4) < 0.4, unit
        assert len(clean(source).html) < 12 * SIZE, unit


def test_formatting_that_never_closes() -> None:
    source = "".join(f"<p><font color=c{number}>" for number in range(5000))
    assert "html-too-deep" in clean(source).problems
    assert least(lambda: clean(source), 0.4) < 0.4
    many = "<b " + " ".join(f"a{number}=1" for number in range(15_000)) + ">"
    assert least(lambda: clean(many), 0.2) < 0.2


def test_documents_in_several_threads_keep_their_own_references() -> None:
    """The cleaner is shared; what a document may refer to is not."""

    def one(number: int) -> str:
        source = f'<img src="cid:{number}"><img src="/parts/{number + 1}">' * 20
        return sanitise(source, cid=lambda content_id: f"/parts/{content_id}").html

    with ThreadPoolExecutor(8) as threads:
        for number, html in enumerate(threads.map(one, range(64))):
            assert html.count(f'src="/parts/{number}"') == 20
            assert f"/parts/{number + 1}" not in html
