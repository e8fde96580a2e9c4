"""What is lent without a decision is what the decision would lend."""

from __future__ import annotations

import random

import pytest

from gateway.imap.name import MailboxName
from gateway.pool.key import AccountKey
from gateway.pool.plan import Ask, Lend, State, decide

from .fakes import MakeRig, target
from .leases import ALICE

NAMES = (b"INBOX", b"Other", None)


@pytest.mark.parametrize("seed", range(60))
async def test_it_is_what_the_decision_would_lend(make: MakeRig, seed: int) -> None:
    chance = random.Random(seed)
    rig = make(connections_per_account=5, provider_connections_per_account=10)
    leases = [rig.pool.lease(ALICE) for _ in range(chance.randrange(1, 6))]
    sessions = [await lease.__aenter__() for lease in leases]
    held = []
    for lease, session in zip(leases, sessions, strict=True):
        name = chance.choice(NAMES)
        if name is not None:
            session.select(name)
        rig.clock.now += chance.randrange(3)
        if chance.random() < 0.7:
            await lease.__aexit__(None, None, None)
            session.clean = chance.random() < 0.8
        else:
            held.append(lease)
    keeper, ledger = rig.pool._keeper, rig.pool._ledger
    for connection in ledger.connections(State.IDLE):
        connection.stale, connection.revoked = chance.random() < 0.2, chance.random() < 0.2
        connection.used_at += chance.randrange(3)
    name = chance.choice(NAMES)
    other = chance.random() < 0.2
    wanted = target("alice", password="another") if other else ALICE
    ask = Ask(AccountKey.of(wanted), mailbox=None if name is None else MailboxName(name))
    account = ledger.accounts[ask.key.owner]
    decision = decide(ask, ledger.scene(account, None, rig.clock(), rig.clock()))
    lent = keeper.lend_at_hand(ask, wanted)
    if lent is None and isinstance(decision, Lend):  # then with another mailbox open
        opened = ledger.idle(decision.number).session.mailbox
        assert (None if opened is None else opened.name.wire) != name
    if lent is not None:
        assert decision == Lend(lent.number)
        assert lent.state is State.LENT
        keeper.take_back(lent, sound=True)
    for lease in held:
        await lease.__aexit__(None, None, None)
    for session in sessions:
        session.die()


async def test_nobody_is_passed_by(make: MakeRig) -> None:
    """Bulk work, who wants to watch, who is late and who comes while others wait take the usual way."""
    rig = make(connections_per_account=1, provider_connections_per_account=3)
    async with rig.pool.lease(ALICE):
        pass
    key = AccountKey.of(ALICE)
    keeper = rig.pool._keeper
    assert keeper.lend_at_hand(Ask(key, bulk=True), ALICE) is None
    assert keeper.lend_at_hand(Ask(key, watch=True), ALICE) is None
    assert keeper.lend_at_hand(Ask(key), target("alice", expires_at=rig.clock.now - 1)) is None
    keeper.draining = True
    assert keeper.lend_at_hand(Ask(key), ALICE) is None
    keeper.draining = False
    lent = keeper.lend_at_hand(Ask(key), ALICE)
    assert lent is not None
    keeper.take_back(lent, sound=True)
