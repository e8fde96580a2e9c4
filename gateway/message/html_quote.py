"""What mail programs leave in HTML to tell quoted mail and signatures by: read before the sanitiser drops it.

Each program has names of its own for the same few things. What is found is told by a class of ours, the only one that
sanitised HTML has, so that a client folds a reply without knowing who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

QUOTE: Final = "mail-quote"
"""The element holds a quoted message."""
QUOTE_START: Final = "mail-quote-start"
"""All that follows in the document is quoted, from this element on."""
QUOTE_INTRO: Final = "mail-quote-intro"
"""The line that says who wrote the quote that follows."""
SIGNATURE: Final = "mail-signature"
CLASSES: Final = frozenset((QUOTE, QUOTE_START, QUOTE_INTRO, SIGNATURE))
MARKED: Final = frozenset(("div", "span", "blockquote", "p", "table", "td", "hr", "pre"))
"""Elements that are looked at."""

_BY_CLASS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gmail_quote": QUOTE,  # Gmail
        "gmail_quote_container": QUOTE,
        "gmail_attr": QUOTE_INTRO,
        "gmail_signature": SIGNATURE,
        "yahoo_quoted": QUOTE,  # Yahoo Mail
        "moz-cite-prefix": QUOTE_INTRO,  # Thunderbird
        "moz-forward-container": QUOTE,
        "moz-signature": SIGNATURE,
        "ms-outlook-mobile-reference-message": QUOTE,  # Outlook for phones
        "ms-outlook-mobile-signature": SIGNATURE,
        "protonmail_quote": QUOTE,  # Proton Mail
        "protonmail_signature_block": SIGNATURE,
        "tutanota_quote": QUOTE,  # Tuta
        "zmail_extra": QUOTE,  # Zoho Mail
    }
)
_BY_ID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "divrplyfwdmsg": QUOTE_START,  # Outlook on the web
        "olk_src_body_section": QUOTE,  # Outlook for Mac
        "mail-editor-reference-message-container": QUOTE,  # Outlook, new
        "isforwardcontent": QUOTE,
        "yahoo_quoted": QUOTE,
        "signature": SIGNATURE,  # Outlook on the web
        "ms-outlook-mobile-signature": SIGNATURE,
        "applemailsignature": SIGNATURE,  # Apple Mail
    }
)
_OWA_PREFIX: Final = re.compile(r"^(?:x_)+")
"""Outlook on the web puts it before the names in what it quotes, once more in each reply."""
_YAHOO_NUMBER: Final = re.compile(r"^(?:ydp[0-9a-f]{1,16}|yiv[0-9]{1,16})")
_WORD_RULE: Final = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s+#(?:e1e1e1|b5c4df)\s+1\.0pt;\s*padding:\s*3\.0pt\s+0(?:cm|in)",
    re.IGNORECASE,
)
"""The line that Outlook for Windows draws above From, Sent, To and Subject of what it quotes."""
_MOST: Final = 1000  # characters of an attribute, and names in it, that are looked at


def class_of(name: str, attributes: Mapping[str, str]) -> str | None:
    """The class of ours for an element of sender's HTML, by its class, id, type and style; None: it says nothing."""
    if name not in MARKED:
        return None
    for word in attributes.get("class", "")[:_MOST].split():
        found = _BY_CLASS.get(_bare(word))
        if found is not None:
            return found
    found = _BY_ID.get(_bare(attributes.get("id", "")[:_MOST].strip()))
    if found is not None:
        return found
    if name == "blockquote" and attributes.get("type", "").strip().lower() == "cite":  # Apple Mail, Thunderbird
        return QUOTE
    if name == "div" and _WORD_RULE.match(attributes.get("style", "")[:_MOST].strip()):
        return QUOTE_START
    return None


def _bare(word: str) -> str:
    return _YAHOO_NUMBER.sub("", _OWA_PREFIX.sub("", word.lower()))
