"""Where the messages of a page have what was searched for: subject, and the first of the text, fetched together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, cast

from msgspec import Struct

from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.imap.uids import UidSet
from gateway.mail.conditions import Conditions
from gateway.mail.resource import MessageSummary
from gateway.mail.search_result import Snippet
from gateway.mail.together import together
from gateway.message.body import decompose
from gateway.message.highlight import Marker
from gateway.message.text import html_to_text
from gateway.message.value import text_value

PLAIN: Final = 16_384
"""Octets of a message's text that are looked at, as encoded; of HTML, which begins with style sheets, twice as many."""
_TEXT: Final = 65_536  # characters of what they decode to


class Terms(Struct, frozen=True):
    """What is marked where."""

    subject: tuple[str, ...]
    body: tuple[str, ...]

    @classmethod
    def of(cls, conditions: Conditions) -> Terms:
        return cls(conditions.shown("text", "subject"), conditions.shown("text", "body"))


async def snippets(session: Session, terms: Terms, messages: Mapping[int, MessageSummary]) -> dict[int, Snippet]:
    """By UID. Where no term is of the body no body is fetched."""
    texts = await _texts(session, UidSet.of(messages)) if terms.body and messages else {}
    return await asyncio.to_thread(_marked, terms, messages, texts)


def _marked(
    terms: Terms, messages: Mapping[int, MessageSummary], texts: Mapping[int, tuple[BodyPart, bytes]]
) -> dict[int, Snippet]:
    subject, body = Marker(terms.subject), Marker(terms.body)
    return {
        uid: Snippet(
            email_id=message.id,
            subject=subject.subject(message.subject),
            preview=body.preview(_readable(*texts[uid])) if uid in texts else None,
        )
        for uid, message in messages.items()
    }


def _readable(part: BodyPart, octets: bytes) -> str:
    value, _ = text_value(octets, part, truncated=len(octets) >= _most(part))
    return html_to_text(value, cap=_TEXT) if part.subtype == "html" else value[:_TEXT]


def _most(part: BodyPart) -> int:
    return 2 * PLAIN if part.subtype == "html" else PLAIN


async def _texts(session: Session, uids: UidSet) -> dict[int, tuple[BodyPart, bytes]]:
    """The best text part of each message, as far as it is looked at: the structures, then all texts in one go."""
    parts: dict[int, BodyPart] = {}
    for uid, message in (await session.fetch(uids, (Item.BODYSTRUCTURE,))).messages.items():
        part = _text_part(message)
        if uid in uids and part is not None:
            parts[uid] = part
    groups: dict[Section, list[int]] = {}
    for uid, part in parts.items():
        groups.setdefault(Section(part.section, partial=(0, _most(part))), []).append(uid)

    async def one(group: tuple[Section, list[int]]) -> dict[int, bytes]:
        section, members = group
        found = (await session.fetch(UidSet.of(members), (section,))).messages
        raw = {uid: found[uid].sections.get(section.key) for uid in members if uid in found}
        return {uid: octets for uid, octets in raw.items() if isinstance(octets, bytes)}

    fetched = await together(one, list(groups.items()), at_once=len(groups) or 1)
    return {uid: (parts[uid], octets) for each in fetched for uid, octets in each.items()}


def _text_part(message: Fetched) -> BodyPart | None:
    bodies = decompose(message.structure) if message.structure is not None else None
    if bodies is None:
        return None
    texts = [part for part in (*bodies.text, *bodies.html) if part.type == "text"]
    return cast("BodyPart", texts[0]) if texts else None
