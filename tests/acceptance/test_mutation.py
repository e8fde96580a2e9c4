"""The mutation test: whatever is done to a mailbox while clients come and go, each has in the end what is there.

A failure prints the seed, what was changed last, and what that client was told. ``MUTATION_SEED`` repeats a run as far
as a mailbox under several programs can be repeated. ``MUTATION_SECONDS`` (of ``make soak``) makes it the long run:
both servers, all modes, at once.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from contextlib import ExitStack
from random import Random, SystemRandom
from typing import Final

import pytest

from gateway.sync.ids import folder_id
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot24 import Dovecot24
from tests.servers.tokens import TokenIssuer

from .conftest import StartDovecot
from .figures import show
from .mutation.account_puller import AccountPuller
from .mutation.account_stream import AccountStream
from .mutation.client import Client, Surroundings
from .mutation.folder_puller import FolderPuller
from .mutation.folder_stream import FolderStream
from .mutation.ground import on_cyrus, on_dovecot
from .mutation.reference import Reference
from .mutation.world import Ground, Score, World
from .mutation.writer import Writer

MODES: Final = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE", "ENABLE")}
SHORT: Final = int(os.environ.get("MUTATIONS", "40"))
SECONDS: Final = int(os.environ.get("MUTATION_SECONDS", "0"))
AT_LEAST: Final = 20_000
"""Mutations of the long run, in all its worlds."""
SEED: Final = int(os.environ.get("MUTATION_SEED", "0"))
"""0: always the same for the short runs, always another one for the long run."""
WORLDS: Final = re.compile(os.environ.get("MUTATION_WORLDS", ""))
"""Of the long run, to look at some of them."""
WATCHED: Final = {"inbox": b"INBOX", "big": b"Big", "x": b"Work/x"}
PROGRESS: Final = 10.0


def cast(around: Surroundings, random: Random) -> list[Client]:
    """Clients of each kind."""

    def seed() -> int:
        return random.randrange(1 << 30)

    return [
        FolderPuller("folders", around, seed()),
        *(FolderStream(f"stream {name}", around, seed(), folder_id(wire)) for name, wire in WATCHED.items()),
        AccountPuller("account", around, seed()),
        *(AccountStream(f"all {number}", around, seed()) for number in range(2)),
        Reference("reference sync", around, seed(), around.room / "sync.db", streams=False),
        Reference("reference live", around, seed(), around.room / "live.db", streams=True),
        Writer("writer", around, seed(), around.room / "writer.db", streams=False),
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", MODES)
async def test_a_short_run_on_dovecot(mode: str, start_dovecot: StartDovecot, tokens: TokenIssuer) -> None:
    await short(on_dovecot(start_dovecot(by_guid=True), tokens, mode, MODES[mode]))


@pytest.mark.timeout(300)
async def test_a_short_run_without_notify(start_dovecot: StartDovecot, tokens: TokenIssuer) -> None:
    await short(on_dovecot(start_dovecot(by_guid=True), tokens, "qresync", ("NOTIFY",)))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", MODES)
async def test_a_short_run_on_cyrus(mode: str, cyrus: Cyrus, tokens: TokenIssuer) -> None:
    await short(on_cyrus(cyrus, tokens, mode, MODES[mode]))


@pytest.mark.skipif(not SECONDS, reason="MUTATION_SECONDS is not set: make soak sets it")
@pytest.mark.timeout(SECONDS * 2 + 600)
async def test_the_long_run(start_dovecot: StartDovecot, cyrus: Cyrus, tokens: TokenIssuer) -> None:
    """Six worlds and more at once; each of both servers in each mode, Dovecot with NOTIFY and without it."""
    seed = SEED or SystemRandom().randrange(1, 1_000_000)
    grounds = [
        on_dovecot(start_dovecot(by_guid=True), tokens, mode, ignore)
        for mode, ignore in (*MODES.items(), ("qresync", ("NOTIFY",)))
    ]
    if Dovecot24.available():
        grounds.append(on_dovecot(start_dovecot(by_guid=True, of=Dovecot24), tokens, "qresync", ()))
    grounds += [on_cyrus(cyrus, tokens, mode, ignore) for mode, ignore in MODES.items()]
    grounds = [ground for ground in grounds if WORLDS.search(ground.name)]
    with ExitStack() as stack:
        worlds = [
            stack.enter_context(World(ground, seed + number, cast, pace=20, rounds=(40, 220), deaths=60))
            for number, ground in enumerate(grounds)
        ]
        show("worlds", **{f"seed {world.seed}": world.ground.name for world in worlds})
        deadline = time.monotonic() + SECONDS

        def enough(_: Score) -> bool:
            """A busy machine takes longer."""
            did = sum(world.fuzzer.did for world in worlds)
            return time.monotonic() > deadline and did >= AT_LEAST * min(1, SECONDS / 1800)

        async with asyncio.TaskGroup() as group:
            telling = group.create_task(tell(worlds))
            async with asyncio.TaskGroup() as runs:
                for world in worlds:
                    runs.create_task(world.run(enough))
            telling.cancel()
    for world in worlds:
        told(world.ground.name, world.score)
    told_all("in all", worlds)
    assert sum(world.score.spoilt for world in worlds) <= len(worlds) // 3


async def short(ground: Ground) -> None:
    with World(ground, SEED or 1, cast, pace=60, rounds=(20, 60), deaths=10) as world:
        await world.run(lambda score: score.mutations >= SHORT)
    told(ground.name, world.score)


async def tell(worlds: list[World]) -> None:
    """A line every few seconds, for who waits."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS)
        told_all(f"{time.monotonic() - began:,.0f} s", worlds)


def told_all(title: str, worlds: list[World]) -> None:
    for world in worlds:
        world.count()
    show(
        title,
        rounds=[world.score.rounds for world in worlds],
        mutations=sum(world.score.mutations for world in worlds),
        kills=sum(world.score.kills for world in worlds),
        spoilt=sum(world.score.spoilt for world in worlds),
        differences=0,
        **sum((world.score.clients for world in worlds), start=Counter[str]()),
    )


def told(name: str, score: Score) -> None:
    show(
        name,
        rounds=score.rounds,
        mutations=score.mutations,
        kills=score.kills,
        spoilt=score.spoilt,
        **score.clients,
    )
