"""One mail server in one mode, its gateways, fuzzer and clients: rounds of change, each ended by a comparison."""

from __future__ import annotations

import asyncio
import imaplib
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.blackbox.gateway_process import GatewayProcess

from .client import Client, Surroundings
from .fleet import Fleet
from .fuzzer import Fuzzer
from .hand import Refused
from .journal import Journal
from .line import Wrong
from .truth import read_truth

T = TypeVar("T")
Cast = Callable[[Surroundings, Random], list[Client]]


@dataclass(frozen=True)
class Ground:
    """A mailbox on a real server, and how to make a gateway in front of it."""

    name: str
    user: str
    sign_in: Callable[[], imaplib.IMAP4]
    make: Callable[[], GatewayProcess]
    window: bool
    kept: tuple[str, ...] = ("INBOX", "Archive")
    without: frozenset[str] = frozenset()
    repeats: bool = False
    log: Callable[[], str] = str
    spoilt: Callable[[], int] = int
    """How often the server has lost track of its own mailboxes, by its log: what it shows then may be no truth."""


@dataclass
class Score:
    """Figures of a run."""

    rounds: int = 0
    mutations: int = 0
    kills: int = 0
    spoilt: int = 0
    clients: Counter[str] = field(default_factory=Counter)


class World:
    """``with World(ground, seed, cast, …) as world: await world.run(…)``.

    ``pace``: changes a second. ``rounds``: how many changes a round has, at least and at most. ``deaths``: seconds
    between two.
    """

    def __init__(
        self,
        ground: Ground,
        seed: int,
        cast: Cast,
        *,
        pace: float,
        rounds: tuple[int, int],
        gateways: int = 2,
        deaths: float,
    ) -> None:
        self.ground, self.seed, self.score = ground, seed, Score()
        self.journal, self._rounds = Journal(), rounds
        self._random, self._deaths = Random(seed), deaths
        self.fleet = Fleet(ground.make, gateways, self.journal, Random(seed))
        self.fuzzer = Fuzzer(
            ground.sign_in,
            self.journal,
            seed=seed,
            kept=ground.kept,
            most=pace,
            without=ground.without,
            repeats=ground.repeats,
        )
        self._cast = cast
        self.clients: list[Client] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._room = Path(self._stack.enter_context(TemporaryDirectory(prefix="gw-mutation.")))
        self._stack.enter_context(self.fleet)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fuzzer.stop()
        self._stack.close()

    async def run(self, enough: Callable[[Score], bool]) -> None:
        """Rounds until ``enough``; fails with the seed and the journal where a client differs from the truth.

        It ends with a round that shows a difference while the server lost track of its mailboxes.
        """
        await asyncio.to_thread(self.fuzzer.prepare)
        headers: Mapping[str, str] = self.fleet.gateways[0].headers(self.ground.user, ttl=6 * 3600)
        self.clients = self._cast(
            Surroundings(self.fleet, headers, self.journal, self.ground.window, self._room), self._random
        )
        try:
            while not enough(self.score) and not self.score.spoilt:
                before = self.ground.spoilt()
                try:
                    await self._round()
                except (Refused, AssertionError, ExceptionGroup):
                    if self.ground.spoilt() == before:
                        raise
                    self.score.spoilt = 1
        finally:
            for client in self.clients:
                await client.close()

    async def _round(self) -> None:
        stop = asyncio.Event()
        count = self._random.randint(*self._rounds)
        self.journal.note("fuzzer", f"round {self.score.rounds}")
        async with asyncio.TaskGroup() as group:
            for client in self.clients:
                group.create_task(self._blamed(client, client.live(stop)))
            group.create_task(self.fleet.suffer(stop, every=self._deaths))
            try:
                await asyncio.to_thread(self.fuzzer.work, count)
            finally:
                stop.set()
        await asyncio.to_thread(self.fuzzer.last)
        self.journal.note("fuzzer", "quiet")
        truth = await asyncio.to_thread(read_truth, self.ground.sign_in)
        async with asyncio.TaskGroup() as group:
            ends = [group.create_task(self._blamed(client, client.settle(truth))) for client in self.clients]
        found = [end.result() for end in ends]
        self.score.rounds += 1
        self.count()
        for client, different in zip(self.clients, found, strict=True):
            assert not different, self.report(client, different)

    async def _blamed(self, client: Client, life: Coroutine[Any, Any, T]) -> T:
        try:
            return await life
        except (Wrong, AssertionError, LookupError, ValueError) as error:
            error.add_note(self.report(client, [repr(error)]))
            raise

    def count(self) -> None:
        """Bring the score up to date."""
        score = self.score
        score.mutations, score.kills = self.fuzzer.did, self.fleet.kills
        score.clients = sum((client.did for client in self.clients), Counter[str]())

    def report(self, client: Client, different: list[str]) -> str:
        """Everything that is needed to understand a failure."""
        return "\n".join(
            (
                f"{self.ground.name}, seed {self.seed}, round {self.score.rounds}: {client.name} differs:",
                *different[:40],
                self.journal.tail(client.name),
                self.fleet.logs(),
                self.ground.log(),
            )
        )
