"""Messages of which the client names the members it wants."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.fields import SUMMARY, Fields
from gateway.mail.header_members import MOST, MOST_ON_PAGE, Members, header_members
from gateway.mail.messages import beginning, fetch_one, flags_tag, modseq, read_page
from gateway.mail.previews import previews
from gateway.mail.query import PageQuery, Tagged
from gateway.mail.resource import MessageSummary
from gateway.mail.summary import part_tree, summarise

_NAMES = tuple(zip(MessageSummary.__struct_fields__, MessageSummary.__struct_encode_fields__, strict=True))


@reading
async def get_selected(
    desk: Desk,
    account: Account,
    message_id: str,
    fields: Fields,
    part_href: Callable[[str], str],
    *,
    preview: bool = False,
) -> Tagged[Members]:
    """One message's members, and nothing fetched but what they need; ``preview``: made where the server has none.

    Raises NotFound, or IdExpired where the folder was rebuilt since.
    """
    name, wanted = parse_message(message_id)
    section = fields.section(MOST + 1)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        fetched, octets = await _fetched(session, wanted.uid, fields, section)
        begun = await beginning(session, fetched) if preview else {}
    members = of_summary(summarise(name, wanted.uidvalidity, fetched), fields)
    if begun:
        members["preview"] = (await previews(begun)).get(wanted.uid)
    if "bodyStructure" in fields.names:
        structure = fetched.structure
        members["bodyStructure"] = None if structure is None else part_tree(structure, part_href)
    if section is not None:
        (read,) = await header_members([octets], MOST, fields)
        members = merged(members, read)
    return Tagged(members, flags_tag(account, fetched))


@reading
async def get_selected_page(
    desk: Desk, account: Account, ref: str, query: PageQuery, fields: Fields
) -> Tagged[Members]:
    """A page whose messages have the members asked for; raises what ``messages.page`` does."""
    section = fields.section(MOST_ON_PAGE + 1)
    found = await read_page(desk, account, ref, query, section, fields.text)
    if found.value is None:
        return Tagged(None, found.etag)
    page = found.value.value
    shown = [of_summary(summary, fields) for summary in page.messages]
    if section is not None:
        octets = [found.value.sections[summary.id] for summary in page.messages]
        read = await header_members(octets, MOST_ON_PAGE, fields)
        shown = [merged(members, more) for members, more in zip(shown, read, strict=True)]
    return Tagged(
        {"messages": shown, "nextCursor": page.next_cursor, "state": page.state, "total": page.total}, found.etag
    )


async def _fetched(session: Session, uid: int, fields: Fields, section: Section | None) -> tuple[Fetched, bytes]:
    """What the entity tag is made of is always among it."""
    tag = modseq(session) or (Item.FLAGS,)
    items = (*fields.items(session), *tag, *((section,) if section else ()))
    fetched = await fetch_one(session, uid, items)
    octets = fetched.sections.get(section.key) if section else None
    return fetched, octets if isinstance(octets, bytes) else b""


def of_summary(summary: MessageSummary, fields: Fields) -> Members:
    """``id``, what was asked for, and ``problems`` where there are any."""
    members: Members = {"id": summary.id}
    for attribute, member in _NAMES:
        if member in fields.names and member in SUMMARY:
            value = getattr(summary, attribute)
            members[member] = None if value is UNSET else value
    if summary.problems is not UNSET:
        members["problems"] = summary.problems
    elif members.get("problems", UNSET) is None:
        del members["problems"]
    return members


def merged(members: Members, read: Members) -> Members:
    """What the summary tells and what the header tells, with the problems of both."""
    both = [*_problems(members), *_problems(read)]
    return {**members, **read, **({"problems": sorted(set(both))} if both else {})}


def _problems(members: Members) -> list[str]:
    found = members.get("problems")
    return found if isinstance(found, list) else []
