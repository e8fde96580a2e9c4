"""Event streams under what happens to their folders, and to those who read them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.blackbox.mail import plain, stored
from tests.blackbox.test_messages import rebuild
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .events import events
from .gateway_here import GatewayHere, endpoint, gateway_before

LIVE = {"heartbeat_seconds": 0.5, "probe_seconds": 0.5, "coalesce_seconds": 0.01}
MANY = 150


@pytest.mark.parametrize("how", ["delete", "rename"])
@pytest.mark.parametrize("ignore", [(), ("NOTIFY",), ("NOTIFY", "IDLE"), ("QRESYNC", "CONDSTORE")])
async def test_a_folder_deleted_or_renamed_under_idle_is_told_and_the_rest_goes_on(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str, how: str, ignore: tuple[str, ...]
) -> None:
    live = {**LIVE, "poll_seconds": 0.2}
    async with (
        gateway_before(endpoint(proxy.port), tokens, live=live, ignore=ignore) as gateway,
        gateway.client(user) as client,
    ):
        folder = (await client.post("/folders", json={"name": "Watched"})).json()["id"]
        await stored(client, plain(1), folder)
        async with events(client, folders=f"inbox,{folder}") as stream:
            other = await asyncio.to_thread(dovecot.client, user)
            await asyncio.to_thread(other.delete, "Watched") if how == "delete" else await asyncio.to_thread(
                other.rename, "Watched", "Elsewhere"
            )
            gone = await stream.until("resync", timeout=20)
            assert gone.data == {"folderId": folder, "since": None, "reason": "gone"}
            made = await stored(client, plain(2))
            assert (await stream.until("changes")).data["created"][0]["id"] == made
            await asyncio.to_thread(other.logout)


async def test_a_stream_whose_only_folder_is_deleted_ends_with_a_bye(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, live=LIVE) as gateway, gateway.client(user) as client:
        folder = (await client.post("/folders", json={"name": "Alone"})).json()["id"]
        async with events(client, folders=folder) as stream:
            assert (await client.delete(f"/folders/{folder}")).status_code in (200, 204)
            assert (await stream.until("resync", timeout=20)).data["reason"] == "gone"
            assert (await stream.until("bye")).data["reason"] == "folder-gone"
            with pytest.raises(StopAsyncIteration):
                await stream.next()


async def test_a_folder_rebuilt_under_a_stream_is_told_as_rebuilt(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str
) -> None:
    """The connection is cut meanwhile, so that the watcher finds another UIDVALIDITY when it is back."""
    async with gateway_before(endpoint(proxy.port), tokens, live=LIVE) as gateway, gateway.client(user) as client:
        folder = (await client.post("/folders", json={"name": "Rebuilt"})).json()["id"]
        await stored(client, plain(1), folder)
        async with events(client, folders=folder) as stream:
            proxy.down.hold()
            proxy.reset_all()
            other = await asyncio.to_thread(dovecot.client, user)
            await asyncio.to_thread(rebuild, other, "Rebuilt")
            proxy.down.release()
            resync = await stream.until("resync", timeout=20)
            assert resync.data == {"folderId": folder, "since": None, "reason": "rebuilt"}
            made = await stored(client, plain(2), folder)
            assert (await stream.until("changes")).data["created"][0]["id"] == made
            await asyncio.to_thread(other.logout)


async def test_a_slow_reader_of_a_stream_gets_all_of_it_coalesced(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str
) -> None:
    """It stops reading while much happens; nothing is queued for it beyond one event, and nothing is lost to it."""
    async with gateway_before(endpoint(proxy.port), tokens, live=LIVE) as gateway, gateway.client(user) as client:
        await client.get("/folders/inbox")
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=1024)
        writer.write(request(gateway, user))
        await reader.readuntil(b"event: hello")
        other = await asyncio.to_thread(dovecot.client, user)
        subjects = [f"while asleep {number} " + "x" * 400 for number in range(MANY)]
        async with events(client) as awake:
            seen: set[str] = set()
            for subject in subjects:
                await asyncio.to_thread(other.append, "INBOX", "", "", plain(1, subject=subject))
            while len(seen) < len(subjects):
                changes = await awake.until("changes")
                seen |= {message["subject"] for message in changes.data["created"]}
        await asyncio.to_thread(other.logout)
        text = b""
        slow: set[str] = set()
        async with asyncio.timeout(20):
            while len(slow) < len(subjects):
                text += await reader.read(65536)
                slow = {message["subject"] for change in told(text) for message in change.get("created", ())}
        assert slow == seen == set(subjects)
        writer.close()


def request(gateway: GatewayHere, user: str) -> bytes:
    bearer = gateway.authorization(user)["Authorization"]
    return f"GET /v1/accounts/me/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\r\n".encode()


def told(text: bytes) -> Iterator[dict[str, list[dict[str, str]]]]:
    """The changes in the octets of a chunked stream; the last one may be unfinished."""
    body = b"".join(chunks(text))
    for block in body.split(b"\n\n")[:-1]:
        lines = block.split(b"\n")
        if b"event: changes" in lines:
            yield json.loads(b"".join(line[6:] for line in lines if line.startswith(b"data: ")))


def chunks(text: bytes) -> Iterator[bytes]:
    """From somewhere in the first chunk on; an unfinished last one is left out."""
    _, _, rest = text.partition(b"\r\n")
    while rest:
        head, mark, rest = rest.partition(b"\r\n")
        size = int(head, 16) if mark and head else 0
        if not size or len(rest) < size + 2:
            return
        yield rest[:size]
        rest = rest[size + 2 :]
