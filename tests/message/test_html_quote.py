"""Quotes and signatures in HTML, as mail programs write them: told by one class after sanitising."""

from __future__ import annotations

import re

import pytest

from gateway.message.html import sanitise
from gateway.message.html_quote import CLASSES, QUOTE, QUOTE_INTRO, QUOTE_START, SIGNATURE

WRITTEN = {
    "gmail": (
        '<div dir="ltr">Yes</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        'On Fri, A wrote:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">old</blockquote></div>',
        [QUOTE, QUOTE_INTRO, QUOTE],
    ),
    "outlook on the web": (
        '<div>Yes</div><div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr">'
        "<b>From:</b> A</div><div>old</div>",
        [QUOTE_START],
    ),
    "outlook on the web, quoted again": (
        '<div id="x_x_divRplyFwdMsg">From: A</div><div id="x_Signature">A</div>',
        [QUOTE_START, SIGNATURE],
    ),
    "outlook for windows": (
        '<p class="MsoNormal">Yes</p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;'
        'padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> A</p></div></div><p class="MsoNormal">old</p>',
        [QUOTE_START],
    ),
    "outlook for phones": (
        '<div class="ms-outlook-mobile-signature">Get it</div>'
        '<div class="ms-outlook-mobile-reference-message">old</div>',
        [SIGNATURE, QUOTE],
    ),
    "apple mail": (
        '<div id="AppleMailSignature">Sent from my phone</div><div>On 20 Nov, A wrote:</div>'
        '<blockquote type="cite">old</blockquote>',
        [SIGNATURE, QUOTE],
    ),
    "thunderbird": (
        '<div class="moz-cite-prefix">On 20.11.26, A wrote:</div>'
        '<blockquote type="cite" cite="mid:x@y">old</blockquote>'
        '<pre class="moz-signature" cols="72">-- A</pre>',
        [QUOTE_INTRO, QUOTE, SIGNATURE],
    ),
    "yahoo": ('<div id="ydp1a2b3cyahoo_quoted_1" class="ydp1a2b3cyahoo_quoted">old</div>', [QUOTE]),
    "proton": ('<blockquote class="protonmail_quote" type="cite">old</blockquote>', [QUOTE]),
    "zoho": ('<div class="zmail_extra">old</div>', [QUOTE]),
}


def classes(markup: str) -> list[str]:
    return re.findall(r'class="([^"]*)"', markup)


@pytest.mark.parametrize("program", WRITTEN)
def test_what_a_program_writes_is_told_by_one_class(program: str) -> None:
    source, expected = WRITTEN[program]
    assert classes(sanitise(source, cid=lambda _: None).html) == expected


@pytest.mark.parametrize(
    "source",
    [
        '<div class="mail-quote">x</div>',  # a sender's own class, even one that is spelt as ours
        '<div class="header mail-signature">x</div>',
        '<p class="gmail">x</p><div id="x_">y</div>',
        '<div style="border-top:solid #E1E1E1 1.0pt">a rule of the writer\'s own</div>',
        "<blockquote>an indented passage</blockquote>",
        '<a class="gmail_quote" href="https://example.org">x</a><img class="gmail_quote" alt="x">',
    ],
)
def test_what_says_nothing_has_no_class(source: str) -> None:
    assert classes(sanitise(source, cid=lambda _: None).html) == []


def test_sanitising_again_is_no_way_to_a_class() -> None:
    once = sanitise('<div class="gmail_quote">x</div>', cid=lambda _: None).html
    assert once == f'<div class="{QUOTE}">x</div>'
    assert len(CLASSES) == 4
