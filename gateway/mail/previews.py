"""Previews where the mail server has none (RFC 8970): made of the first octets of the best text part.

A whole page costs one round trip and at most 2 KB a message, however large the messages are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, cast

from msgspec import Struct

from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.imap.uids import UidSet
from gateway.message.body import decompose
from gateway.message.flowed import flow_of, unflow
from gateway.message.preview import preview
from gateway.message.value import text_value

HTML_OCTETS: Final = 2048
ENCODED_OCTETS: Final = 1536
PLAIN_OCTETS: Final = 1024
_NOTHING: Final = 4
"""Octets of a text part in which nothing is said: some programs send such a one beside the HTML."""
_INLINE_WORK: Final = 16_384


class Beginning(Struct, frozen=True):
    """The first octets of a message's text, as encoded; ``part`` None: it has no text. ``cut``: there may be more."""

    part: BodyPart | None
    octets: bytes = b""
    cut: bool = False


async def beginnings(session: Session, structures: Mapping[int, BodyPart | None]) -> dict[int, Beginning]:
    """By UID, for messages by their structure (None: to be asked for first). What can't be had is left out."""
    known = dict(structures)
    unknown = UidSet.of(uid for uid, root in structures.items() if root is None)
    if unknown:
        found = (await session.fetch(unknown, (Item.BODYSTRUCTURE,))).messages
        known |= {uid: fetched.structure for uid, fetched in found.items() if uid in known}
    texts = {uid: _best(root) for uid, root in known.items() if root is not None}
    sections = {uid: _section(part) for uid, part in texts.items() if part is not None}
    groups = [
        (UidSet.of(uid for uid, its in sections.items() if its == section), (section,))
        for section in dict.fromkeys(sections.values())
    ]
    got = await session.fetch_each(groups)
    made = {uid: Beginning(None) for uid, part in texts.items() if part is None}
    for uid, section in sections.items():
        octets = got[uid].sections.get(section.key) if uid in got else None
        if isinstance(octets, bytes):
            made[uid] = Beginning(texts[uid], octets, len(octets) >= _octets(section))
    return made


async def previews(found: Mapping[int, Beginning]) -> dict[int, str | None]:
    """The texts of the list; None where what was looked at is all style, and "" where a message says nothing."""
    if sum(len(each.octets) for each in found.values()) <= _INLINE_WORK:
        return _previews(found)
    return await asyncio.to_thread(_previews, found)


def _previews(found: Mapping[int, Beginning]) -> dict[int, str | None]:
    return {uid: _preview(beginning) for uid, beginning in found.items()}


def _preview(beginning: Beginning) -> str | None:
    part = beginning.part
    if part is None:
        return ""
    text = text_value(beginning.octets, part, truncated=beginning.cut).text
    flow = flow_of(part)
    if flow.flowed:
        text = unflow(text, delsp=flow.delsp)
    return preview(text, html=part.subtype == "html") or (None if beginning.cut else "")


def _best(root: BodyPart) -> BodyPart | None:
    """The plain text if it says anything, else the HTML."""
    bodies = decompose(root)
    parts = [cast("BodyPart", part) for part in (*bodies.text, *bodies.html) if part.type == "text"]
    return next((part for part in parts if part.size > _NOTHING), None)


def _section(part: BodyPart) -> Section:
    if part.subtype == "html":
        most = HTML_OCTETS
    else:
        most = ENCODED_OCTETS if part.encoding in ("base64", "quoted-printable") else PLAIN_OCTETS
    return Section(part.section, partial=(0, most))


def _octets(section: Section) -> int:
    return section.partial[1] if section.partial is not None else 0
