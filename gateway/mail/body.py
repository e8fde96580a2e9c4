"""What a reader sees on opening a message: text, safe HTML, and what is attached (RFC 8621 section 4.1.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Section
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.messages import fetch_one
from gateway.mail.parts import structure_of
from gateway.mail.resource import Body, BodyValue, Part
from gateway.mail.summary import part_value
from gateway.message.body import Bodies, decompose
from gateway.message.flowed import flow_of, unflow
from gateway.message.html import as_pre, sanitise
from gateway.message.ids import content_id
from gateway.message.text import html_to_text
from gateway.message.value import text_value

SHOWN = 30
"""Text parts of one message that are fetched; the rest can be opened one by one."""
INLINE_WORK = 20_000
"""Octets of text that are decoded and made safe on the event loop; more goes to a thread."""

Remote = Literal["block", "keep"]


@dataclass(frozen=True, slots=True)
class Raw:
    """One text part as it came; ``cut``: there may be more of it."""

    part: BodyPart
    octets: bytes
    cut: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One decoded text part."""

    part: BodyPart
    value: str
    problem: bool
    truncated: bool


@reading
async def get_body(
    desk: Desk,
    account: Account,
    message_id: str,
    *,
    max_bytes: int,
    remote: Remote,
    part_href: Callable[[str], str],
) -> Body:
    """Only the text parts are fetched, all at once, each up to ``max_bytes`` decoded octets or so.

    Raises NotFound, IdExpired.
    """
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        _, root = await structure_of(session, wanted.uid)
        bodies = decompose(root)
        raw = await _fetched(session, wanted.uid, bodies, max_bytes)
    links = {cid: part_href(part.section) for part in root.walk() if (cid := content_id(part.id))}
    shown = partial(_shown, raw, bodies, links, remote, max_bytes)
    heavy = sum(len(each.octets) for each in raw.values()) > INLINE_WORK
    text, html, blocked, problems = await asyncio.to_thread(shown) if heavy else shown()
    return Body(
        id=message_id,
        text=text,
        html=html,
        text_body=_listed(bodies.text, part_href),
        html_body=_listed(bodies.html, part_href),
        attachments=_listed(bodies.attachments, part_href),
        blocked_remote=blocked,
        problems=sorted({*bodies.problems, *problems}),
    )


async def _fetched(session: Session, uid: int, bodies: Bodies, max_bytes: int) -> dict[int, Raw]:
    """The text parts by identity, fetched in one command."""
    parts: dict[int, BodyPart] = {}
    for part in (*bodies.text, *bodies.html):
        if part.type == "text" and len(parts) < SHOWN:
            parts[id(part)] = cast("BodyPart", part)
    most = {key: _encoded(part, max_bytes) for key, part in parts.items()}
    sections = {key: Section(part.section, partial=(0, most[key])) for key, part in parts.items()}
    if not sections:
        return {}
    found = (await fetch_one(session, uid, tuple(sections.values()))).sections
    raw = {key: found.get(section.key) for key, section in sections.items()}
    octets = {key: value if isinstance(value, bytes) else b"" for key, value in raw.items()}
    return {key: Raw(part, octets[key], cut=len(octets[key]) >= most[key]) for key, part in parts.items()}


def _shown(
    raw: dict[int, Raw], bodies: Bodies, links: dict[str, str], remote: Remote, max_bytes: int
) -> tuple[BodyValue | None, BodyValue | None, int, set[str]]:
    """Text, HTML, how many remote references were taken out, and what is wrong."""
    texts = {key: _decoded(each) for key, each in raw.items()}
    html, blocked, problems = _html(bodies, texts, links, remote)
    plain = [_plain(texts[id(part)]) for part in bodies.text if id(part) in texts]
    safe = _value(html, "\n", max_bytes * 4) if html else None
    return _value(plain, "\n", max_bytes), safe, blocked, problems | _problems(texts)


def _encoded(part: BodyPart, octets: int) -> int:
    """Encoded octets that hold that many decoded ones."""
    growth = {"base64": 1.4, "quoted-printable": 3.0}.get(part.encoding, 1.0)
    return int(octets * growth) + 256


def _decoded(raw: Raw) -> Text:
    value, problem = text_value(raw.octets, raw.part, truncated=raw.cut)
    flow = flow_of(raw.part)
    if flow.flowed:
        value = unflow(value, delsp=flow.delsp)
    return Text(raw.part, value, problem, raw.cut)


def _plain(text: Text) -> Text:
    if text.part.subtype != "html":
        return text
    return Text(text.part, html_to_text(text.value), text.problem, text.truncated)


def _html(
    bodies: Bodies, texts: dict[int, Text], links: dict[str, str], remote: Remote
) -> tuple[list[Text], int, set[str]]:
    """The HTML parts made safe, plain parts between them as they are; nothing where there is no HTML at all."""
    shown = [texts[id(part)] for part in bodies.html if id(part) in texts]
    if not any(text.part.subtype == "html" for text in shown):
        return [], 0, set()
    out: list[Text] = []
    blocked, problems = 0, set[str]()
    for text in shown:
        if text.part.subtype != "html":
            out.append(Text(text.part, as_pre(text.value), text.problem, text.truncated))
            continue
        safe = sanitise(text.value, cid=links.get, remote=remote)
        blocked += safe.blocked_remote
        problems |= set(safe.problems)
        out.append(Text(text.part, safe.html, text.problem, text.truncated))
    return out, blocked, problems


def _value(texts: Sequence[Text], between: str, max_bytes: int) -> BodyValue | None:
    if not texts:
        return None
    value, cut = _cut(between.join(text.value for text in texts), max_bytes)
    return BodyValue(
        value=value,
        is_encoding_problem=any(text.problem for text in texts),
        is_truncated=cut or any(text.truncated for text in texts),
    )


def _cut(value: str, max_bytes: int) -> tuple[str, bool]:
    """At most ``max_bytes`` octets of UTF-8, cut between characters."""
    octets = value.encode()
    if len(octets) <= max_bytes:
        return value, False
    return octets[:max_bytes].decode("utf-8", "ignore"), True


def _problems(texts: dict[int, Text]) -> set[str]:
    return {"encoding-problem"} if any(text.problem for text in texts.values()) else set()


def _listed(parts: Sequence[object], href: Callable[[str], str]) -> list[Part]:
    return [part_value(cast("BodyPart", part), href) for part in parts]
