"""A desk in front of a scripted server, and what most scripts are made of."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.accounts.account import Account
from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines
from gateway.imap.session import Session
from gateway.mail.desk import Desk
from gateway.mail.summaries import Summaries
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import Limits, PassThrough, Provider
from tests.imap.scripted import Expect, Scripted, Send, Step

ALICE = Password("alice", Secret("alicepw"))


@asynccontextmanager
async def a_desk(octets: int = 0) -> AsyncIterator[Desk]:
    """``octets`` of summaries are remembered."""

    async def opener(target: Target) -> Session:
        return await Session.open(target.endpoint, target.credential, deadlines=Deadlines())

    pool = Pool(Limits(), opener=opener)
    yield Desk(pool, Limits(), time.time, Summaries(octets))
    await pool.close(0.1)


def account(server: Scripted) -> Account:
    settings = ImapSettings(host="127.0.0.1", port=server.endpoint.port, tls="none")
    provider = Provider(name="odd", domains=("example.org",), imap=settings, auth=PassThrough())
    return Account("account", "alice@example.org", provider, server.endpoint, ALICE)


def asked(pattern: str, answer: bytes) -> list[Step]:
    return [Expect(pattern), Send(answer + b"{tag} OK done\r\n")]
