"""Pages of a folder, newest first, and one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import FetchItem, Item, Section
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity, gone, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.opening import still_there
from gateway.mail.previews import Beginning, beginnings, previews
from gateway.mail.query import PageQuery, Tagged, entity_tag
from gateway.mail.recall import Recall
from gateway.mail.resource import Message, MessagePage, MessageSummary
from gateway.mail.roles import resolve
from gateway.mail.snapshot import sync_mode
from gateway.mail.standing import standing, window_of
from gateway.mail.summary import detail, keywords, summary_items
from gateway.mail.trees import tree_key
from gateway.mail.window import Window
from gateway.message.header import last, split_fields

_REFERENCES = Section("", "HEADER.FIELDS", fields=("References",))
T = TypeVar("T")


class Page(Struct, frozen=True):
    """A page and, where a section of each message was asked for, those by message id."""

    value: MessagePage
    sections: Mapping[str, bytes]


@reading
async def page(desk: Desk, account: Account, ref: str, query: PageQuery) -> Tagged[MessagePage]:
    """Up to ``query.limit`` summaries below the cursor; a page may be shorter and still have a next one.

    The value is None where ``query.if_none_match`` holds the page's entity tag. Raises NotFound, InvalidRequest, and
    IdExpired where the cursor is of a folder that was rebuilt since.
    """
    found = await read_page(desk, account, ref, query)
    return Tagged(None if found.value is None else found.value.value, found.etag)


async def read_page(
    desk: Desk, account: Account, ref: str, query: PageQuery, section: Section | None = None, variant: str = ""
) -> Tagged[Page]:
    """The same with ``section`` of each message. ``variant`` names what is shown of it, for the entity tag."""
    name = await resolve(desk, account, ref)
    async with desk.stale(account, name) as session:
        stand = await standing(session, account, query, variant)
        if stand.exact and stand.etag in query.if_none_match:
            return Tagged(None, stand.etag)
        recall = Recall(desk.summaries, account, session, stand.mailbox, previews=query.previews)
        window = await window_of(session, stand, query, recall)
        await still_there(session, stand.mailbox, stand.state.exists)
        sections = await _sections(session, window, section)
        summaries = [recall.summary(fetched) for fetched in window.messages]
        begun = await beginnings(session, _unpreviewed(window, summaries)) if query.previews else {}
    etag = stand.tag_of(window)
    if etag in query.if_none_match:
        return Tagged(None, etag)
    if begun:
        summaries = _previewed(window, summaries, await previews(begun), recall)
    value = MessagePage(
        messages=summaries,
        next_cursor=stand.cursor_of(window),
        state=stand.state.encode(),
        total=stand.total,
    )
    by_id = {
        shown.id: sections.get(fetched.uid or 0, b"") for shown, fetched in zip(summaries, window.messages, strict=True)
    }
    return Tagged(Page(value, by_id), etag)


@reading
async def get_message(
    desk: Desk, account: Account, message_id: str, part_href: Callable[[str], str], *, preview: bool = False
) -> Tagged[Message]:
    """One message with its structure; ``preview``: made where the mail server has none.

    Raises NotFound, or IdExpired where the folder was rebuilt since.
    """
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        fetched = await fetch_one(session, wanted.uid, (*summary_items(session), *modseq(session), _REFERENCES))
        begun = await beginning(session, fetched) if preview else {}
    desk.summaries.trees.put(tree_key(account, mailbox, wanted.uid), fetched)
    block = fetched.sections.get(_REFERENCES.key)
    references = last(split_fields(block), b"references") if isinstance(block, bytes) else None
    value = detail(name, wanted.uidvalidity, fetched, references, part_href)
    if begun:
        value = replace(value, preview=(await previews(begun)).get(wanted.uid))
    return Tagged(value, flags_tag(account, fetched))


async def beginning(session: Session, fetched: Fetched) -> dict[int, Beginning]:
    """What a preview of the message is made of; nothing where the mail server made one."""
    uid = fetched.uid or 0
    return {} if isinstance(fetched.preview, str) else await beginnings(session, {uid: fetched.structure})


async def fetch_one(session: Session, uid: int, items: tuple[FetchItem, ...]) -> Fetched:
    """One message's items. Raises NotFound where the message is no longer there."""
    got = await session.fetch(UidSet.of((uid,)), items)
    fetched = got.messages.get(uid)
    if fetched is None:
        raise gone()
    return fetched


def modseq(session: Session) -> tuple[FetchItem, ...]:
    """MODSEQ where it can be asked for (RFC 7162 section 3.1.4)."""
    return (Item.MODSEQ,) if sync_mode(session) != "window" else ()


def flags_tag(account: Account, fetched: Fetched) -> str:
    """Entity tag of a message: nothing but its flags ever changes, and MODSEQ tells every such change."""
    if fetched.modseq is not None:
        return f'"{account.id}.m{fetched.modseq}"'
    return entity_tag(account.id, "flags", *keywords(fetched.flags or ()))


async def _sections(session: Session, window: Window, section: Section | None) -> Mapping[int, bytes]:
    """By UID; of a message without it, or that is gone meanwhile, there is none."""
    uids = [fetched.uid for fetched in window.messages if fetched.uid is not None]
    if section is None or not uids:
        return {}
    found = (await session.fetch(UidSet.of(uids), (section,))).messages
    given = {uid: fetched.sections.get(section.key) for uid, fetched in found.items()}
    return {uid: octets for uid, octets in given.items() if isinstance(octets, bytes)}


def _unpreviewed(window: Window, summaries: Sequence[MessageSummary]) -> dict[int, BodyPart | None]:
    """Messages whose preview nobody told, with their structure as far as it is at hand."""
    both = zip(window.messages, summaries, strict=True)
    return {fetched.uid: fetched.structure for fetched, its in both if fetched.uid and not isinstance(its.preview, str)}


def _previewed(
    window: Window, summaries: Sequence[MessageSummary], made: Mapping[int, str | None], recall: Recall
) -> list[MessageSummary]:
    out: list[MessageSummary] = []
    for fetched, summary in zip(window.messages, summaries, strict=True):
        uid = fetched.uid or 0
        if uid in made:
            summary = replace(summary, preview=made[uid])
            recall.remember(uid, summary)
        out.append(summary)
    return out
