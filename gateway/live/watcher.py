"""One connection that watches one folder for all streams of its account.

It waits in IDLE (or polls), and after every sign of change asks the server for what changed, with the very code that
answers ``GET …/changes``. Each seat has a position of its own, so a client that resumes from an old state and one that
is up to date are served by the same pass, without a gap or a repeat at the seam.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import (
    ClientError,
    DeadlinePassed,
    GatewayError,
    IdExpired,
    LocalError,
    Refused,
    SignInRefused,
    StateTooOld,
    Unauthenticated,
    Unavailable,
)
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.backoff import Backoff
from gateway.live.event import Resync, ResyncReason
from gateway.live.flag_window import FlagWindow
from gateway.live.stream import Seat
from gateway.mail.address import id_of_folder
from gateway.mail.changes import changes_between
from gateway.mail.desk import Desk, open_folder, target_of
from gateway.mail.snapshot import state_of, sync_mode
from gateway.settings.model import Live
from gateway.sync.state import FolderState

REFUSALS = 3
"""Refusals in a row, without a reason, after which a watcher gives up."""
MOST = 200
"""New messages told in one event; more follow in the next."""


class Watcher:
    """Runs from :meth:`start` until :meth:`stop`, or until it fails for good, which ``failed`` is told."""

    def __init__(
        self,
        desk: Desk,
        live: Live,
        name: MailboxName,
        *,
        credential: Callable[[], Account],
        failed: Callable[[Watcher, GatewayError], None],
        backoff: Backoff,
    ) -> None:
        self.name = name
        self.state: FolderState | None = None
        self.mode: Literal["idle", "poll"] = "idle"
        self.seats: set[Seat] = set()
        self._desk, self._live = desk, live
        self._credential, self._failed = credential, failed
        self._backoff = backoff
        self._flags = FlagWindow()
        self._poke = asyncio.Event()
        self._settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    async def ready(self) -> None:
        """Wait for the first look at the folder. Raises what made it fail."""
        await asyncio.shield(self._settled)

    def join(self, seat: Seat) -> None:
        """Seat a stream, after :meth:`ready`; without a position it starts at the folder's present state."""
        if seat.position is None:
            seat.position, seat.generation = self.state, self._flags.generation
        seat.taken = self._poke.set
        self.seats.add(seat)
        if seat.position != self.state:
            self._poke.set()

    def leave(self, seat: Seat) -> None:
        self.seats.discard(seat)

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while True:
            try:
                await self._watch()
            except (ClientError, SignInRefused, LocalError) as error:
                return self._give_up(error)
            except GatewayError as error:
                if not self._settled.done() or not self._may_pass(error):
                    return self._give_up(error)
                await asyncio.sleep(self._backoff.failed())

    def _may_pass(self, error: GatewayError) -> bool:
        """Whether another try may help. A bare NO can mean that the folder was rebuilt or removed: opening it tells."""
        if isinstance(error, Refused) and error.imap_code is None:
            return self._backoff.failures < REFUSALS
        return error.answer().retryable

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A watcher that broke by a defect of ours, or was stopped before its first look, leaves nobody hanging."""
        if task.cancelled():
            self._settle(Unavailable("the folder is watched no more"))
        elif task.exception() is not None:
            self._give_up(LocalError("the watcher broke"))

    def _give_up(self, error: GatewayError) -> None:
        self._settle(error)
        self._failed(self, error)

    def _settle(self, error: GatewayError) -> None:
        """Who waits for the first look waits in vain."""
        if not self._settled.done():
            self._settled.set_exception(error)
            self._settled.exception()  # read once, so that a waiter that has left is no warning

    async def _watch(self) -> None:
        """Sign in, then pass and wait in turn, until the connection is lost or its credential ends."""
        account = self._credential()
        left = None if account.expires_at is None else account.expires_at - self._desk.clock()
        if left is not None and left <= 0:
            raise Unauthenticated("the token has expired", code="invalid_token")
        with suppress(TimeoutError):
            async with asyncio.timeout(left), self._desk.pool.watch(target_of(account)) as session:
                await self._look(session)

    async def _look(self, session: Session) -> None:
        self.mode = "idle" if session.capabilities.has("IDLE") else "poll"
        while True:
            await self._pass(session)
            self._backoff.worked()
            if not self._settled.done():
                self._settled.set_result(None)
            await self._wait(session)

    async def _pass(self, session: Session) -> None:
        """Tell every free seat what changed since its position; seats at one position share one answer."""
        self._poke.clear()
        await open_folder(session, self.name, again=True)
        now = await state_of(session)
        if sync_mode(session) == "window":
            self._flags.look((await changes_between(session, self.name, now, now, most=MOST)).updated)
        self.state = now
        groups: dict[tuple[FolderState, int | None], list[Seat]] = {}
        for seat in self.seats:
            if seat.free and seat.position is not None and (seat.position, seat.generation) != (now, self._generation):
                groups.setdefault((seat.position, seat.generation), []).append(seat)
        for (old, generation), seats in groups.items():
            await self._tell(session, old, now, generation, seats)

    @property
    def _generation(self) -> int | None:
        return self._flags.generation

    async def _tell(
        self, session: Session, old: FolderState, now: FolderState, generation: int | None, seats: list[Seat]
    ) -> None:
        try:
            event = await changes_between(session, self.name, old, now, most=MOST)
        except IdExpired as expired:
            reason: ResyncReason = "overflow" if isinstance(expired, StateTooOld) else "rebuilt"
            again = Resync(folder_id=id_of_folder(self.name), since=None, reason=reason)
            for seat in seats:
                seat.offer(again, now, self._generation)
            return
        if event.mode == "window":
            event = replace(event, updated=self._flags.since(generation, event.updated))
        position = FolderState.parse(event.new_state)
        telling = event.created or event.updated or event.destroyed or event.has_more or event.coverage.present
        for seat in seats:
            if telling:
                seat.offer(event, position, generation if event.has_more else self._generation)
            else:
                seat.generation = self._generation  # the position stays the one that the client was told

    async def _wait(self, session: Session) -> None:
        """Until something changed, a seat asks for a pass, or it is time to see whether the server still lives."""
        if self.mode == "poll":
            await self._poked(self._live.poll_seconds)
            return
        try:
            async with asyncio.timeout(self._live.probe_seconds) as limit:
                await self._idle(session, limit)
        except TimeoutError:
            raise DeadlinePassed("the mail server did not answer in time") from None

    async def _idle(self, session: Session, limit: asyncio.Timeout) -> None:
        """``limit`` runs while the server's answer is due: to IDLE itself, and to its end."""
        loop = asyncio.get_running_loop()
        async with session.idle() as pushes:
            limit.reschedule(None)
            changed = asyncio.create_task(pushes.wait(self._live.probe_seconds))
            poked = asyncio.create_task(self._poke.wait())
            try:
                await asyncio.wait((changed, poked), return_when=asyncio.FIRST_COMPLETED)
                if changed.done():
                    changed.result()
                    await self._poked(self._live.coalesce_seconds)
            finally:
                for task in (changed, poked):
                    task.cancel()
                await asyncio.gather(changed, poked, return_exceptions=True)
                limit.reschedule(loop.time() + self._live.probe_seconds)

    async def _poked(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poke.wait()
