"""One change costs the same in a folder of a million messages as in one of a thousand, in each mode."""

from __future__ import annotations

import asyncio
import imaplib
import math
import os
import time
from collections.abc import Sequence
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

SMALL, LARGE = 1_000, int(os.environ.get("ACCEPTANCE_MESSAGES", "30000"))
pytestmark = pytest.mark.alone
RATIO = 2.0
REPEATS, UNBETTERED, MOST = 2, 8, 50
"""Answers of a batch; batches after which the best so far counts, where none was better; batches at most."""
TOKEN = 700
MODES = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE")}
NAMES = ("Small", "Large")
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
        meter = Meter(gateway, caller, await asyncio.to_thread(rest, gateway.pid))
        folder = await folder_costs(meter, other, mode)
        account = await account_costs(meter, other)
    other.logout()
    show(mode, large=LARGE, filled_in_seconds=filled)
    over = []
    for where, costs in (("folder", folder), ("account", account)):
        for kind, (small, large) in costs.items():
            octets, cpu = large.octets / small.octets, large.cpu / small.cpu
            show(
                f"{where}: {kind}", small=small.octets, large=large.octets, ratio=octets,
                small_ms=small.cpu * 1000, large_ms=large.cpu * 1000, cpu_ratio=cpu,
            )  # fmt: skip
            over += [(where, kind, octets, cpu)] if octets >= RATIO or cpu >= RATIO else []
    assert not over


async def folder_costs(meter: Meter, other: imaplib.IMAP4, mode: str) -> dict[str, list[Cost]]:
    paths = {name: f"/folders/{folder_id(name.encode())}" for name in NAMES}
    states = {}
    for name, path in paths.items():
        page = (await meter.caller.ask("GET", f"{path}/messages?limit=1")).json()
        states[name] = await newest(meter.caller, f"{path}/changes", page["state"])
    costs = {}
    for kind in KINDS:
        for name in NAMES:
            expected = await asyncio.to_thread(happen, other, name, kind)
        costs[kind], answers = await meter.costs([f"{paths[name]}/changes?since={states[name]}" for name in NAMES])
        for told in answers:
            assert len(told["newState"]) <= TOKEN
            assert told["mode"] == mode
            assert {key: bool(told[key]) for key in expected} == expected
            assert told["coverage"]["destroyed"] == "all"
        for name in NAMES:
            states[name] = await newest(meter.caller, f"{paths[name]}/changes", states[name])
    return costs


async def account_costs(meter: Meter, other: imaplib.IMAP4) -> dict[str, list[Cost]]:
    """Of a new message in one of the two folders, told of the whole account."""
    found = list[Cost]()
    start = (await meter.caller.ask("GET", "/changes")).json()["newState"]
    for name in NAMES:
        state = await newest(meter.caller, "/changes", start)
        await asyncio.to_thread(happen, other, name, "a new message")
        cost, (told,) = await meter.costs([f"/changes?since={state}"])
        assert [each["folderId"] for each in told["changes"]] == [folder_id(name.encode())]
        found += cost
    return {"a new message": found}


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


@dataclass(frozen=True)
class Meter:
    """Answers are asked for again and again, since a gateway keeps nothing between two of them.

    Those that are compared take turns, and the CPU is that of the best batch: what else runs on the machine only
    adds to it. What the gateway spends at rest is no cost of an answer, and a mail server that thinks for longer
    would add it.
    """

    gateway: GatewayProcess
    caller: Caller
    at_rest: float

    async def costs(self, paths: Sequence[str]) -> tuple[list[Cost], list[dict[str, Any]]]:
        first = [await self.caller.ask("GET", path) for path in paths]
        octets = [await self._octets(path) for path in paths]
        best = [math.inf for _ in paths]
        batches = last_better = 0
        while batches < min(MOST, last_better + UNBETTERED):
            batches += 1
            for number, path in enumerate(paths):
                spent = await self._cpu(path, first[number].content)
                if spent < best[number] * 0.98:
                    last_better = batches
                best[number] = min(best[number], spent)
        costs = [Cost(moved, cpu) for moved, cpu in zip(octets, best, strict=True)]
        return costs, [answer.json() for answer in first]

    async def _octets(self, path: str) -> float:
        before = self.gateway.metric("imapgw_imap_bytes_total")
        for _ in range(10):
            await self.caller.ask("GET", path)
        return (self.gateway.metric("imapgw_imap_bytes_total") - before) / 10

    async def _cpu(self, path: str, expected: bytes) -> float:
        before, began = cpu_seconds(self.gateway.pid), time.monotonic()
        answers = [await self.caller.ask("GET", path) for _ in range(REPEATS)]
        took, spent = time.monotonic() - began, cpu_seconds(self.gateway.pid) - before
        assert all(answer.content == expected for answer in answers)
        return (spent - self.at_rest * took) / REPEATS


def rest(pid: int) -> float:
    """Seconds of CPU that an idle process spends in a second, at the quietest time of five."""
    quietest = math.inf
    for _ in range(5):
        before, began = cpu_seconds(pid), time.monotonic()
        time.sleep(0.2)
        quietest = min(quietest, (cpu_seconds(pid) - before) / (time.monotonic() - began))
    return quietest


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process, to the nanosecond as Linux counts it."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
