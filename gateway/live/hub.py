"""Brings streams and watchers together: one watcher an account and folder, however many streams there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.accounts.account import Account
from gateway.errors import (
    GatewayError,
    InvalidRequest,
    NotFound,
    SignInRefused,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from gateway.imap.name import MailboxName
from gateway.live.backoff import Backoff
from gateway.live.event import Bye, Hello, Reason, Resync, WatchedFolder
from gateway.live.stream import Seat, Stream
from gateway.live.watcher import Watcher
from gateway.mail.address import id_of_folder
from gateway.mail.desk import Desk
from gateway.mail.roles import resolve
from gateway.metrics import WatchMode
from gateway.settings.model import Live
from gateway.sync.state import FolderState

Key = tuple[str, MailboxName]


class LiveMetrics(Protocol):
    """What the hub counts."""

    def watcher_started(self, provider: str, mode: WatchMode) -> None: ...
    def watcher_stopped(self, provider: str, mode: WatchMode) -> None: ...
    def stream_opened(self) -> None: ...
    def stream_closed(self) -> None: ...


@dataclass(slots=True)
class _Post:
    """A watcher, the accounts (credentials) of its streams, and the timer that ends it when they have left."""

    account: Account
    watcher: Watcher
    accounts: dict[Seat, Account] = field(default_factory=dict)
    linger: asyncio.TimerHandle | None = None
    counted: WatchMode | None = None

    def freshest(self) -> Account:
        """The credential that lasts longest: a stream that leaves must not take the others' connection with it."""
        return max((*self.accounts.values(), self.account), key=lambda account: account.expires_at or float("inf"))


