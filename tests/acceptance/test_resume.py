"""Streams that break again and again under constant change: what a client applies is, in the end, the truth."""

from __future__ import annotations

import asyncio
import imaplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.cyrus import Cyrus
from tests.servers.tokens import TokenIssuer

from .caller import Caller
from .conftest import StartDovecot, StartGateway
from .event_stream import EventStream, View
from .figures import show
from .mutator import Mutator

CLIENTS, DROPS = 3, 12
SECONDS = 30
LIVE = {"live": {"poll_seconds": 0.1, "coalesce_seconds": 0.01}}


@dataclass(frozen=True)
class Way:
    """A way of telling changes: what the server's capabilities are taken for."""

    mode: str
    watch: str
    ignore: tuple[str, ...] = ()


WAYS = {
    "qresync": Way("qresync", "notify"),
    "condstore": Way("condstore", "notify", ("QRESYNC",)),
    "window": Way("window", "notify", ("QRESYNC", "CONDSTORE", "ENABLE")),
    "idle": Way("qresync", "idle", ("NOTIFY",)),
    "window by idle": Way("window", "idle", ("QRESYNC", "CONDSTORE", "ENABLE", "NOTIFY")),
    "without idle": Way("qresync", "poll", ("IDLE", "NOTIFY")),
    "window without idle": Way("window", "poll", ("QRESYNC", "CONDSTORE", "ENABLE", "IDLE", "NOTIFY")),
}


@pytest.mark.parametrize("name", WAYS)
async def test_dropped_streams_go_on_without_a_gap_or_a_repeat(
    name: str, start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server, way = start_dovecot(), WAYS[name]
    user, _ = server.guest()
    gateway = start_gateway(server, settings=LIVE, ignore=way.ignore)
    await broken_streams(name, gateway, user, lambda: server.client(user), way)


async def test_the_same_on_cyrus(cyrus: Cyrus, tokens: TokenIssuer) -> None:
    auth = {"method": "master_user", "user": "cyrus", "password_env": "TEST_MASTER"}
    upstream = Upstream("localhost", cyrus.tls_port, cyrus.ca_file, auth, username="{local}")
    user, _ = cyrus.guest()
    with GatewayProcess(upstream, tokens, settings=LIVE, environ={"TEST_MASTER": "cyruspw"}) as gateway:
        await broken_streams("cyrus", gateway, user, lambda: cyrus.client(user), Way("qresync", "idle"))


async def broken_streams(
    name: str, gateway: GatewayProcess, user: str, sign_in: Callable[[], imaplib.IMAP4], way: Way
) -> None:
    mutator = Mutator(sign_in, seed=7)
    await asyncio.to_thread(mutator.prepare, 50)
    headers = gateway.headers(user, ttl=3000)
    async with Caller(gateway.port, headers) as caller:
        views = [await View.read(caller) for _ in range(CLIENTS)]
    mutator.start()
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for number, view in enumerate(views):
                group.create_task(drop_often(gateway.port, headers, view, way, Random(number)))
    finally:
        await asyncio.to_thread(mutator.stop)
    truth = await asyncio.to_thread(mutator.truth)
    try:
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for view in views:
                group.create_task(catch_up(gateway.port, headers, view, truth))
    except TimeoutError:
        pass  # told below, by the difference
    show(
        name, changes=mutator.did.total(), drops=CLIENTS * DROPS, events=sum(view.events for view in views),
        repeats=sum(len(view.repeats) for view in views), seconds=time.monotonic() - began,
    )  # fmt: skip
    for view in views:
        assert view.messages == truth
        assert not view.repeats
    assert all(mutator.did[change] for change in ("append", "expunge", "flag"))


async def drop_often(port: int, headers: dict[str, str], view: View, way: Way, random: Random) -> None:
    """Read a few events, hang up, miss some, and go on from the last one."""
    for _ in range(DROPS):
        async with EventStream(port, headers, since=view.state) as stream:
            (watching,) = stream.hello.data["watching"]
            assert watching["mode"] == way.watch
            assert watching["state"] == stream.hello.id == view.state
            for _ in range(random.randrange(1, 4)):
                event = await stream.changes()
                assert event.data["mode"] == way.mode
                assert event.id == event.data["newState"]
                view.apply(event.data)


async def catch_up(port: int, headers: dict[str, str], view: View, truth: dict[int, frozenset[str]]) -> None:
    async with EventStream(port, headers, since=view.state) as stream:
        while view.messages != truth:
            view.apply((await stream.changes()).data)
