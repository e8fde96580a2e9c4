"""A page costs the same in a folder of 200,000 messages, full of holes, as in one of a thousand."""

from __future__ import annotations

import asyncio
import imaplib
import time
from random import Random

import pytest

from gateway.sync.cursor import Cursor
from gateway.sync.ids import folder_id
from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.filling import letter

from .caller import Caller, Reply
from .conftest import StartDovecot, StartGateway
from .figures import show

SMALL, LARGE = 1_000, 200_000
pytestmark = pytest.mark.alone
LIMIT = 50
RATIO = 1.5


def fill_with_holes(client: imaplib.IMAP4, folder: str, count: int) -> int:
    """So many messages, and between them half as many UIDs of messages that are gone; the UID after the last.

    Flags are copied too: a third of the first messages is marked to go, and so goes a third of all.
    """
    client.create(folder)
    random, seed = Random(count), 750
    for number in range(seed):
        doomed = "(\\Deleted)" if random.random() < 1 / 3 else ""
        client.append(folder, doomed, "", letter(number))
    client.select(folder)
    have, wanted = seed, count * 3 // 2
    while have < wanted:
        more = min(have, wanted - have)
        assert client.copy(f"1:{more}", folder)[0] == "OK"
        client.noop()
        have += more
    client.response("EXPUNGE")
    assert client._simple_command("EXPUNGE")[0] == "OK"  # expunge() keeps every response
    client.untagged_responses.clear()
    client.unselect()
    return have + 1


async def test_a_page_costs_the_same_in_a_large_folder(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server = start_dovecot(mdbox=True)
    user, _ = server.guest()
    began = time.monotonic()
    client = server.client(user)
    tops = {name: fill_with_holes(client, name, count) for name, count in (("Small", SMALL), ("Large", LARGE))}
    client.logout()
    filled = time.monotonic() - began
    gateway = await asyncio.to_thread(start_gateway, server)
    async with Caller(gateway.port, gateway.headers(user)) as caller:
        for name in tops:  # what a connection costs once, and opening a folder first
            await page(caller, name, limit=1)
        costs = {name: await cost(gateway, caller, name, top) for name, top in tops.items()}
    counted = await asyncio.to_thread(totals, server.client(user), tops)
    show("folders", small=counted["Small"], large=counted["Large"], filled_in_seconds=filled)
    for what in costs["Small"]:
        small, large = costs["Small"][what], costs["Large"][what]
        show(what, small=small[0], large=large[0], ratio=large[0] / small[0], small_ms=small[1], large_ms=large[1])
    assert 0.9 < counted["Large"] / LARGE < 1.1
    for what, (octets, _) in costs["Small"].items():
        assert costs["Large"][what][0] <= RATIO * octets, what


def totals(client: imaplib.IMAP4, names: dict[str, int]) -> dict[str, int]:
    found = {name: int(client.select(name, readonly=True)[1][0] or 0) for name in names}
    client.logout()
    return found


async def cost(gateway: GatewayProcess, caller: Caller, name: str, top: int) -> dict[str, tuple[int, float]]:
    """IMAP octets and milliseconds of a first page, the next one, and pages deep in the folder."""
    one = (await page(caller, name, limit=1)).json()
    position = Cursor.parse(one["nextCursor"])
    cursors = {"first page": None, "first page again": None, "below the newest": position.encode()}
    for share in (1, 2, 3):
        cursors[f"page at {share}/4"] = Cursor(position.uidvalidity, top * share // 4, position.fingerprint).encode()
    return {what: await measured(gateway, caller, name, cursor) for what, cursor in cursors.items()}


async def measured(gateway: GatewayProcess, caller: Caller, name: str, cursor: str | None) -> tuple[int, float]:
    before, began = gateway.metric("imapgw_imap_bytes_total"), time.monotonic()
    answer = await page(caller, name, cursor)
    took = (time.monotonic() - began) * 1000
    assert len(answer.json()["messages"]) == LIMIT
    return int(gateway.metric("imapgw_imap_bytes_total") - before), took


async def page(caller: Caller, name: str, cursor: str | None = None, *, limit: int = LIMIT) -> Reply:
    query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
    answer = await caller.ask("GET", f"/folders/{folder_id(name.encode())}/messages?{query}")
    assert answer.status == 200, answer.content
    return answer
