"""A message's sanitised HTML as a page of its own, under a policy that lets it do nothing."""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final, Literal

from starlette.responses import Response

from gateway.http.call import Call
from gateway.http.reply import CACHED, variant
from gateway.mail.resource import Body

_QUALITY: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; img-src "
)
_IMAGES: Final[dict[str, str]] = {"block": "'self' data:", "keep": "'self' data: https: http:"}
_MAX_ACCEPT: Final = 20
_PAGE: Final = '<!doctype html>\n<meta charset="utf-8">\n<meta name="referrer" content="no-referrer">\n{}\n'


def prefers_html(accept: str) -> bool:
    """Whether text/html is wanted more than JSON (RFC 9110 section 12.5.1); JSON wins a draw."""
    html = json = 0.0
    for piece in accept.split(",")[:_MAX_ACCEPT]:
        kind, _, parameters = piece.partition(";")
        found = _QUALITY.search(parameters)
        quality = float(found[1]) if found else 1.0
        match kind.strip().lower():
            case "text/html":
                html = max(html, quality)
            case "application/json" | "application/*" | "*/*":
                json = max(json, quality)
            case _:
                pass
    return html > json


def html_answer(call: Call[Any, Any], body: Body, remote: Literal["block", "keep"]) -> Response:
    """The HTML, or where there is none the text in a frame of HTML."""
    if body.html is not None:
        content = body.html.value
    else:
        text = body.text.value if body.text is not None else ""
        content = f'<pre style="white-space: pre-wrap">{escape(text)}</pre>'
    return variant(call, page(content), "text/html; charset=utf-8", page_headers(remote))


def page(content: str) -> bytes:
    """The fragment as a whole page."""
    return _PAGE.format(content).encode("utf-8", "replace")


def page_headers(remote: Literal["block", "keep"]) -> dict[str, str]:
    """What the page is allowed: nothing but its own styles, and images."""
    return {
        "Content-Security-Policy": _POLICY + _IMAGES[remote],
        "X-Frame-Options": "SAMEORIGIN",
        "Cache-Control": CACHED,
    }
