"""Clients that were away for a day: the gateway's clock has gone on, its processes and the mail server's are others,
and what they had is a token. Time is not in it."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.conftest import DovecotFactory
from tests.servers.dovecot_config import DovecotOptions
from tests.servers.tokens import TokenIssuer

from .day_ahead import DAY
from .figures import show
from .mutation.account_puller import AccountPuller
from .mutation.account_stream import AccountStream
from .mutation.client import Client, Surroundings
from .mutation.fleet import Fleet
from .mutation.folder_puller import FolderPuller
from .mutation.fuzzer import Fuzzer
from .mutation.ground import SETTINGS
from .mutation.journal import Journal
from .mutation.reference import Reference
from .mutation.truth import read_truth

MODES = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE", "ENABLE")}
MUTATIONS = 120
AHEAD = (sys.executable, "-m", "tests.acceptance.day_ahead")
AUTH = {"method": "master_user", "user": "gateway", "password_env": "TEST_MASTER"}
ENVIRON = {"TEST_MASTER": "masterpw"}


@pytest.mark.parametrize("mode", MODES)
async def test_after_a_day_everything_is_told(
    mode: str, dovecot_factory: DovecotFactory, tokens: TokenIssuer, tmp_path: Path
) -> None:
    server = dovecot_factory(DovecotOptions(master=("gateway", "masterpw"), guests=1))
    user, _ = server.guest()
    upstream = Upstream("localhost", server.tls_port, server.ca_file, AUTH, ignore=MODES[mode])
    journal = Journal()

    def gateways(*command: str) -> Fleet:
        more = {"command": command} if command else {}
        return Fleet(
            lambda: GatewayProcess(upstream, tokens, settings=SETTINGS, environ=ENVIRON, **more),  # type: ignore[arg-type]
            1,
            journal,
            Random(1),
        )

    fuzzer = Fuzzer(lambda: server.client(user), journal, seed=24, kept=("INBOX", "Archive"), most=1_000)
    await asyncio.to_thread(fuzzer.prepare)
    with gateways() as today:
        headers = today.gateways[0].headers(user, ttl=3000)
        around = Surroundings(today, headers, journal, mode == "window", tmp_path)
        clients = cast(around)
        before = await asyncio.to_thread(read_truth, lambda: server.client(user))
        for client in clients:
            assert not await client.settle(before), client.name
            await client.close()
    await asyncio.to_thread(fuzzer.work, MUTATIONS)
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    with gateways(*AHEAD) as tomorrow:
        issued = time.time() + DAY
        late = Surroundings(
            tomorrow, tomorrow.gateways[0].headers(user, issued=issued, ttl=3000), journal, around.window, tmp_path
        )
        truth = await asyncio.to_thread(read_truth, lambda: server.client(user))
        for client in clients:
            client.around = late
            found = await client.settle(truth)
            assert not found, "\n".join([*found, journal.tail(client.name)])
            await client.close()
    show(f"a day later, {mode}", mutations=fuzzer.did, clients=len(clients))


def cast(around: Surroundings) -> list[Client]:
    return [
        FolderPuller("folders", around, 1),
        AccountPuller("account", around, 2),
        AccountStream("all", around, 3),
        Reference("reference", around, 4, around.room / "away.db", streams=False),
    ]
