"""A mail server, or somebody on the way to it, that says what no mail server should."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.blackbox.mail import plain, stored
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.ports import free_port
from tests.servers.tokens import TokenIssuer

from .events import events
from .gateway_here import QUICK, endpoint, gateway_before
from .lag import Lag, bar

MIB = 1 << 20


HUGE = re.compile(rb"\{[0-9]+\}\r\n")
FETCHED = re.compile(rb"\* [0-9]+ FETCH \(")


def once(pattern: re.Pattern[bytes], replacement: bytes) -> Callable[[bytes], bytes]:
    done: list[bool] = []

    def rewrite(piece: bytes) -> bytes:
        if done or not pattern.search(piece):
            return piece
        done.append(True)
        return pattern.sub(replacement, piece, count=1)

    return rewrite


async def test_a_literal_of_four_gigabytes_in_a_list_is_refused(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        await stored(client, plain(1))
        proxy.down.rewrite(once(FETCHED, b"* 1 FETCH (UID 1 ENVELOPE (NIL {4000000000}\r\n"))
        answer = await client.get("/folders/inbox/messages")
        assert (answer.status_code, answer.json()["type"]) == (502, "/problems/upstream-malformed"), answer.text
        assert (await client.get("/folders/inbox/messages")).status_code == 200


async def test_a_literal_of_four_gigabytes_in_a_download_streams_in_flat_memory(
    hostile: GatewayProcess, dovecot: Dovecot, user: str
) -> None:
    """The server claims 4 GB and then sends without end: what arrives is passed on, and nothing is kept."""
    async with in_front_of(dovecot, hostile) as proxy, hostile.client(user) as client:
        made = await stored(client, plain(1, body="x" * 70_000 + "\n"))
        await client.get(f"/messages/{made}")
        proxy.down.rewrite(endless(proxy))
        before = hostile.memory()
        got = 0
        async with client.stream("GET", f"/messages/{made}/raw") as answer:
            assert answer.headers["content-length"] == "4000000000"
            async for piece in answer.aiter_raw():
                got += len(piece)
                if got > 200 * MIB:
                    break
        assert hostile.memory() - before < 30 * MIB
        proxy.down.clear()
        assert (await client.get(f"/messages/{made}")).status_code == 200


def endless(proxy: FaultProxy) -> Callable[[bytes], bytes]:
    started: list[bool] = []

    def rewrite(piece: bytes) -> bytes:
        if started:
            return piece
        changed = HUGE.sub(b"{4000000000}\r\n", piece, count=1)
        if changed != piece:
            started.append(True)
            return changed + b"x" * (256 * MIB)
        return piece

    return rewrite


@pytest.fixture(scope="module")
def hostile(tokens: TokenIssuer, needs_dovecot: None) -> Iterator[GatewayProcess]:
    """In a process of its own, so that its memory and its loop can be looked at."""
    upstream = Upstream("127.0.0.1", free_port(), None, {"method": "pass_through"}, tls="none")
    live = {"probe_seconds": 5, "coalesce_seconds": 0.05}
    with GatewayProcess(upstream, tokens, settings={"limits": {"command_seconds": 5}, "live": live}) as gateway:
        yield gateway


def in_front_of(dovecot: Dovecot, gateway: GatewayProcess) -> FaultProxy:
    proxy = FaultProxy(dovecot.host, dovecot.port)
    proxy.port = gateway.upstream.port
    return proxy


@pytest.mark.parametrize(
    ("pattern", "nonsense"),
    [
        (rb"\* [0-9]+ FETCH \(", b"* 1 FETCH UID 1 (((\r\n* 1 FETCH ("),
        (rb"\* [0-9]+ FETCH \(", b"\x00\xff\xfe garbage\r\n* 1 FETCH ("),
        (rb"\* [0-9]+ FETCH \(", b"{99999999999999999999}\r\n* 1 FETCH ("),
        (rb"\* [0-9]+ EXISTS", b"* 99999999999999999999 EXISTS"),
        (rb"(?m)^[A-Z0-9]+ OK", b"NOBODY99 OK"),
        (rb"\* SEARCH|\* ESEARCH", b"* ESEARCH (TAG (("),
    ],
)  # fmt: skip
async def test_a_malformed_response_is_502_and_disturbs_nothing_else(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str, pattern: bytes, nonsense: bytes
) -> None:
    """Whatever comes of this very request, its connection is not used again, and a neighbour never notices."""
    neighbour = dovecot.guest()[0]
    async with (
        gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway,
        gateway.client(user) as client,
        gateway.client(neighbour) as other,
    ):
        made = await stored(client, plain(1))
        theirs = await stored(other, plain(2))
        proxy.down.rewrite(once(re.compile(pattern), nonsense))
        answer = await client.get("/folders/inbox/messages", params={"subject": "message"})
        assert answer.status_code in (200, 502), answer.text
        if answer.status_code == 502:
            assert answer.json()["type"] in ("/problems/upstream-malformed", "/problems/upstream-lost")
        proxy.down.clear()
        assert [m["id"] for m in (await client.get("/folders/inbox/messages")).json()["messages"]] == [made]
        assert (await other.get(f"/messages/{theirs}")).json()["subject"] == "message 2"


async def test_nonsense_instead_of_the_answer_to_a_write_leaves_it_in_doubt(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        await client.get("/folders")

        def nonsense(piece: bytes) -> bytes:
            if b"CREATE" in piece:
                proxy.inject(b"\x00nonsense\r\n")
            return piece

        proxy.up.rewrite(nonsense)
        answer = await client.post("/folders", json={"name": "In doubt"})
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/write-in-doubt"), answer.text


@pytest.mark.alone
async def test_a_hundred_thousand_exists_in_a_burst_are_one_event_at_most_and_no_lag(
    hostile: GatewayProcess, dovecot: Dovecot, user: str
) -> None:
    burst = b"".join(b"* %d EXISTS\r\n" % number for number in range(1, 100_001))
    async with in_front_of(dovecot, hostile) as proxy, hostile.client(user) as client:
        async with events(client) as stream:
            before = hostile.memory()
            with Lag(hostile.management_url) as lag:
                for _ in range(3):  # the quietest of three: what others do on this machine is not ours
                    lag.begin()
                    proxy.inject(burst)
                    made = await stored(client, plain(1))
                    created = (await stream.until("changes")).data["created"]
                    assert [message["id"] for message in created] == [made]
            assert lag.best < bar()
            assert hostile.memory() - before < 20 * MIB
        assert (await client.get("/folders/inbox")).json()["totalMessages"] == 3


@pytest.fixture(scope="module", params=[(), ("NOTIFY",)], ids=["notify", "idle"])
def listening(request: pytest.FixtureRequest, tokens: TokenIssuer, needs_dovecot: None) -> Iterator[GatewayProcess]:
    """As ``hostile``, in either way of hearing news."""
    upstream = Upstream("127.0.0.1", free_port(), None, {"method": "pass_through"}, tls="none", ignore=request.param)
    live = {"probe_seconds": 5, "coalesce_seconds": 0.05, "sweep_seconds": 1}
    with GatewayProcess(upstream, tokens, settings={"limits": {"command_seconds": 5}, "live": live}) as gateway:
        yield gateway


@pytest.mark.alone
@pytest.mark.parametrize("folders", ["inbox", "*"])
async def test_a_hundred_thousand_news_of_every_sort_in_a_burst_leave_everybody_right(
    listening: GatewayProcess, dovecot: Dovecot, user: str, folders: str
) -> None:
    """Messages that come, go and change, and folders that changed; none of it is true but what is at the end."""
    sorts = (
        b"* %d EXISTS\r\n",
        b"* 1 FETCH (UID %d FLAGS (\\Seen))\r\n",
        b"* STATUS INBOX (MESSAGES %d UIDNEXT 9)\r\n",
        b"* VANISHED %d\r\n",
        b"* 1 FETCH (FLAGS () MODSEQ (%d) UID 1)\r\n",
    )
    burst = b"".join(sorts[number % len(sorts)] % number for number in range(1, 100_001))
    async with in_front_of(dovecot, listening) as proxy, listening.client(user) as client:
        first = await stored(client, plain(0))
        async with events(client, folders=folders) as stream, events(client, folders=folders) as other:
            before = listening.memory()
            have: dict[str, list[str]] = {first: []}
            theirs: dict[str, list[str]] = {first: []}
            with Lag(listening.management_url) as lag:
                for round_ in range(3):  # the quietest of three: what others do on this machine is not ours
                    lag.begin()
                    proxy.inject(burst)
                    made = await stored(client, plain(round_ + 1))
                    await client.patch(f"/messages/{first}/flags", json={"add": [f"round{round_}"]})
                    for one, view in ((stream, have), (other, theirs)):
                        while made not in view or f"round{round_}" not in view[first]:
                            apply((await one.until("changes", 20)).data, view)
            assert lag.best < bar()
            assert listening.memory() - before < 20 * MIB
        page = (await client.get("/folders/inbox/messages")).json()["messages"]
        assert have == theirs == {message["id"]: message["flags"] for message in page}


def apply(changes: dict[str, list[dict[str, list[str]]]], view: dict[str, list[str]]) -> None:
    for message in (*changes["created"], *changes["updated"]):
        view[str(message["id"])] = message["flags"]
    for gone in changes["destroyed"]:
        view.pop(str(gone), None)


async def test_a_server_that_pushes_without_end_is_kept_at_bay(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    """Pushes and news of no meaning between the answers of a request change nothing about it."""
    noise = b"* OK Still here\r\n* 5 RECENT\r\n* FLAGS (\\Seen)\r\n* X-UNKNOWN (1 2 3)\r\n* CAPABILITY IMAP4rev1\r\n"

    def noisy(piece: bytes) -> bytes:
        return noise * 200 + piece if piece.startswith(b"* ") and piece.endswith(b"\r\n") else piece

    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        proxy.down.rewrite(noisy)
        answers: list[httpx.Response] = await asyncio.gather(*(client.get(f"/messages/{made}") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
