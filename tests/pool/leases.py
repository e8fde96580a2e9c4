"""Leases as the tests take them: one short one, or many that are held."""

from __future__ import annotations

from gateway.imap.name import MailboxName
from gateway.pool.target import Target

from .fakes import FakeSession, Holder, Rig, target

ALICE, BOB = target("alice"), target("bob")


async def use(rig: Rig, wanted: Target = ALICE, mailbox: bytes | None = None) -> FakeSession:
    """One short lease."""
    async with rig.pool.lease(wanted, None if mailbox is None else MailboxName(mailbox)) as session:
        if mailbox is not None:
            session.select(mailbox)
    await rig.calm()
    return session


async def holders(rig: Rig, count: int, wanted: Target = ALICE, *, watch: bool = False) -> list[Holder]:
    made = [Holder(rig, wanted, watch=watch) for _ in range(count)]
    await rig.calm()
    return made
