"""Nobody ever gets another's linked mailbox: fifty users, the same subjects at two issuers, who link and unlink all the
time, change passwords and link again, and have accounts revoked while an answer is on its way.

``make soak`` makes ten thousand requests; the test command a small part of them, by the same seed.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.blackbox import linking
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions
from tests.servers.postgresql import Postgresql
from tests.servers.tokens import TokenIssuer

from .figures import show
from .linked_fleet import Box, Fleet, Owner
from .owners import letter

SUBJECTS = 25  # at each of two issuers
LARGE = 1  # of them has a message of 8 MB, more than sockets hold, so that an answer can be caught in its midst
LINES = {False: 20, True: 120_000}
REQUESTS = int(os.environ.get("ACCEPTANCE_REQUESTS", "600"))
WORKERS = 16
SEED = 20261127


@pytest.fixture
def mail(needs_dovecot: None) -> Iterator[Dovecot]:
    with Dovecot(DovecotOptions(guests=4 * SUBJECTS)) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'accounts.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.database()


async def test_linked_accounts_of_the_same_subjects_at_two_issuers(
    mail: Dovecot, tokens: TokenIssuer, database: str, tmp_path: Path
) -> None:
    second = TokenIssuer(tmp_path / "second", issuer="https://other.example.test")
    gateway = linking.start(mail, tokens, database)
    gateway.environ = {**gateway.environ, "GATEWAY__ISSUERS": linking.toml([issuer(tokens), issuer(second)])}
    with gateway:
        owners = await asyncio.to_thread(settle, mail, (tokens, second))
        way = httpx.AsyncHTTPTransport(
            socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)],  # or a whole answer would be under way
            limits=httpx.Limits(max_connections=WORKERS + 1),
        )
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60, transport=way) as http:
            fleet = Fleet(owners, http, random.Random(SEED), mail)
            began = time.monotonic()
            await fleet.run(REQUESTS, workers=WORKERS)
            seconds = time.monotonic() - began
        show(
            f"{len(owners)} owners of linked accounts",
            requests=REQUESTS,
            seconds=seconds,
            kinds=dict(sorted(fleet.kinds.items())),
        )
        assert fleet.wrong == []
        done = {kind.rpartition(" ")[0] for kind in fleet.kinds}
        for kind in ("read 200", "link 201", "link 200", "wrong password 422", "unlink 204", "steal 404"):
            assert fleet.kinds[kind] > 0, fleet.kinds
        assert {"old password", "new password", "raw unlinked midway", "raw linked anew midway", "raw left"} <= done


def issuer(made: TokenIssuer) -> dict[str, str]:
    return {
        "issuer": made.issuer,
        "audience": made.audience,
        "profile": "keycloak",
        "jwks_file": str(made.jwks_file),
    }


def settle(mail: Dovecot, issuers: tuple[TokenIssuer, ...]) -> list[Owner]:
    owners = []
    for number in range(SUBJECTS):
        for made in issuers:
            email = f"user{number}@elsewhere.example"
            token = made.token("user", profile="keycloak", ttl=3000, sub=f"subject-{number}", email=email)
            boxes = [Box(*mail.guest(), large=number < LARGE) for _ in range(2)]
            owners.append(Owner({"Authorization": f"Bearer {token}"}, boxes))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda box: fill(mail, box), [box for owner in owners for box in owner.boxes]))
    return owners


def fill(mail: Dovecot, box: Box) -> None:
    with mail.client(box.name) as imap:
        imap.create(box.name)
        imap.append("INBOX", "", "", letter(box.mark, 0, lines=LINES[box.large]))
