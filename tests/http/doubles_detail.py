"""Doubles of the verbs that tell of messages in detail: members by name, calendar, reports, threads, exports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import MappingProxyType

from gateway.accounts.account import Account
from gateway.mail.desk import Desk
from gateway.mail.download import Download
from gateway.mail.export import ExportQuery
from gateway.mail.export_choice import Export, Format
from gateway.mail.export_resource import ExportManifest
from gateway.mail.fields import Fields
from gateway.mail.fresh import Show, summaries
from gateway.mail.query import PageQuery, Tagged
from gateway.mail.resource import AccountChanges, Changes, Coverage, FolderChanges, MessageSummary
from gateway.mail.structured_resource import CalendarEvent, DeliveryReport, MessageCalendar, Report
from gateway.mail.thread_resource import Thread

DETAIL_VERBS = MappingProxyType(
    {
        "selected_message": ("get_selected", "get_selected_page"),
        "account_changes": ("account_changes",),
        "calendar": ("get_calendar",),
        "report": ("get_report",),
        "thread": ("thread",),
        "export": ("manifest", "open_export"),
    }
)


class DetailVerbs:
    async def _called(self, name: str, *arguments: object) -> None:
        raise AssertionError(name)

    async def get_selected(
        self,
        desk: Desk,
        account: Account,
        message_id: str,
        fields: Fields,
        part_href: Callable[[str], str],
        *,
        preview: bool = False,
    ) -> Tagged[dict[str, object]]:
        await self._called("get_selected", message_id, fields.text, part_href("1.2"), preview)
        return Tagged({"id": message_id, "subject": "chosen", "header:X:asText:all": ["one", "two"]}, '"tag-1"')

    async def get_selected_page(
        self, desk: Desk, account: Account, ref: str, query: PageQuery, fields: Fields
    ) -> Tagged[dict[str, object]]:
        await self._called("get_selected_page", ref, query, fields.text)
        if '"tag-1"' in query.if_none_match:
            return Tagged(None, '"tag-1"')
        page: dict[str, object] = {"messages": [{"id": "m1", "header:X": " one"}], "nextCursor": "c2", "state": "s1"}
        return Tagged({**page, "total": 1}, '"tag-1"')

    async def account_changes(
        self, desk: Desk, account: Account, *, since: str | None, max_changes: int, show: Show = summaries
    ) -> AccountChanges:
        await self._called("account_changes", since, max_changes)
        new = MessageSummary(
            id="m1", folder_id="f1", flags=[], size=1, received_at="2026-01-01T00:00:00Z", preview="the body begins"
        )
        told = Changes(
            folder_id="f1", old_state="s1", new_state="s2", mode="qresync", coverage=Coverage(), created=[new]
        )
        return AccountChanges(old_state=since, new_state="a2", folders=FolderChanges(), changes=[told])

    async def get_calendar(self, desk: Desk, account: Account, message_id: str) -> MessageCalendar:
        await self._called("get_calendar", message_id)
        return MessageCalendar(id=message_id, events=[CalendarEvent(part_id="2", uid="u1")])

    async def get_report(self, desk: Desk, account: Account, message_id: str) -> Report:
        await self._called("get_report", message_id)
        return Report(id=message_id, delivery=DeliveryReport(part_id="2"))

    async def thread(self, desk: Desk, account: Account, message_id: str, *, limit: int) -> Thread:
        await self._called("thread", message_id, limit)
        return Thread(messages=[], basis="headers", complete=True, folders=["f1"])

    async def manifest(self, desk: Desk, account: Account, ref: str, query: ExportQuery) -> Tagged[ExportManifest]:
        await self._called("manifest", ref, query)
        return Tagged(ExportManifest(messages=[]), '"tag-1"')

    async def open_export(
        self,
        desk: Desk,
        account: Account,
        ref: str,
        query: ExportQuery,
        format_: Format,
        *,
        if_match: frozenset[str] | None,
    ) -> Export:
        await self._called("open_export", ref, query, format_, if_match)
        return Export(Download("application/mbox", "f.mbox", '"tag-1"', None, 0, None, False, _mbox()), None)


async def _mbox() -> AsyncIterator[bytes]:
    yield b"From - Mon Nov 23 00:00:00 2026\n\n"
