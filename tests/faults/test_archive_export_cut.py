"""The way to the mail server breaks in the middle of an archive run that exports."""

from __future__ import annotations

import re

import httpx

from tests.blackbox.mail import plain
from tests.blackbox.mbox import confirmation
from tests.blackbox.run_lines import Taken
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import QUICK, endpoint, gateway_before

RUN = {"folder": "inbox", "before": "2026-06-01"}


def breaking(proxy: FaultProxy, first: int, last: int) -> list[bytes]:
    """The fetches of whole messages, of which those from the ``first`` to the ``last`` meet a connection that dies."""
    seen: list[bytes] = []

    def rewrite(piece: bytes) -> bytes:
        if re.search(rb"UID FETCH .*BODY\.PEEK\[\]", piece):
            seen.append(piece)
            if first <= len(seen) <= last:
                proxy.reset_all()
                return b""
        return piece

    proxy.up.rewrite(rewrite)
    return seen


async def proven(client: httpx.AsyncClient) -> dict[str, object]:
    """Of all messages of the account, in the order of an export."""
    entries = (await client.post("/exports/manifest", json={})).json()["messages"]
    octets = [(await client.get(f"/messages/{entry['id']}/raw")).content for entry in entries]
    return confirmation(entries, octets)


def filled(dovecot: Dovecot, user: str) -> list[bytes]:
    letters = [plain(number) for number in range(150)]  # more than are fetched at a time
    with dovecot.client(user) as imap:
        for letter in letters:
            assert imap.append("INBOX", "", '"01-Jan-2026 12:00:00 +0000"', letter)[0] == "OK"
    return letters


async def test_one_lost_connection_is_not_noticed(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, dovecot: Dovecot
) -> None:
    letters = filled(dovecot, user)
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        seen, got = breaking(proxy, 2, 2), Taken()
        for line in (await client.post("/archive-runs/export", json=RUN)).text.splitlines():
            got.line(line)
        assert len(seen) == 4
        assert list(got.messages.values()) == letters
        assert got.last["done"] is True


async def test_what_the_server_breaks_off_is_said_and_gone_on_with(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, dovecot: Dovecot
) -> None:
    letters = filled(dovecot, user)
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        breaking(proxy, 2, 3)
        got = Taken()
        answer = await client.post("/archive-runs/export", json=RUN)
        for line in answer.text.splitlines():
            got.line(line)
        assert answer.status_code == 200
        assert (got.last["exported"], got.last["hasMore"], got.last["done"]) == (64, True, False)
        assert got.last["problem"]["type"] == "/problems/upstream-lost"
        assert "batch" not in got.last
        for line in (await client.post("/archive-runs/export", json=RUN | {"cursor": got.cursor})).text.splitlines():
            got.line(line)
        assert list(got.messages.values()) == letters
        done = await client.post("/folders/inbox/export/confirm", params={"thenDelete": "true"}, json=got.proof())
        assert done.json()["deleted"] == 150, done.text


async def test_what_fails_before_the_first_line_is_a_problem(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, dovecot: Dovecot
) -> None:
    filled(dovecot, user)
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        breaking(proxy, 1, 2)
        answer = await client.post("/archive-runs/export", json=RUN)
        assert (answer.status_code, answer.json()["type"]) == (502, "/problems/upstream-lost")


async def test_a_confirmation_that_breaks_off_between_two_folders_is_in_doubt(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, dovecot: Dovecot
) -> None:
    with dovecot.client(user) as imap:
        for folder in ("INBOX", "Archive"):
            imap.append(folder, "", None, plain(1))
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        proof = await proven(client)
        stores: list[bytes] = []

        def rewrite(piece: bytes) -> bytes:
            if b"UID STORE" in piece:
                stores.append(piece)
                if len(stores) > 1:
                    proxy.reset_all()
                    return b""
            return piece

        proxy.up.rewrite(rewrite)
        answer = await client.post("/exports/confirm", params={"thenDelete": "true"}, json=proof)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/write-in-doubt"), answer.text
        proxy.up.rewrite(lambda piece: piece)
        left = (await client.post("/exports/manifest", json={})).json()["messages"]
        named = proof["ids"]
        assert isinstance(named, list)
        assert [entry["id"] for entry in left] == named[1:]
