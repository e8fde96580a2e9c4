"""What a reader sees on opening a message: text, safe HTML, and what is attached (RFC 8621 section 4.1.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

from msgspec import UNSET, Struct

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.messages import fetch_one
from gateway.mail.parts import find_message, structure_of
from gateway.mail.resource import Body, Part
from gateway.mail.shown import Raw, Remote, shown
from gateway.mail.summary import part_value
from gateway.mail.trees import Key, Trees, tree_key
from gateway.message.body import Bodies, decompose
from gateway.message.disposition import is_tnef
from gateway.message.ids import content_id

SHOWN = 30
"""Text parts of one message that are fetched; the rest can be opened one by one."""
INLINE_WORK = 20_000
"""Octets of text that are decoded and made safe on the event loop; more goes to a thread."""


@reading
async def get_body(
    desk: Desk,
    account: Account,
    message_id: str,
    *,
    max_bytes: int,
    remote: Remote,
    part_href: Callable[[str], str],
    embedded: str | None = None,
) -> Body:
    """Only the text parts are fetched, all at once, each up to ``max_bytes`` decoded octets or so.

    ``embedded`` is the part number of an attached message whose body is wanted instead.
    Raises NotFound, IdExpired, InvalidRequest.
    """
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        wish = _Wish(session, wanted.uid, embedded, max_bytes)
        key = tree_key(account, mailbox, wanted.uid)
        found = await _at_once(wish, desk.summaries.trees, key)
        if found is None:
            message, root = await structure_of(session, wanted.uid)
            desk.summaries.trees.put(key, message)
            found = await _read(wish, root, size=message.size)
    bodies, raw = found.bodies, found.raw
    links = {cid: part_href(part.section) for part in found.root.walk() if (cid := content_id(part.id))}
    reader = partial(shown, raw, bodies, links, remote, max_bytes)
    heavy = sum(len(each.octets) for each in raw.values()) > INLINE_WORK
    text, html, blocked, problems = await asyncio.to_thread(reader) if heavy else reader()
    text_body, html_body, attachments = _listed(bodies, part_href)
    return Body(
        id=message_id,
        part_id=UNSET if embedded is None else embedded,
        text=text,
        html=html,
        text_body=text_body,
        html_body=html_body,
        attachments=attachments,
        blocked_remote=blocked,
        problems=sorted({*bodies.problems, *problems, *_closed(bodies), *_unread(raw)}),
    )


class _Wish(Struct, frozen=True):
    """What is asked for, of a message in the open folder."""

    session: Session
    uid: int
    embedded: str | None
    max_bytes: int


class _Found(Struct, frozen=True):
    """``raw``: the text parts by identity. ``size``: the whole message's, in octets."""

    root: BodyPart
    bodies: Bodies
    raw: dict[int, Raw]
    size: int | None


async def _at_once(wish: _Wish, trees: Trees, key: Key | None) -> _Found | None:
    """By the tree that was made when the message was listed; None where there is none, or it is another message's."""
    tree = trees.of(key)
    if tree is None:
        return None
    found = await _read(wish, tree.root)
    if found.size == tree.size:
        return found
    trees.drop(key)
    return None


async def _read(wish: _Wish, root: BodyPart, *, size: int | None = None) -> _Found:
    """The text parts, fetched in one command. ``size``: the message's, where the server told it a moment ago."""
    root = root if wish.embedded is None else find_message(root, wish.embedded)
    bodies = decompose(root)
    parts: dict[int, BodyPart] = {}
    for part in (*bodies.text, *bodies.html):
        if part.type == "text" and len(parts) < SHOWN:
            parts[id(part)] = cast("BodyPart", part)
    most = {key: _encoded(part, wish.max_bytes) for key, part in parts.items()}
    sections = {key: Section(part.section, partial=(0, most[key])) for key, part in parts.items()}
    if size is not None and not sections:
        return _Found(root, bodies, {}, size)
    sizes = (Item.SIZE,) if size is None else ()
    found = await fetch_one(wish.session, wish.uid, (*sizes, *sections.values()))
    got = {key: found.sections.get(section.key) for key, section in sections.items()}
    octets = {key: value if isinstance(value, bytes) else b"" for key, value in got.items()}
    raw = {key: Raw(part, octets[key], cut=len(octets[key]) >= most[key]) for key, part in parts.items()}
    return _Found(root, bodies, raw, found.size if size is None else size)


def _encoded(part: BodyPart, octets: int) -> int:
    """Encoded octets that hold that many decoded ones."""
    growth = {"base64": 1.4, "quoted-printable": 3.0}.get(part.encoding, 1.0)
    return int(octets * growth) + 256


def _unread(raw: dict[int, Raw]) -> set[str]:
    """Parts that have octets, of which the server gave none that could be read."""
    return {"part-unreadable"} if any(each.part.size and not each.octets for each in raw.values()) else set()


def _closed(bodies: Bodies) -> set[str]:
    """What of the attachments can only be had as it is: Outlook's winmail.dat, which holds others."""
    return {"tnef"} if any(is_tnef(part) for part in bodies.attachments) else set()


def _listed(bodies: Bodies, href: Callable[[str], str]) -> tuple[list[Part], list[Part], list[Part]]:
    """Text, HTML and attachments; a part that stands in several is made once."""
    lists = (bodies.text, bodies.html, bodies.attachments)
    each = {id(part): part for parts in lists for part in parts}
    made = {key: part_value(cast("BodyPart", part), href) for key, part in each.items()}
    text, html, attachments = ([made[id(part)] for part in parts] for parts in lists)
    return text, html, attachments
