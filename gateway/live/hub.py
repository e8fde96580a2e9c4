"""Brings streams and posts together: one post an account, however many streams there are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
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
from gateway.live.event import Bye, Reason, Resync
from gateway.live.greeting import hello
from gateway.live.mark import Mark
from gateway.live.members import Wanted
from gateway.live.post import Means, Post
from gateway.live.stream import Stream, Told
from gateway.live.watcher import Watcher
from gateway.live.wheel import Wheel
from gateway.mail.address import id_of_folder
from gateway.mail.desk import Desk
from gateway.mail.roles import resolve
from gateway.metrics import WatchMode
from gateway.settings.model import Live

ALL = "*"
"""What stands for all folders of an account."""


class LiveMetrics(Protocol):
    """What the hub counts."""

    def watcher_started(self, provider: str, mode: WatchMode) -> None: ...
    def watcher_stopped(self, provider: str, mode: WatchMode) -> None: ...
    def stream_opened(self) -> None: ...
    def stream_closed(self) -> None: ...


class Hub:
    """All streams of this process."""

    def __init__(
        self, desk: Desk, live: Live, metrics: LiveMetrics, random: Callable[[], float], log: Callable[..., None]
    ) -> None:
        self._desk, self._live, self._metrics, self._random, self._log = desk, live, metrics, random, log
        self._posts: dict[str, Post] = {}
        self._streams: dict[Stream, str] = {}
        self._counts: Counter[str] = Counter()  # of streams, by account
        self._modes: dict[Watcher, tuple[str, WatchMode]] = {}  # by provider, as counted
        self._endings: set[asyncio.Task[None]] = set()
        self._wheel = Wheel()
        self._draining = False

    async def subscribe(self, account: Account, folders: Sequence[str], since: str | None) -> Stream:
        """A stream of the folders' changes (``*``: of all folders, and of their list), from ``since`` or from now on.

        ``since`` is a folder's state where there is one folder, else a state of the account.
        Raises InvalidRequest, NotFound, TooManyRequests, Unavailable, and whatever signing in or opening raises.
        """
        wanted = await self._understood(account, folders)
        mark = Mark.parse(since, wanted.scope, wanted.names or ()) if since is not None else None
        self._admit(account)
        stream = Stream(self._left, wheel=self._wheel)
        self._streams[stream] = account.id
        self._counts[account.id] += 1
        self._metrics.stream_opened()
        try:
            post = self._posts.get(account.id) or self._open(account)
            await post.join(stream, wanted, mark)
            stream.greet(hello(post, stream, self._live), stream.mark)
        except BaseException:
            stream.close()
            raise
        return stream

    async def drain(self) -> None:
        """End every stream with a jittered retry, and all watchers. New streams are refused from now on."""
        self._draining = True
        for stream in tuple(self._streams):
            stream.end(self._bye("drain"))
        posts, self._posts = list(self._posts.values()), {}
        await asyncio.gather(*(post.stop() for post in posts))
        await asyncio.gather(*self._endings)

    async def remove(self, account_id: str) -> None:
        """The account is there no more: its streams end with a bye, its watchers with their connections."""
        for stream, watched in tuple(self._streams.items()):
            if watched == account_id:
                stream.end(self._bye("account-removed"))
        post = self._posts.pop(account_id, None)
        if post is not None:
            await post.stop()

    async def _understood(self, account: Account, folders: Sequence[str]) -> Wanted:
        if ALL not in folders:
            names = dict.fromkeys([await resolve(self._desk, account, ref) for ref in folders])
            return Wanted(account, tuple(names))
        if len(folders) != 1:
            raise InvalidRequest("* stands for all folders; name no other beside it", field="folders")
        return Wanted(account, None)

    def _admit(self, account: Account) -> None:
        if self._draining:
            raise Unavailable("the gateway is shutting down")
        if self._counts[account.id] >= self._desk.limits.streams_per_account:
            raise TooManyRequests("this account has its full number of event streams")

    def _open(self, account: Account) -> Post:
        post = self._posts[account.id] = Post(account, Means(self._desk, self._live, self._random), self)
        post.start()
        return post

    def _left(self, stream: Stream) -> None:
        account = self._streams.pop(stream)
        self._counts[account] -= 1
        if not self._counts[account]:
            del self._counts[account]
        self._metrics.stream_closed()
        post = self._posts.get(account)
        if post is not None:
            post.leave(stream)

    # --- what posts tell ---

    def counted(self, watcher: Watcher, mode: WatchMode | None) -> None:
        """Each connection that watches is counted once, by the way in which it does."""
        before = self._modes.pop(watcher, None)
        if before is not None:
            self._metrics.watcher_stopped(*before)
        if mode is not None:
            self._modes[watcher] = (watcher.provider, mode)
            self._metrics.watcher_started(watcher.provider, mode)

    def dismissed(self, stream: Stream, name: MailboxName, error: GatewayError, *, last: bool) -> None:
        """Without another folder the stream ends; that a folder is gone is told however much waits already."""
        if isinstance(error, NotFound):
            gone = Resync(folder_id=id_of_folder(name), since=None, reason="gone")
            stream.offer(Told(gone, stream.mark.without(name), name))
            if last:
                stream.end(self._bye("folder-gone"))
        else:
            stream.end(self._bye(_reason(error)))

    def given_up(self, post: Post, error: GatewayError) -> None:
        if not self._take(post):
            return  # it was on its way out; its successor is well
        self._log("watcher_failed", provider=post.account.provider.name, error=type(error).__name__)
        self._end(post)
        for stream in post.members:
            stream.end(self._bye(_reason(error)))

    def deserted(self, post: Post) -> None:
        if self._take(post):
            self._end(post)

    def _take(self, post: Post) -> bool:
        if self._posts.get(post.account.id) is not post:
            return False
        del self._posts[post.account.id]
        return True

    def _end(self, post: Post) -> None:
        ending = asyncio.create_task(post.stop())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    def _bye(self, reason: Reason) -> Bye:
        return Bye(reason=reason, retry=int(1000 + 4000 * self._random()))


def _reason(error: GatewayError) -> Reason:
    if isinstance(error, Unauthenticated):
        return "token-expired"
    if isinstance(error, NotFound):  # its link is gone, by another replica
        return "account-removed"
    return "upstream-refused" if isinstance(error, SignInRefused) else "upstream-failed"