class Hub:
    """All streams of this process."""

    def __init__(
        self, desk: Desk, live: Live, metrics: LiveMetrics, random: Callable[[], float], log: Callable[..., None]
    ) -> None:
        self._desk, self._live, self._metrics, self._random, self._log = desk, live, metrics, random, log
        self._posts: dict[Key, _Post] = {}
        self._streams: dict[Stream, str] = {}
        self._counts: Counter[str] = Counter()  # of streams, by account
        self._endings: set[asyncio.Task[None]] = set()
        self._draining = False

    async def subscribe(self, account: Account, folders: Sequence[str], since: str | None) -> Stream:
        """A stream of the folders' changes, from ``since`` (a state token, for one folder) or from now on.

        Raises InvalidRequest, NotFound, TooManyRequests, Unavailable, and whatever signing in or opening raises.
        """
        position = FolderState.parse(since, field="since") if since is not None else None
        if position is not None and len(folders) != 1:
            raise InvalidRequest("a state is that of one folder; name that folder alone", field="since")
        names = dict.fromkeys([await resolve(self._desk, account, ref) for ref in folders])
        self._admit(account)
        stream = Stream(self._left)
        self._streams[stream] = account.id
        self._counts[account.id] += 1
        self._metrics.stream_opened()
        try:
            for name in names:
                await self._seat(stream, account, name, position)
            stream.greet(self._hello(stream))
        except BaseException:
            stream.close()
            raise
        return stream

    async def drain(self) -> None:
        """End every stream with a jittered retry, and all watchers. New streams are refused from now on."""
        self._draining = True
        for stream in tuple(self._streams):
            stream.end(self._bye("drain"))
        await asyncio.gather(*(post.watcher.stop() for post in self._take_posts()))
        await asyncio.gather(*self._endings)

    async def remove(self, account_id: str) -> None:
        """The account is there no more: its streams end with a bye, its watchers with their connections."""
        for stream, watched in tuple(self._streams.items()):
            if watched == account_id:
                stream.end(self._bye("account-removed"))
        keys = [key for key in self._posts if key[0] == account_id]
        posts = [self._posts.pop(key) for key in keys]
        for post in posts:
            if post.linger is not None:
                post.linger.cancel()
            self._uncount(post)
        await asyncio.gather(*(post.watcher.stop() for post in posts))

    def _admit(self, account: Account) -> None:
        if self._draining:
            raise Unavailable("the gateway is shutting down")
        if self._counts[account.id] >= self._desk.limits.streams_per_account:
            raise TooManyRequests("this account has its full number of event streams")

    async def _seat(self, stream: Stream, account: Account, name: MailboxName, position: FolderState | None) -> None:
        key = (account.id, name)
        post = self._posts.get(key) or self._open(key, account, name)
        if post.linger is not None:
            post.linger.cancel()
            post.linger = None
        seat = Seat(stream, name, position)
        stream.seats.append(seat)
        post.accounts[seat] = account
        await post.watcher.ready()
        if self._posts.get(key) is not post:
            raise Unavailable("the folder could be watched no more just now")
        if post.counted is None:
            post.counted = post.watcher.mode
            self._metrics.watcher_started(account.provider.name, post.counted)
        post.watcher.join(seat)

    def _open(self, key: Key, account: Account, name: MailboxName) -> _Post:
        watcher = Watcher(
            self._desk, self._live, name,
            credential=lambda: post.freshest(),
            failed=lambda watcher, error: self._failed(key, watcher, error),
            backoff=Backoff(self._random),
        )  # fmt: skip
        post = _Post(account, watcher)
        self._posts[key] = post
        watcher.start()
        return post

    def _left(self, stream: Stream) -> None:
        """A stream has closed: its seats go, and a watcher without seats lingers a little."""
        account = self._streams.pop(stream)
        self._counts[account] -= 1
        if not self._counts[account]:
            del self._counts[account]
        self._metrics.stream_closed()
        for seat in stream.seats:
            post = self._posts.get((account, seat.name))
            if post is None:
                continue
            post.watcher.leave(seat)
            post.accounts.pop(seat, None)
            if not post.accounts and post.linger is None:
                key = (account, seat.name)
                post.linger = asyncio.get_running_loop().call_later(self._live.linger_seconds, self._expire, key)

    def _expire(self, key: Key) -> None:
        post = self._posts.pop(key, None)
        if post is not None:
            self._uncount(post)
            ending = asyncio.create_task(post.watcher.stop())
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    def _failed(self, key: Key, watcher: Watcher, error: GatewayError) -> None:
        post = self._posts.get(key)
        if post is None or post.watcher is not watcher:
            return  # it was on its way out; its successor is well
        del self._posts[key]
        if post.linger is not None:
            post.linger.cancel()
        self._uncount(post)
        self._log("watcher_failed", provider=post.account.provider.name, error=type(error).__name__)
        for seat in tuple(post.watcher.seats):
            self._dismiss(seat, error)

    def _dismiss(self, seat: Seat, error: GatewayError) -> None:
        """Tell a stream that one of its folders can't be watched any more; without another folder it ends."""
        stream = seat.stream
        if isinstance(error, NotFound):
            gone = Resync(folder_id=id_of_folder(seat.name), since=None, reason="gone")
            if seat.position is not None:
                seat.offer(gone, seat.position, seat.generation)
            if any((self._streams.get(stream, ""), other.name) in self._posts for other in stream.seats):
                return
            stream.end(self._bye("folder-gone"))
        elif isinstance(error, Unauthenticated):
            stream.end(self._bye("token-expired"))
        elif isinstance(error, SignInRefused):
            stream.end(self._bye("upstream-refused"))
        else:
            stream.end(self._bye("upstream-failed"))

    def _hello(self, stream: Stream) -> Hello:
        account = self._streams[stream]
        watching = []
        for seat in stream.seats:
            post = self._posts.get((account, seat.name))
            if post is None:
                continue  # it failed meanwhile; what became of it is the stream's next event
            watcher = post.watcher
            poll = self._live.poll_seconds if watcher.mode == "poll" else None
            state = seat.position.encode() if seat.position is not None else ""
            folder = id_of_folder(seat.name)
            watching.append(WatchedFolder(folder_id=folder, mode=watcher.mode, poll_seconds=poll, state=state))
        return Hello(watching=watching, heartbeat_seconds=self._live.heartbeat_seconds)

    def _bye(self, reason: Reason) -> Bye:
        return Bye(reason=reason, retry=int(1000 + 4000 * self._random()))

    def _uncount(self, post: _Post) -> None:
        if post.counted is not None:
            self._metrics.watcher_stopped(post.account.provider.name, post.counted)
            post.counted = None

    def _take_posts(self) -> list[_Post]:
        posts, self._posts = list(self._posts.values()), {}
        for post in posts:
            self._uncount(post)
        return posts
