"""Header fields on request, each in the form asked for (RFC 8621 sections 4.1.2 and 4.1.3).

::

    property = "header:" field-name [":as" form] [":all"]
    form     = "Raw" / "Text" / "Addresses" / "GroupedAddresses" / "MessageIds" / "Date" / "URLs"
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Literal, TypeAlias, assert_never

from msgspec import Struct

from gateway.message.date import parse_date, rfc3339
from gateway.message.header import MAX_VALUE, Field
from gateway.message.ids import message_ids
from gateway.message.urls import header_urls
from gateway.message.words import decode_words

MAX_NAME = 100  # characters of a field's name; real ones have less than half

_PROPERTY = re.compile(r"header:([!-9;-~]{1,100}+)(?::as([A-Za-z]{1,20}+))?+(:all)?+")


class Form(Enum):
    """How a value is read; the value is the form's name."""

    RAW = "Raw"
    TEXT = "Text"
    ADDRESSES = "Addresses"
    GROUPED = "GroupedAddresses"
    MESSAGE_IDS = "MessageIds"
    DATE = "Date"
    URLS = "URLs"


class HeaderProperty(Struct, frozen=True):
    """``asked`` is the property as it was asked for; ``field`` the field's name in lower case.

    ``every``: all fields of the name, in order; else the last one.
    """

    asked: str
    field: bytes
    form: Form
    every: bool


PlainForm: TypeAlias = Literal[Form.RAW, Form.TEXT, Form.MESSAGE_IDS, Form.DATE, Form.URLS]
"""Those that are text or a list of it. Addresses are read by :mod:`gateway.message.address`."""

_ADDRESSED = frozenset(
    (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"resent-from", b"resent-sender", b"resent-reply-to",
     b"resent-to", b"resent-cc", b"resent-bcc")
)  # fmt: skip
_IDS = frozenset((b"message-id", b"in-reply-to", b"references", b"resent-message-id"))
_DATES = frozenset((b"date", b"resent-date"))
_TEXTS = frozenset((b"subject", b"comments", b"keywords"))
_LISTS = frozenset((b"list-help", b"list-unsubscribe", b"list-subscribe", b"list-post", b"list-owner", b"list-archive"))
_DEFINED = _ADDRESSED | _IDS | _DATES | _TEXTS | _LISTS | {b"return-path", b"received"}
"""Fields of RFC 5322 and RFC 2369: each has the forms that its definition makes sense of, and no other."""

_OWN = {
    Form.TEXT: _TEXTS,
    Form.ADDRESSES: _ADDRESSED,
    Form.GROUPED: _ADDRESSED,
    Form.MESSAGE_IDS: _IDS,
    Form.DATE: _DATES,
    Form.URLS: _LISTS,
}


def header_property(asked: str) -> HeaderProperty | str:
    """The property, or, in words, why there is no such property."""
    match = _PROPERTY.fullmatch(asked)
    if match is None:
        return "a header is asked for as header:Name, header:Name:asText or header:Name:asText:all"
    try:
        form = Form(match[2] or "Raw")
    except ValueError:
        return f"a header has the forms {', '.join('as' + form.value for form in Form)}"
    name = match[1].lower().encode("ascii")
    if form is not Form.RAW and name in _DEFINED and name not in _OWN[form]:
        return f"{match[1]} can't be read as {form.value} (RFC 8621 section 4.1.2)"
    return HeaderProperty(asked, name, form, match[3] is not None)


def read_as(value: bytes, form: PlainForm) -> str | list[str] | None:
    """One value (as sent, folding included) in one form; None where it can't be read in it. Never raises."""
    match form:
        case Form.RAW:
            return raw_text(value)
        case Form.TEXT:
            return decode_words(value, MAX_VALUE)
        case Form.MESSAGE_IDS:
            return message_ids(Field(b"", value).unfolded) or None
        case Form.DATE:
            moment = parse_date(Field(b"", value).unfolded)
            return rfc3339(moment) if moment else None
        case Form.URLS:
            return header_urls(value) or None
        case _:
            assert_never(form)


def raw_text(value: bytes) -> str:
    """Raw form: octets that are no UTF-8 become U+FFFD, NUL is dropped (RFC 8621 section 4.1.2.1)."""
    return value.replace(b"\0", b"").decode("utf-8", "replace")
