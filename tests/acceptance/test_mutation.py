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
from .mutation.client import Client, Surroundings
from .mutation.folder_puller import FolderPuller
from .mutation.folder_stream import FolderStream
from .mutation.ground import on_cyrus, on_dovecot
from .mutation.world import Ground, Score, World

MODES = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE", "ENABLE")}
SHORT = 400


def cast(around: Surroundings, random: Random) -> list[Client]:
    watched = {"inbox": b"INBOX", "big": b"Big", "work": b"Work", "x": b"Work/x"}
    return [
        FolderPuller("puller", around, random.randrange(1 << 30)),
        *(AccountPuller(f"account {number}", around, random.randrange(1 << 30)) for number in range(2)),
        *(
            FolderStream(f"stream {name}", around, random.randrange(1 << 30), folder_id(wire))
            for name, wire in watched.items()
        ),
    ]


@pytest.mark.parametrize("mode", MODES)
async def test_a_short_run_on_dovecot(mode: str, start_dovecot: StartDovecot, tokens: TokenIssuer) -> None:
    await short(on_dovecot(start_dovecot(), tokens, mode, MODES[mode]))


async def test_a_short_run_on_cyrus(cyrus: Cyrus, tokens: TokenIssuer) -> None:
    await short(on_cyrus(cyrus, tokens, "qresync", ()))


async def short(ground: Ground) -> None:
    import os
    seed=int(os.environ.get("SEED","1")); n=int(os.environ.get("N",SHORT))
    with World(ground, seed, cast, pace=60, gateways=2, deaths=3) as world:
        await world.run(lambda score: score.mutations >= n)
    told(ground.name, world.score)


def told(name: str, score: Score) -> None:
    show(name, rounds=score.rounds, mutations=score.mutations, kills=score.kills, **score.clients)
