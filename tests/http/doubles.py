"""In-memory doubles of what the HTTP floor stands on: verbs, hub, accounts, tokens. What is tested is HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, cast

from msgspec import json

from gateway.accounts.account import Account
from gateway.errors import GatewayError, PreconditionFailed
from gateway.http.idempotency import MemoryIdempotency
from gateway.http.rates import MemoryRates
from gateway.http.services import Services
from gateway.http.tickets import MemoryTickets
from gateway.identity.scope import Scope
from gateway.live.event import Event, Hello
from gateway.mail.desk import Desk
from gateway.mail.download import ByteRange, Download
from gateway.mail.fresh import Show, summaries
from gateway.mail.pages import Listed
from gateway.mail.query import PageQuery, Tagged
from gateway.mail.request import BulkDelete, BulkFlags, BulkMove, Destination, FlagPatch, FolderCreate, FolderPatch
from gateway.mail.resource import (
    AccountInfo,
    Body,
    BodyValue,
    BulkResult,
    Changes,
    Coverage,
    EmbeddedMessage,
    Flags,
    Folder,
    FolderList,
    Message,
    MessagePage,
    MessageSummary,
    MoveResult,
    Outcome,
    StoredMessage,
)
from gateway.mail.search_request import Search
from gateway.mail.search_result import SearchPage
from gateway.mail.summaries import Summaries
from gateway.metrics import Metrics
from gateway.pool.pool import Pool
from gateway.settings.model import Issuer, Limits, Server, Settings

from .chunks import Chunks
from .doubles_access import PROVIDER, Authenticator, Directory
from .doubles_detail import DETAIL_VERBS, DetailVerbs
from .doubles_servers import servers
from .doubles_sharing import SHARING_VERBS, SharingVerbs

VERBS = MappingProxyType(
    {
        "accounts": ("describe",),
        "folders": ("list_folders", "get_folder", "create_folder", "patch_folder", "delete_folder"),
        "messages": ("page", "get_message"),
        "listing": ("listing",),
        "search": ("search",),
        "body": ("get_body",),
        "content": ("open_raw", "open_part"),
        "attachments": ("open_attachments",),
        "embedded": ("get_embedded",),
        "flags": ("get_flags", "change_flags"),
        "transfer": ("move", "copy", "delete"),
        "bulk": ("bulk_flags", "bulk_move", "bulk_copy", "bulk_delete"),
        "store": ("store",),
        "changes": ("changes",),
        **DETAIL_VERBS,
        **SHARING_VERBS,
    }
)
"""Every verb that a handler calls, by its module below ``gateway.mail``."""

ALL_SCOPES = "+".join(scope.value for scope in Scope)
TAG = '"tag-1"'
CONTENT = bytes(range(256)) * 4


def summary(number: int) -> MessageSummary:
    return MessageSummary(
        id=f"m{number}",
        folder_id="f1",
        flags=[],
        size=10,
        received_at="2026-11-20T08:14:03Z",
        preview="the body begins",
    )


class GivenUp(asyncio.Event):
    """A gate that tells of a waiter who was cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled = asyncio.Event()

    async def wait(self) -> Literal[True]:
        try:
            return await super().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@dataclass
