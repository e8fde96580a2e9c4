"""Ten connections are all that the server allows: two hundred requests at once and five streams make do with them."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx

from tests.blackbox.events import EventReader
from tests.blackbox.gateway_process import GatewayProcess
from tests.blackbox.mail import plain, stored, with_attachment

from .conftest import StartDovecot, StartGateway
from .figures import show

ROUNDS = max(1, int(os.environ.get("ACCEPTANCE_REQUESTS", "2000")) // 2000)
AT_ONCE, STREAMS, LETTERS = 200, 5, 12
SECONDS = 60  # of a round, on a busy machine
LOOK, WORK = "look", "work"
Job = tuple[str, str, str, dict[str, Any]]


async def test_two_hundred_requests_and_five_streams_on_ten_connections(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server = start_dovecot(max_connections=10)
    limits = {"connections_per_account": 4, "provider_connections_per_account": 10}
    settings = {"limits": limits, "rates": {"enabled": True}}
    gateway = start_gateway(server, settings=settings, ignore=("NOTIFY",))  # so that each stream takes a connection
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(asking(gateway, server.guest()[0]))
        letters = [await stored(client, plain(number)) for number in range(LETTERS)]
        letters.append(await stored(client, with_attachment(b"x" * 200_000)))
        folders = ["inbox", *[await made(client, f"F{number}") for number in range(STREAMS - 1)]]
        readers = [await watching(stack, client, folder) for folder in folders]
        waits: dict[str, list[float]] = {LOOK: [], WORK: []}
        for number in range(ROUNDS):
            async with asyncio.timeout(SECONDS):
                await crowd(client, jobs(letters, folders), waits)
                await stored(client, plain(100 + number, subject=f"round {number}"), folders[-1])
                created = (await readers[-1].until("changes", SECONDS)).data["created"]
                assert [message["subject"] for message in created] == [f"round {number}"]
        budget = (await client.get(f"{gateway.url}/v1/accounts/me")).json()["budget"]
    show("a budget of ten", requests=AT_ONCE * ROUNDS, **{name: f"{max(found):.2f} s" for name, found in waits.items()})
    assert budget["allowed"] == 10
    assert budget["inUse"] <= 10
    assert 1 < opens(gateway, "ok") <= 10  # one of them watches for all streams
    assert sum(opens(gateway, outcome) for outcome in ("refused", "unreachable", "tls", "timeout", "malformed")) == 0
    assert "Maximum number of connections" not in server.log_text()


def jobs(letters: Sequence[str], folders: Sequence[str]) -> list[Job]:
    """A tenth of them is bulk work, which comes first; nothing of it leaves."""
    chosen = {"ids": list(letters)}
    operations = [{"id": str(n), "method": "GET", "path": f"messages/{letters[n]}"} for n in range(5)]
    works: list[Job] = [
        (WORK, "GET", "/folders/inbox/export", {"params": {"format": "zip"}}),
        (WORK, "POST", "/folders/inbox/flags", {"json": {**chosen, "add": ["seen-to"]}}),
        (WORK, "POST", "/exports", {"json": {"filter": {"subject": "no such thing"}}}),
        (WORK, "POST", "/batch", {"json": {"operations": operations}}),
    ]
    looks: list[Job] = [
        (LOOK, "GET", "/folders", {}),
        (LOOK, "GET", "/folders/inbox/messages", {"params": {"limit": 5}}),
        (LOOK, "GET", f"/messages/{letters[0]}/body", {}),
        (LOOK, "GET", f"/folders/{folders[-1]}", {}),
    ]
    many = AT_ONCE // 10
    return [works[n % len(works)] for n in range(many)] + [looks[n % len(looks)] for n in range(AT_ONCE - many)]


async def crowd(client: httpx.AsyncClient, wanted: Sequence[Job], waits: dict[str, list[float]]) -> None:
    """All at once; each is served, none is refused."""
    statuses: Counter[int] = Counter()

    async def one(kind: str, method: str, path: str, more: dict[str, Any]) -> None:
        began = time.monotonic()
        answer = await client.request(method, path, **more)
        waits[kind].append(time.monotonic() - began)
        statuses[answer.status_code] += 1

    await asyncio.gather(*(one(*job) for job in wanted))
    assert statuses == {200: len(wanted)}


def asking(gateway: GatewayProcess, user: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{gateway.url}/v1/accounts/me",
        headers=gateway.headers(user, ttl=3000),
        timeout=SECONDS,
        trust_env=False,
        limits=httpx.Limits(max_connections=AT_ONCE + STREAMS),
    )


async def made(client: httpx.AsyncClient, name: str) -> str:
    return str((await client.post("/folders", json={"name": name})).json()["id"])


async def watching(stack: AsyncExitStack, client: httpx.AsyncClient, folder: str) -> EventReader:
    answer = await stack.enter_async_context(client.stream("GET", "/events", params={"folders": folder}))
    reader = EventReader(answer.aiter_lines())
    await reader.until("hello")
    return reader


def opens(gateway: GatewayProcess, outcome: str) -> float:
    text = gateway.metrics()
    name = f'imapgw_imap_opens_total{{outcome="{outcome}"'
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))
