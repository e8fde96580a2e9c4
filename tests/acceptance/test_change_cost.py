"""One change costs the same in a folder of a million messages as in one of a thousand, in each mode."""

from __future__ import annotations

import asyncio
import imaplib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.sync.ids import folder_id
from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.filling import fill, letter

from .caller import Caller
from .conftest import StartDovecot, StartGateway
from .figures import show

SMALL, LARGE = 1_000, int(os.environ.get("ACCEPTANCE_MESSAGES", "100000"))
RATIO = 2.0
BATCHES, REPEATS = 50, 2
TOKEN = 700
MODES = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE")}
KINDS = ("nothing", "a new message", "a flag", "a recent deletion", "a deletion in the middle")


@dataclass
class Cost:
    """IMAP octets, and seconds of the gateway's CPU, of one answer."""

    octets: float
    cpu: float


@pytest.mark.parametrize("mode", MODES)
async def test_one_change_costs_the_same_in_a_large_folder(
    start_dovecot: StartDovecot, start_gateway: StartGateway, mode: str
) -> None:
    server = start_dovecot(mdbox=True)
    user, _ = server.guest()
    other = await asyncio.to_thread(server.client, user)
    began = time.monotonic()
    for name, count in (("Small", SMALL), ("Large", LARGE)):
        await asyncio.to_thread(fill, other, name, count)
    filled = time.monotonic() - began
    gateway = await asyncio.to_thread(start_gateway, server, ignore=MODES[mode])
    async with Caller(gateway.port, gateway.headers(user)) as caller:
        costs = {name: await folder_costs(gateway, caller, other, name, mode) for name in ("Small", "Large")}
        costs |= {f"account, {name}": await account_cost(gateway, caller, other, name) for name in ("Small", "Large")}
    other.logout()
    show(mode, large=LARGE, filled_in_seconds=filled)
    over = []
    for where, names in (("folder", ("Small", "Large")), ("account", ("account, Small", "account, Large"))):
        small, large = (costs[name] for name in names)
        for kind in small:
            octets, cpu = large[kind].octets / small[kind].octets, large[kind].cpu / small[kind].cpu
            show(
                f"{where}: {kind}", small=small[kind].octets, large=large[kind].octets, ratio=octets,
                small_ms=small[kind].cpu * 1000, large_ms=large[kind].cpu * 1000, cpu_ratio=cpu,
            )  # fmt: skip
            over += [(where, kind, octets, cpu)] if octets >= RATIO or cpu >= RATIO else []
    assert not over


async def folder_costs(
    gateway: GatewayProcess, caller: Caller, other: imaplib.IMAP4, name: str, mode: str
) -> dict[str, Cost]:
    path = f"/folders/{folder_id(name.encode())}"
    page = (await caller.ask("GET", f"{path}/messages?limit=1")).json()
    state = await newest(caller, f"{path}/changes", page["state"])
    costs = {}
    for kind in KINDS:
        expected = await asyncio.to_thread(happen, other, name, kind)
        costs[kind], told = await measured(gateway, caller, f"{path}/changes?since={state}")
        assert len(told["newState"]) <= TOKEN
        assert told["mode"] == mode
        assert {key: bool(told[key]) for key in expected} == expected
        assert told["coverage"]["destroyed"] == "all"
        state = await newest(caller, f"{path}/changes", state)
    return costs


async def account_cost(gateway: GatewayProcess, caller: Caller, other: imaplib.IMAP4, name: str) -> dict[str, Cost]:
    """Of a new message in one of the two folders, told of the whole account."""
    state = await newest(caller, "/changes", (await caller.ask("GET", "/changes")).json()["newState"])
    await asyncio.to_thread(happen, other, name, "a new message")
    cost, told = await measured(gateway, caller, f"/changes?since={state}")
    assert [each["folderId"] for each in told["changes"]] == [folder_id(name.encode())]
    return {"a new message": cost}


def happen(client: imaplib.IMAP4, name: str, kind: str) -> dict[str, bool]:
    """Make it happen; what the answer has to tell."""
    if kind == "a new message":
        client.append(name, "", "", letter(1))
        return {"created": True, "destroyed": False}
    count = int(client.select(name)[1][0] or 0)
    if kind == "a flag":
        client.store(str(count - 3), "+FLAGS", "\\Flagged")
    elif kind != "nothing":
        client.store(str(count - 20 if "recent" in kind else count // 2), "+FLAGS.SILENT", "\\Deleted")
        client.expunge()
    client.unselect()
    gone = "deletion" in kind
    return {"created": False, "destroyed": gone} | ({"updated": kind == "a flag"} if not gone else {})


async def newest(caller: Caller, path: str, state: str) -> str:
    """The state from which nothing is left to tell."""
    while True:
        answer = await caller.ask("GET", f"{path}?since={state}")
        assert answer.status == 200, answer.content
        told = answer.json()
        if told["newState"] == state:
            return state
        state = told["newState"]


async def measured(gateway: GatewayProcess, caller: Caller, path: str) -> tuple[Cost, dict[str, Any]]:
    """Answered again and again, since a gateway keeps nothing between two answers.

    The CPU is that of the best batch: what else runs on the machine only ever adds to it. What the gateway spends at
    rest is no cost of an answer, and a mail server that thinks for longer would add it.
    """
    first, spent = await caller.ask("GET", path), list[float]()
    at_rest = await asyncio.to_thread(rest, gateway.pid)
    octets = gateway.metric("imapgw_imap_bytes_total")
    for _ in range(BATCHES):
        cpu, began = cpu_seconds(gateway.pid), time.monotonic()
        answers = [await caller.ask("GET", path) for _ in range(REPEATS)]
        took = time.monotonic() - began
        spent.append((cpu_seconds(gateway.pid) - cpu - at_rest * took) / REPEATS)
        assert all(answer.content == first.content for answer in answers)
    moved = gateway.metric("imapgw_imap_bytes_total") - octets
    return Cost(moved / BATCHES / REPEATS, min(spent)), first.json()


def rest(pid: int) -> float:
    """Seconds of CPU that a process spends in a second in which nothing is asked of it."""
    before = cpu_seconds(pid)
    time.sleep(1)
    return cpu_seconds(pid) - before


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process, to the nanosecond as Linux counts it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