class Verbs(DetailVerbs, SharingVerbs):
    """Stands for the whole ``mail`` floor. ``fails`` is raised by the next verb; ``calls`` tells what was called."""

    calls: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)
    fails: BaseException | None = None
    stored: bytes = b""
    unless_exists: bool = False
    existed: bool = False
    opened: list[Chunks] = field(default_factory=list)
    pieces: Sequence[bytes | GatewayError | asyncio.Event] | None = None
    ranges: bool = True
    content_type: str = "message/rfc822"
    filename: str | None = "message.eml"
    next_cursor: str | None = None
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def _called(self, name: str, *arguments: object) -> None:
        self.calls.append((name, arguments))
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fails is not None:
            raise self.fails

    async def describe(self, desk: Desk, account: Account) -> AccountInfo:
        await self._called("describe")
        return AccountInfo(id=account.id, address=account.address, provider="example")

    async def list_folders(self, desk: Desk, account: Account, *, rights: bool) -> FolderList:
        await self._called("list_folders", rights)
        return FolderList(folders=[_FOLDER])

    async def get_folder(self, desk: Desk, account: Account, ref: str) -> Tagged[Folder]:
        await self._called("get_folder", ref)
        return Tagged(_FOLDER, TAG)

    async def create_folder(self, desk: Desk, account: Account, wanted: FolderCreate) -> Folder:
        await self._called("create_folder", wanted)
        return _FOLDER

    async def patch_folder(self, desk: Desk, account: Account, ref: str, patch: FolderPatch) -> Folder:
        await self._called("patch_folder", ref, patch)
        return _FOLDER

    async def delete_folder(self, desk: Desk, account: Account, ref: str, *, force: bool) -> None:
        await self._called("delete_folder", ref, force)

    async def listing(self, desk: Desk, account: Account, ref: str, query: PageQuery) -> Tagged[Listed]:
        found = await self.page(desk, account, ref, query)
        if found.value is None:
            return Tagged(None, found.etag)
        return Tagged(Listed(json.encode(found.value), found.value.next_cursor), found.etag)

    async def page(self, desk: Desk, account: Account, ref: str, query: PageQuery) -> Tagged[MessagePage]:
        await self._called("page", ref, query)
        if TAG in query.if_none_match:
            return Tagged(None, TAG)
        return Tagged(MessagePage(messages=[summary(1)], next_cursor=self.next_cursor, state="s1", total=1), TAG)

    async def search(self, desk: Desk, account: Account, wanted: Search) -> SearchPage:
        await self._called("search", wanted)
        return SearchPage(messages=[summary(1)], next_cursor=self.next_cursor, complete=True)

    async def get_message(
        self, desk: Desk, account: Account, message_id: str, part_href: Callable[[str], str], *, preview: bool = False
    ) -> Tagged[Message]:
        await self._called("get_message", message_id, part_href("1.2"), preview)
        shown = summary(1)
        message = Message(
            id=message_id, folder_id="f1", flags=[], size=10, received_at=shown.received_at, preview="the body begins"
        )
        return Tagged(message, TAG)

    async def get_body(
        self,
        desk: Desk,
        account: Account,
        message_id: str,
        *,
        max_bytes: int,
        remote: Literal["block", "keep"],
        part_href: Callable[[str], str],
        embedded: str | None = None,
    ) -> Body:
        part = () if embedded is None else (embedded,)
        await self._called("get_body", message_id, max_bytes, remote, part_href("2"), *part)
        return Body(id=message_id, text=BodyValue(value="<&>"), html=BodyValue(value="<p>safe</p>"))

    async def get_embedded(
        self, desk: Desk, account: Account, message_id: str, part_id: str, part_href: Callable[[str], str]
    ) -> EmbeddedMessage:
        await self._called("get_embedded", message_id, part_id, part_href("2.1"))
        return EmbeddedMessage(part_id=part_id, size=10)

    async def open_attachments(self, desk: Desk, account: Account, message_id: str) -> Download:
        await self._called("open_attachments", message_id)
        chunks = Chunks(self.pieces if self.pieces is not None else [CONTENT])
        self.opened.append(chunks)
        return Download("application/zip", "attachments.zip", TAG, None, 0, None, False, chunks)

    async def open_raw(self, desk: Desk, account: Account, message_id: str, range_: ByteRange | None) -> Download:
        await self._called("open_raw", message_id, range_)
        return self._download(range_)

    async def open_part(
        self, desk: Desk, account: Account, message_id: str, part_id: str, range_: ByteRange | None
    ) -> Download:
        await self._called("open_part", message_id, part_id, range_)
        return self._download(range_)

    def _download(self, range_: ByteRange | None) -> Download:
        size = len(CONTENT) if self.ranges else None
        start, stop = (0, size) if size is None or range_ is None else range_.resolve(size)
        chunks = Chunks(self.pieces if self.pieces is not None else [CONTENT[start:stop]])
        self.opened.append(chunks)
        return Download(self.content_type, self.filename, TAG, size, start, stop, self.ranges, chunks)

    async def get_flags(self, desk: Desk, account: Account, message_id: str) -> Tagged[Flags]:
        await self._called("get_flags", message_id)
        return Tagged(Flags(flags=["$seen"]), TAG)

    async def change_flags(
        self, desk: Desk, account: Account, message_id: str, patch: FlagPatch, *, if_match: frozenset[str] | None
    ) -> Tagged[Flags]:
        await self._called("change_flags", message_id, patch, if_match)
        if if_match is not None and not if_match & {TAG, "*"}:
            raise PreconditionFailed("changed meanwhile")
        return Tagged(Flags(flags=["$seen"]), '"tag-2"')

    async def move(self, desk: Desk, account: Account, message_id: str, to: Destination) -> MoveResult:
        await self._called("move", message_id, to)
        return MoveResult(id="m2")

    async def copy(self, desk: Desk, account: Account, message_id: str, to: Destination) -> MoveResult:
        await self._called("copy", message_id, to)
        return MoveResult(id="m2")

    async def delete(self, desk: Desk, account: Account, message_id: str, *, permanent: bool) -> MoveResult:
        await self._called("delete", message_id, permanent)
        return MoveResult(id=None)

    async def bulk_flags(self, desk: Desk, account: Account, ref: str, wanted: BulkFlags) -> BulkResult:
        await self._called("bulk_flags", ref, wanted)
        return _BULK

    async def bulk_move(self, desk: Desk, account: Account, ref: str, wanted: BulkMove) -> BulkResult:
        await self._called("bulk_move", ref, wanted)
        return _BULK

    async def bulk_copy(self, desk: Desk, account: Account, ref: str, wanted: BulkMove) -> BulkResult:
        await self._called("bulk_copy", ref, wanted)
        return _BULK

    async def bulk_delete(self, desk: Desk, account: Account, ref: str, wanted: BulkDelete) -> BulkResult:
        await self._called("bulk_delete", ref, wanted)
        return _BULK

    async def store(
        self,
        desk: Desk,
        account: Account,
        ref: str,
        *,
        size: int,
        source: AsyncIterable[bytes],
        flags: Sequence[str],
        received_at: datetime | None,
        unless_exists: bool = False,
    ) -> StoredMessage:
        self.stored = b"".join([chunk async for chunk in source])
        self.unless_exists = unless_exists
        await self._called("store", ref, size, tuple(flags), received_at)
        return StoredMessage(id="m9", folder_id="f1", size=size, existed=self.existed)

    async def changes(
        self, desk: Desk, account: Account, ref: str, *, since: str, max_changes: int, show: Show = summaries
    ) -> Changes:
        await self._called("changes", ref, since, max_changes)
        return changes("s2")


