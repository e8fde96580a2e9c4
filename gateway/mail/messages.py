"""Pages of a folder, newest first, and one message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

from msgspec import Raw
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import IdExpired
from gateway.imap.encode.fetch_item import FetchItem, Item, Section
from gateway.imap.mailbox import Mailbox
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity, gone, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.filter import filter_fingerprint, plan
from gateway.mail.previews import Beginning, beginnings, previews
from gateway.mail.query import PageQuery, Tagged
from gateway.mail.recall import Recall
from gateway.mail.resource import Message, MessagePage, MessageSummary, Resource
from gateway.mail.roles import resolve
from gateway.mail.snapshot import refresh, state_of, sync_mode
from gateway.mail.summary import detail, keywords, summary_items
from gateway.mail.window import Window, matching, newest
from gateway.message.header import last, split_fields
from gateway.sync.cursor import Cursor
from gateway.sync.state import FolderState

_REFERENCES = Section("", "HEADER.FIELDS", fields=("References",))
T = TypeVar("T")


class Rows(Resource, kw_only=True, frozen=True):
    """A MessagePage whose summaries are JSON already."""

    messages: list[Raw]
    next_cursor: str | None
    state: str
    total: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page and, where a section of each message was asked for, those by message id."""

    value: MessagePage
    sections: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    """What a folder said; ``made`` is what was made of the window while it was open."""

    state: FolderState
    window: Window
    query_print: bytes
    recall: Recall
    made: T

    @property
    def next_cursor(self) -> str | None:
        below = self.window.below
        return None if below is None else Cursor(self.state.uidvalidity, below, self.query_print).encode()


@reading
async def rows(desk: Desk, account: Account, ref: str, query: PageQuery) -> Tagged[Rows]:
    """The same as ``page()``, as JSON; previews only where the mail server has them."""

    async def made(session: Session, recall: Recall, window: Window) -> list[Raw]:
        return [Raw(recall.row(fetched)) for fetched in window.messages]

    seen = await _see(desk, account, ref, query, "", made)
    if seen.value is None:
        return Tagged(None, seen.etag)
    found = seen.value
    total = found.state.exists if plan(query.filter) is None else None
    value = Rows(messages=found.made, next_cursor=found.next_cursor, state=found.state.encode(), total=total)
    return Tagged(value, seen.etag)


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

    async def made(session: Session, recall: Recall, window: Window) -> _Summaries:
        sections = await _sections(session, window, section)
        summaries = [recall.summary(fetched) for fetched in window.messages]
        begun = await beginnings(session, _unpreviewed(window, summaries)) if query.previews else {}
        return _Summaries(summaries, sections, begun)

    seen = await _see(desk, account, ref, query, variant, made)
    if seen.value is None:
        return Tagged(None, seen.etag)
    found, summaries = seen.value, seen.value.made.summaries
    if found.made.begun:
        summaries = _previewed(found.window, summaries, await previews(found.made.begun), found.recall)
    value = MessagePage(
        messages=summaries,
        next_cursor=found.next_cursor,
        state=found.state.encode(),
        total=found.state.exists if plan(query.filter) is None else None,
    )
    by_id = {
        shown.id: found.made.sections.get(fetched.uid or 0, b"")
        for shown, fetched in zip(summaries, found.window.messages, strict=True)
    }
    return Tagged(Page(value, by_id), seen.etag)


@dataclass(frozen=True, slots=True)
class _Summaries:
    """``begun``: what previews are made of, where the mail server has none."""

    summaries: list[MessageSummary]
    sections: Mapping[int, bytes]
    begun: dict[int, Beginning]


async def _see(
    desk: Desk,
    account: Account,
    ref: str,
    query: PageQuery,
    variant: str,
    make: Callable[[Session, Recall, Window], Awaitable[T]],
) -> Tagged[_Seen[T]]:
    """The window of the query, and what ``make`` makes of it; the value is None where the client has it already."""
    name = await resolve(desk, account, ref)
    query_print = filter_fingerprint(query.filter)
    cursor = Cursor.parse(query.cursor, fingerprint=query_print) if query.cursor else None
    async with desk.stale(account, name) as session:
        mailbox = await refresh(session)
        state = await state_of(session)
        if cursor and cursor.uidvalidity != state.uidvalidity:
            raise IdExpired("the folder was rebuilt since this cursor was given out", field="cursor")
        below = cursor.uid_below if cursor else state.uidnext
        shown = filter(None, (variant, "previews" if query.previews else ""))
        base = entity_tag(account.id, state.encode(), str(query.limit), str(below), query_print.hex(), *shown)
        exact = sync_mode(session) != "window"  # without CONDSTORE a HIGHESTMODSEQ may stand still
        if exact and base in query.if_none_match:
            return Tagged(None, base)
        recall = Recall(desk.summaries, account, session, mailbox, previews=query.previews)
        window = await _window(session, mailbox, below, query, recall)
        made = await make(session, recall, window)
    etag = base if exact else entity_tag(base, *(f"{m.uid}{keywords(m.flags or ())}" for m in window.messages))
    if etag in query.if_none_match:
        return Tagged(None, etag)
    return Tagged(_Seen(state, window, query_print, recall, made), etag)


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


async def _window(session: Session, mailbox: Mailbox, below: int, query: PageQuery, recall: Recall) -> Window:
    search = plan(query.filter)
    if search is None:
        return await newest(session, mailbox, below, query.limit, recall.fetch)
    uids, go_on = await matching(session, mailbox, below, query.limit, search.key, step=search.step, most=search.most)
    got = await recall.fetch(UidSet.of(uids)) if uids else {}
    return Window(tuple(got[uid] for uid in uids if uid in got), go_on)


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


def entity_tag(*parts: str) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3) of what the parts say.

    One of them is the account: two accounts' folders can have the same ids and states, and their answers no common tag.
    """
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return f'"{digest.hexdigest()}"'
