"""What a mailing list says of itself: RFC 2369 commands, List-Id (RFC 2919), one-click unsubscribing (RFC 8058)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from gateway.message.header import Field, every
from gateway.message.statement import statements
from gateway.message.urls import header_urls
from gateway.message.words import decode_words

NAMES = (
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
)
"""The fields that are read."""

MAX_URLS = 20  # of one command; RFC 2369 section 2 has clients take the first that they can
MAX_ID = 998  # characters

_SAFE = re.compile(r"(?:https?://[^/?#]|mailto:.)", re.IGNORECASE)
_SECURE = re.compile(r"https://[^/?#]", re.IGNORECASE)
_ID = re.compile(r"<([^<>]*+)>[^<]*+\Z")
_ONE_CLICK = re.compile(rb"list-unsubscribe\s*+=\s*+one-click", re.IGNORECASE)


class MailingList(Struct, frozen=True):
    """Links are http, https or mailto, in the sender's order of preference; others are left out and said.

    ``posting`` False: the list takes no messages. ``one_click``: where a POST of ``List-Unsubscribe=One-Click``
    unsubscribes. RFC 8058 section 4 wants both fields to be covered by a DKIM signature, which is not checked here.
    """

    id: str | None
    name: str | None
    help: tuple[str, ...]
    unsubscribe: tuple[str, ...]
    subscribe: tuple[str, ...]
    post: tuple[str, ...]
    owner: tuple[str, ...]
    archive: tuple[str, ...]
    posting: bool | None
    one_click: str | None
    problems: tuple[str, ...] = ()


def mailing_list(fields: Sequence[Field]) -> MailingList | None:
    """None where the message has no such field. Never raises."""
    named = {name.lower().encode() for name in NAMES}
    said = [field for field in fields if field.name in named]
    if not said:
        return None
    problems: set[str] = set()

    def links(name: bytes) -> tuple[str, ...]:
        values = every(said, name)
        if name == b"list-post" and _refuses(values):
            return ()
        urls = [url for value in values for url in header_urls(value)]
        safe = [url for url in urls if _SAFE.match(url)]
        if len(safe) < len(urls):
            problems.add("unsafe-link")
        if any(values) and not urls:
            problems.add(f"unreadable-{name.decode()}")
        return tuple(dict.fromkeys(safe))[:MAX_URLS]

    unsubscribe = links(b"list-unsubscribe")
    posts = every(said, b"list-post")
    id_, name = _identity(every(said, b"list-id"))
    return MailingList(
        id=id_,
        name=name,
        help=links(b"list-help"),
        unsubscribe=unsubscribe,
        subscribe=links(b"list-subscribe"),
        post=links(b"list-post"),
        owner=links(b"list-owner"),
        archive=links(b"list-archive"),
        posting=not _refuses(posts) if posts else None,
        one_click=_one_click(every(said, b"list-unsubscribe-post"), unsubscribe),
        problems=tuple(sorted(problems)),
    )


def _refuses(values: Sequence[bytes]) -> bool:
    """``List-Post: NO`` (RFC 2369 section 3.4)."""
    said = statements(values[-1]) if values else []
    return bool(said) and said[0].strip(b"<> ").lower() == b"no"


def _identity(values: Sequence[bytes]) -> tuple[str | None, str | None]:
    """``[phrase] <list-id>`` (RFC 2919 section 3); senders leave out the brackets."""
    if not values:
        return None, None
    text = decode_words(values[-1])
    found = _ID.search(text)
    if found is None:
        return text.strip("<>")[:MAX_ID] or None, None
    phrase = text[: found.start()].strip().strip('"').strip()
    return found[1].strip()[:MAX_ID] or None, phrase or None


def _one_click(posts: Sequence[bytes], unsubscribe: Sequence[str]) -> str | None:
    """RFC 8058 section 3.1: the field with that one value, and an https link."""
    if not any(_ONE_CLICK.fullmatch(value.strip()) for value in posts):
        return None
    return next((url for url in unsubscribe if _SECURE.match(url)), None)