_FOLDER = Folder(id="f1", name="INBOX", path=["INBOX"], role="inbox")
_BULK = BulkResult(results=[Outcome(id="m1", status=200)])


def changes(state: str, **members: object) -> Changes:
    return Changes(
        folder_id="f1", old_state="s1", new_state=state, mode="qresync", coverage=Coverage(), created=[summary(1)]
    )


@dataclass
class Stream:
    """Gives the events that the test puts in; ``waits`` is set when the gateway waits for one."""

    queue: asyncio.Queue[Event | GatewayError] = field(default_factory=asyncio.Queue)
    closed: bool = False
    timeouts: list[float] = field(default_factory=list)
    beats: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    state: str | None = None

    async def next(self, timeout: float, /) -> Event | None:
        self.timeouts.append(timeout)
        if self.beats:
            self.beats -= 1
            return None
        event = await self.queue.get()
        if isinstance(event, GatewayError):
            raise event
        self.state = event.new_state if isinstance(event, Changes) else None
        if isinstance(event, Hello):
            self.state = event.watching[0].state
        return event

    def close(self) -> None:
        self.closed = True
        self.ended.set()


@dataclass
class Hub:
    stream: Stream = field(default_factory=Stream)
    subscribed: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)

    async def subscribe(self, account: Account, folders: Sequence[str], since: str | None, /) -> Stream:
        self.subscribed.append((tuple(folders), since))
        return self.stream


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def settings(*, limits: Limits | None = None, server: Server | None = None) -> Settings:
    return Settings(
        issuers=(Issuer(issuer="https://issuer.example.org", audience="https://mail.example.org"),),
        providers=(PROVIDER,),
        limits=limits or Limits(request_bytes=4096, message_bytes=100_000),
        server=server or Server(public_url="https://mail.example.org"),
    )


def services(clock: Clock, hub: Hub, authenticator: Authenticator, configured: Settings) -> Services:
    return Services(
        desk=Desk(cast("Pool", None), configured.limits, clock, Summaries(0)),
        hub=hub,
        authenticator=authenticator,
        directory=Directory(),
        servers=servers(),
        metrics=Metrics(["example"]),
        settings=configured,
        idempotency=MemoryIdempotency(clock),
        tickets=MemoryTickets(clock),
        rates=MemoryRates(clock),
        clock=clock,
        random=lambda: 0.5,
    )
