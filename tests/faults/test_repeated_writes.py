"""An answer is lost on the way, and the client sends again what it does not know to be done."""

from __future__ import annotations

from typing import Any

from tests.blackbox.mail import ids, plain, stored
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import QUICK, endpoint, gateway_before


def losing(proxy: FaultProxy, told: bytes) -> None:
    """What the server says it has done does not arrive: the connection ends instead."""

    def rewrite(piece: bytes) -> bytes:
        if told in piece:
            proxy.reset_all()
            return b""
        return piece

    proxy.down.rewrite(rewrite)


async def test_a_store_in_doubt_is_repeated_under_its_key_and_stored_once(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        request: dict[str, Any] = {
            "content": plain(1),
            "headers": {"Content-Type": "message/rfc822", "Idempotency-Key": "outbox-1"},
        }
        losing(proxy, b"APPENDUID")
        lost = await client.post("/folders/inbox/messages", **request)
        proxy.down.clear()
        assert (lost.status_code, lost.json()["type"]) == (503, "/problems/write-in-doubt"), lost.text
        assert lost.json()["retryable"] is True
        again = await client.post("/folders/inbox/messages", **request)
        assert (again.status_code, again.json()["existed"]) == (200, True), again.text
        assert await ids(client) == [again.json()["id"]]


async def test_a_store_that_can_not_be_recognised_stays_in_doubt(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    nameless = plain(1).replace(b"Message-ID: <1.blackbox@example.org>\r\n", b"")
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        headers = {"Content-Type": "message/rfc822", "Idempotency-Key": "outbox-1"}
        losing(proxy, b"APPENDUID")
        lost = await client.post("/folders/inbox/messages", content=nameless, headers=headers)
        proxy.down.clear()
        again = await client.post("/folders/inbox/messages", content=nameless, headers=headers)
        for answer in (lost, again):
            assert (answer.status_code, answer.json()["retryable"]) == (503, False), answer.text
        assert again.headers["idempotency-replayed"] == "true"
        assert len(await ids(client)) == 1


async def test_a_move_of_many_in_doubt_is_repeated_and_tells_what_is_gone(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = [await stored(client, plain(number)) for number in range(3)]
        losing(proxy, b"COPYUID")
        lost = await client.post("/folders/inbox/move", json={"ids": made, "folder": "archive"})
        proxy.down.clear()
        assert (lost.status_code, lost.json()["type"]) == (503, "/problems/write-in-doubt"), lost.text
        again = await client.post("/folders/inbox/move", json={"ids": made, "folder": "archive"})
        assert [(one["status"], one["type"]) for one in again.json()["results"]] == [(404, "not-found")] * 3
        assert len(await ids(client, "archive")) == 3


async def test_a_batch_goes_on_after_a_connection_is_lost_in_it(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    """The read is made again, the write is in doubt and not repeated, and what comes after is done in order."""
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = [await stored(client, plain(number)) for number in range(2)]
        losing(proxy, b"COPYUID")
        operations = [
            {"id": "a", "method": "PUT", "path": f"messages/{made[0]}/flags/$seen"},
            {"id": "b", "method": "POST", "path": f"messages/{made[0]}/copy", "body": {"folder": "archive"}},
            {"id": "c", "method": "GET", "path": "messages/{b:/id}"},
            {"id": "d", "method": "PATCH", "path": f"messages/{made[0]}/flags", "body": {"set": ["$flagged"]}},
            {"id": "e", "method": "GET", "path": f"messages/{made[0]}/flags"},
        ]
        answer = await client.post("/batch", json={"operations": operations})
        proxy.down.clear()
        results = answer.json()["results"]
        assert [result["status"] for result in results] == [200, 503, 424, 200, 200], results
        assert results[1]["problem"]["type"] == "/problems/write-in-doubt"
        assert results[4]["body"]["flags"] == ["$flagged"]
        assert len(await ids(client, "archive")) == 1
