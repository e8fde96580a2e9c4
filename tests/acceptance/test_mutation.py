"""The mutation test: whatever is done to a mailbox while clients come and go, each has in the end what is there.

A failure prints the seed, what was changed last, and what that client was told. ``MUTATION_SECONDS`` and ``MUTATIONS``
make it the long run of ``make soak``: all servers and modes at once.
"""

from __future__ import annotations

from random import Random

import pytest

from gateway.sync.ids import folder_id
from tests.servers.cyrus import Cyrus
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

MODES = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE", "ENABLE")}
SHORT = 400


def cast(around: Surroundings, random: Random) -> list[Client]:
    """One client of each kind, and some that watch a folder each."""
    import os
    only = os.environ.get("ONLY", "")
    watched = {"inbox": b"INBOX", "big": b"Big", "work": b"Work", "x": b"Work/x"}

    def seed() -> int:
        return random.randrange(1 << 30)

    room = around.room
    everyone = [
        FolderPuller("puller", around, seed()),
        *(FolderStream(f"stream {name}", around, seed(), folder_id(wire)) for name, wire in watched.items()),
        *(AccountPuller(f"account {number}", around, seed()) for number in range(2)),
        *(AccountStream(f"all {number}", around, seed()) for number in range(2)),
        Reference("reference sync", around, seed(), room / "sync.db", streams=False),
        Reference("reference live", around, seed(), room / "live.db", streams=True),
    ]
    return [one for one in everyone if any(one.name.startswith(name) for name in only.split(","))]


@pytest.mark.parametrize("mode", MODES)
async def test_a_short_run_on_dovecot(mode: str, start_dovecot: StartDovecot, tokens: TokenIssuer) -> None:
    import os
    await short(on_dovecot(start_dovecot(), tokens, mode, MODES[mode] + (("NOTIFY",) if os.environ.get("NONOTIFY") else ())))


async def test_a_short_run_on_cyrus(cyrus: Cyrus, tokens: TokenIssuer) -> None:
    await short(on_cyrus(cyrus, tokens, "qresync", ()))


async def short(ground: Ground) -> None:
    import os
    seed=int(os.environ.get("SEED","1")); n=int(os.environ.get("N",SHORT))
    with World(ground, seed, cast, pace=60, gateways=2, deaths=10) as world:
        await world.run(lambda score: score.mutations >= n)
    told(ground.name, world.score)


def told(name: str, score: Score) -> None:
    show(name, rounds=score.rounds, mutations=score.mutations, kills=score.kills, **score.clients)
