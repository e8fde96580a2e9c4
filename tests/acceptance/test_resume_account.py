"""Streams of a whole account that break again and again under constant change of messages and folders alike."""

from __future__ import annotations

import asyncio
import imaplib
import os
import time
from collections.abc import Callable
from random import Random

import httpx
import pytest

from tests.blackbox.account_stream import Listener
from tests.blackbox.events import watching
from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.cyrus import Cyrus
from tests.servers.tokens import TokenIssuer

from .account_mutator import AccountMutator
from .conftest import StartDovecot, StartGateway
from .figures import show
from .test_resume import WAYS

CLIENTS = 2
DROPS = int(os.environ.get("SOAK_DROPS", "6"))
SECONDS = 60 + 10 * DROPS
LIVE = {"live": {"poll_seconds": 0.2, "sweep_seconds": 0.5, "coalesce_seconds": 0.01}}


@pytest.mark.parametrize("name", WAYS)
async def test_dropped_streams_of_a_whole_account_end_in_step(
    name: str, start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server = start_dovecot()
    user, _ = server.guest()
    gateway = start_gateway(server, settings=LIVE, ignore=WAYS[name].ignore)
    await broken_streams(name, gateway, user, lambda: server.client(user))


async def test_the_same_on_cyrus(cyrus: Cyrus, tokens: TokenIssuer) -> None:
    auth = {"method": "master_user", "user": "cyrus", "password_env": "TEST_MASTER"}
    upstream = Upstream("localhost", cyrus.tls_port, cyrus.ca_file, auth, username="{local}")
    user, _ = cyrus.guest()
    with GatewayProcess(upstream, tokens, settings=LIVE, environ={"TEST_MASTER": "cyruspw"}) as gateway:
        await broken_streams("cyrus", gateway, user, lambda: cyrus.client(user))


async def broken_streams(name: str, gateway: GatewayProcess, user: str, sign_in: Callable[[], imaplib.IMAP4]) -> None:
    mutator = AccountMutator(sign_in, seed=11)
    await asyncio.to_thread(mutator.prepare, 5)
    async with gateway.client(user) as http:
        listeners = [Listener(http) for _ in range(CLIENTS)]
        for listener in listeners:
            await listener.start()
        began = time.monotonic()
        mutator.start()
        try:
            async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
                for number, listener in enumerate(listeners):
                    group.create_task(drop_often(http, listener, Random(number)))
        finally:
            await asyncio.to_thread(mutator.stop)
        for listener in listeners:
            await listener.follow(SECONDS)
            assert await listener.in_step()
            assert not {event.kind for event in listener.events} - {"hello", "folders", "changes"}
            continuous(listener)
    show(
        f"account by {name}", changes=mutator.did.total(), drops=CLIENTS * DROPS,
        events=sum(len(listener.events) for listener in listeners), seconds=time.monotonic() - began,
    )  # fmt: skip
    assert all(mutator.did[change] for change in ("append", "expunge", "flag", "create", "rename"))


async def drop_often(http: httpx.AsyncClient, listener: Listener, random: Random) -> None:
    """Hear a few events, hang up, miss some, and go on from the last one."""
    for _ in range(DROPS):
        async with watching(http, folders="*", since=str(listener.state)) as events:
            for _ in range(random.randrange(1, 7)):
                await listener.listen(events, SECONDS)


def continuous(listener: Listener) -> None:
    """Each folder's changes go on where its last ones ended: nothing is left out, and nothing comes twice."""
    at: dict[str, str] = {}
    for event in listener.events:
        if event.kind == "folders":
            for id_ in (*event.data["destroyed"], *(renamed["id"] for renamed in event.data["renamed"])):
                at.pop(id_, None)
        if event.kind == "changes":
            folder = event.data["folderId"]
            assert event.data["oldState"] == at.get(folder, event.data["oldState"])
            at[folder] = event.data["newState"]
