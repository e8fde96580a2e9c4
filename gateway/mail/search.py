"""Searching an account: several folders in one request, newest first or sorted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, json
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import Unprocessable
from gateway.imap.name import MailboxName
from gateway.mail.again import reading
from gateway.mail.conditions import Conditions
from gateway.mail.desk import Desk
from gateway.mail.merge import Hit, Lead, merge
from gateway.mail.scope import scope_of
from gateway.mail.search_request import Search
from gateway.mail.search_result import SearchPage
from gateway.mail.together import together
from gateway.mail.visit import Asked, Shown, Visit, show, visit
from gateway.sync.cursor import fingerprint
from gateway.sync.search_cursor import SearchCursor

AT_ONCE: Final = 2
"""Folders that are searched at the same time, each on a connection of its own: one stays for other requests."""
_UNSORTABLE: Final = frozenset({"hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"})


@reading
async def search(desk: Desk, account: Account, wanted: Search) -> SearchPage:
    """Up to ``wanted.limit`` messages of all folders. A page may be shorter and still have a next one.

    Raises InvalidRequest and Unprocessable naming the member, NotFound for a folder that was named, IdExpired where a
    folder was rebuilt since the cursor was given out, Refused (BADCHARSET).
    """
    conditions = Conditions.of(wanted.filter)
    _check_order(wanted)
    printed = _fingerprint(wanted)
    cursor = None if wanted.cursor is UNSET else SearchCursor.parse(wanted.cursor, fingerprint=printed)
    scope = await scope_of(desk, account, wanted.folders, conditions)
    names = [name for name in scope.names if wanted.calculate_total or cursor is None or cursor.of(name.wire)]
    asked = Asked(wanted, conditions, scope, cursor, tuple(names))

    async def go(name: MailboxName) -> Visit:
        return await visit(desk, account, asked, name)

    visits = await together(go, names, at_once=AT_ONCE)
    leads = [(found.lead, found.shown) for found in visits if found.lead is not None]
    chosen = merge([lead for lead, _ in leads], wanted.limit)
    shown = await _shown(desk, account, asked, leads, chosen.picked)
    picked = [(shown[number], hit.uid) for number, hit in chosen.picked if hit.uid in shown[number].messages]
    return SearchPage(
        messages=[each.messages[uid] for each, uid in picked],
        next_cursor=SearchCursor(printed, chosen.places).encode() if chosen.places else None,
        complete=scope.whole and all(found.whole for found in visits),
        is_fuzzy=any(found.fuzzy for found in visits),
        total=_total(visits, whole=scope.whole) if wanted.calculate_total else UNSET,
        snippets=[each.snippets[uid] for each, uid in picked] if wanted.snippets else UNSET,
    )


def _check_order(wanted: Search) -> None:
    for number, by in enumerate(wanted.sort):
        if by.property in _UNSORTABLE:
            raise Unprocessable("messages can't be sorted by this", field=f"sort[{number}].property")


def _fingerprint(wanted: Search) -> bytes:
    """Of all that decides which messages are found, and in which order."""
    same = replace(wanted, cursor=UNSET, limit=1, calculate_total=False, snippets=False)
    return fingerprint(json.encode(same).decode())


def _total(visits: Sequence[Visit], *, whole: bool) -> int | None:
    known = [found.total for found in visits if found.total is not None]
    return sum(known) if whole and len(known) == len(visits) else None


async def _shown(
    desk: Desk,
    account: Account,
    asked: Asked,
    leads: Sequence[tuple[Lead, Shown | None]],
    picked: Sequence[tuple[int, Hit]],
) -> list[Shown]:
    """What is picked of each lead, fetched from its folder where that was not done on the visit."""

    async def one(number: int) -> Shown:
        lead, had = leads[number]
        uids = [hit.uid for at, hit in picked if at == number]
        if had is not None or not uids:
            return had or Shown()
        return await show(desk, account, asked, lead, uids)

    return await together(one, range(len(leads)), at_once=AT_ONCE)
