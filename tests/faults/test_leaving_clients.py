"""HTTP clients that leave in the middle of a FETCH: the connection is drained or closed, and never lent dirty."""

from __future__ import annotations

import asyncio
import gc
from random import Random

import httpx

from tests.architecture.source import modules
from tests.blackbox.mail import stored
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import GatewayHere, endpoint, gateway_before

LEAVING = 1000
AT_ONCE = 25
SMALL = 12
SIZES = [300] * SMALL + [90_000] * 4 + [1_500_000] * 2


def letter(number: int, size: int) -> bytes:
    """Its body is its number over and over, so that no octet of another can hide in it."""
    line = b"%06d " % number * 10 + b"\r\n"
    return b"Subject: number %06d\r\n\r\n" % number + line * (size // len(line) + 1)


def question(path: str, bearer: str) -> bytes:
    lines = (f"GET /v1/accounts/me/messages/{path} HTTP/1.1", "Host: localhost", "Connection: close")
    return "\r\n".join((*lines, f"Authorization: {bearer}", "", "")).encode()


async def leave(gateway: GatewayHere, head: bytes, octets: int) -> None:
    """Ask, wait for so many octets of the answer, and go without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(head)
    try:
        if octets:
            await reader.readexactly(octets)
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.transport.abort()


async def test_a_thousand_clients_leave_in_the_middle_and_every_body_is_the_one_asked_for(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    random = Random(11)
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        letters = [letter(number, size) for number, size in enumerate(SIZES)]
        ids = [await stored(client, each) for each in letters]
        checked = left = 0

        async def check(number: int) -> None:
            nonlocal checked
            path = random.choice(("raw", "body", "parts/1", ""))
            answer = await client.get(f"/messages/{ids[number]}/{path}".rstrip("/"))
            assert answer.status_code == 200, answer.text
            check_body(path, answer, number, letters[number])
            checked += 1

        async def go(number: int) -> None:
            nonlocal left
            path = random.choice(("/raw", "/raw", "/parts/1", "/body", ""))
            head = question(f"{ids[number]}{path}", client.headers["Authorization"])
            await leave(gateway, head, random.choice((0, 0, 1, 900, 40_000)))
            left += 1

        for _ in range(LEAVING // AT_ONCE):
            await asyncio.gather(
                *(go(random.randrange(len(ids))) for _ in range(AT_ONCE)),
                *(check(random.randrange(SMALL)) for _ in range(3)),
            )
        for number in range(len(ids)):
            await check(number)
        assert (left, checked) == (LEAVING, 3 * LEAVING // AT_ONCE + len(ids))
        assert proxy.connections <= 4
    gc.collect()
    assert not [task for task in asyncio.all_tasks() if "Hose" in repr(task)]


def check_body(path: str, answer: httpx.Response, number: int, message: bytes) -> None:
    match path:
        case "raw":
            assert answer.content == message
        case "parts/1":
            assert answer.content == message.partition(b"\r\n\r\n")[2]
        case "body":
            assert set(answer.json()["text"]["value"].split()) == {f"{number:06}"}
        case _:
            assert answer.json()["subject"] == f"number {number:06}"


async def test_a_client_that_leaves_before_the_answer_begins_frees_its_connection(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    """With one connection for the account: who comes next is served at once, not after a deadline."""
    limits = {"connections_per_account": 1, "lease_wait_seconds": 3}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        made = await stored(client, letter(1, 1_500_000))
        head = question(f"{made}/raw", client.headers["Authorization"])
        for octets in (0, 1, 100_000):
            before = proxy.up.passed
            going = asyncio.create_task(leave(gateway, head, octets))
            await proxy.up.wait_passed(before + 1)
            await going
            assert (await client.get(f"/messages/{made}")).status_code == 200


def test_no_cancellation_can_be_swallowed() -> None:
    """Before Python 3.12 ``asyncio.wait_for()`` loses one that comes just as its wait ends: ``timeout()`` does not."""
    assert not [module.name for module in modules("gateway") if "asyncio.wait_for(" in module.text]
