"""The decision alone: a scene in, an action out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SignInRefused, TooManyRequests
from gateway.imap.name import MailboxName
from gateway.pool.budget import Budget
from gateway.pool.key import AccountKey
from gateway.pool.plan import (
    HANDICAP,
    Action,
    Ask,
    Evict,
    Lend,
    Open,
    Refuse,
    Scene,
    Slot,
    State,
    Wait,
    Yield,
    decide,
    rank,
)
from gateway.settings.model import Limits

from .fakes import target

KEY = AccountKey.of(target("alice"))
OTHER = AccountKey.of(target("alice", password="newer"))
WORK = MailboxName(b"Work")
BUDGET = Budget(10, 3)


def slot(
    number: int,
    state: State = State.IDLE,
    *,
    key: AccountKey = KEY,
    watch: bool = False,
    fit: bool = True,
    stale: bool = False,
    mailbox: MailboxName | None = None,
    used_at: float = 0.0,
    bulk: bool = False,
) -> Slot:
    return Slot(number, key, state, watch, fit, stale, mailbox, used_at, bulk)


def test_the_one_with_the_mailbox_is_lent_else_an_unselected_one_else_the_oldest() -> None:
    inbox = MailboxName(b"INBOX")
    one, two = slot(1, mailbox=inbox, used_at=1), slot(2, mailbox=WORK, used_at=9)
    assert decide(Ask(KEY, mailbox=WORK), Scene((one, two), BUDGET)) == Lend(2)
    assert decide(Ask(KEY, mailbox=MailboxName(b"Else")), Scene((one, two), BUDGET)) == Lend(1)
    assert decide(Ask(KEY, mailbox=MailboxName(b"Else")), Scene((one, two, slot(3, used_at=99)), BUDGET)) == Lend(3)


def test_one_is_opened_at_a_time_and_no_more_than_the_cap() -> None:
    assert decide(Ask(KEY), Scene((), BUDGET)) == Open()
    assert decide(Ask(KEY), Scene((slot(1, State.OPENING),), BUDGET)) == Wait()
    lent = tuple(slot(n, State.LENT) for n in range(3))
    assert decide(Ask(KEY), Scene(lent[:2], BUDGET)) == Open()
    assert decide(Ask(KEY), Scene(lent, BUDGET)) == Wait()


def test_another_credentials_connection_is_closed_never_lent() -> None:
    full = (slot(1, State.LENT), slot(2, key=OTHER), slot(3, State.LENT))
    assert decide(Ask(KEY), Scene(full, BUDGET)) == Evict(2)
    closing = (slot(1, State.LENT), slot(2, State.CLOSING, key=OTHER), slot(3, State.LENT))
    assert decide(Ask(KEY), Scene(closing, BUDGET)) == Wait()


def test_watchers_and_requests_leave_each_other_room() -> None:
    small = Budget(3, 3)
    requests = tuple(slot(n, State.LENT) for n in range(2))
    assert decide(Ask(KEY), Scene(requests, small)) == Wait()
    assert decide(Ask(KEY, watch=True), Scene(requests, small)) == Open()
    watching = tuple(slot(n, State.LENT, watch=True) for n in range(2))
    assert decide(Ask(KEY), Scene(watching, small)) == Open()
    refused = decide(Ask(KEY, watch=True), Scene(watching, small))
    assert isinstance(refused, Refuse)
    assert isinstance(refused.error, TooManyRequests)


def test_without_room_in_the_process_somebody_elses_idle_connection_goes() -> None:
    assert decide(Ask(KEY), Scene((), BUDGET, room=False, victim=77)) == Evict(77)
    assert decide(Ask(KEY), Scene((), BUDGET, room=False)) == Wait(full=True)


def test_a_closed_circuit_refuses_unless_a_connection_may_come_back() -> None:
    error = SignInRefused("no")
    assert decide(Ask(KEY), Scene((), BUDGET, error)) == Refuse(error)
    assert decide(Ask(KEY), Scene((slot(1, State.LENT, key=OTHER),), BUDGET, error)) == Refuse(error)
    assert decide(Ask(KEY), Scene((slot(1, State.LENT, fit=False),), BUDGET, error)) == Refuse(error)
    assert decide(Ask(KEY), Scene((slot(1, State.LENT),), BUDGET, error)) == Wait()
    assert decide(Ask(KEY), Scene((slot(1),), BUDGET, error)) == Lend(1)


# pool: lent for requests and for bulk work, settling after bulk work, idle; what bulk work and what others are given
SHARES = [
    (3, (0, 0, 0, 0), Open(), Open()),
    (3, (0, 1, 0, 0), Open(), Open()),
    (3, (0, 1, 0, 1), Lend(9), Lend(9)),
    (3, (0, 2, 0, 0), Yield(), Open()),
    (3, (0, 1, 1, 0), Yield(), Open()),
    (3, (0, 2, 0, 1), Yield(), Lend(9)),
    (3, (1, 2, 0, 0), Yield(), Wait()),
    (3, (2, 1, 0, 0), Wait(), Wait()),
    (3, (3, 0, 0, 0), Wait(), Wait()),
    (2, (0, 1, 0, 0), Yield(), Open()),
    (2, (0, 1, 0, 1), Yield(), Lend(9)),
    (1, (0, 0, 0, 1), Lend(9), Lend(9)),
    (1, (0, 1, 0, 0), Yield(), Wait()),
    (1, (1, 0, 0, 0), Wait(), Wait()),
]


@pytest.mark.parametrize(("pool", "found", "bulk", "others"), SHARES)
def test_bulk_work_leaves_one_connection_to_the_rest(
    pool: int, found: tuple[int, int, int, int], bulk: Action, others: Action
) -> None:
    lent, at_bulk, settling, idle = found
    slots = [slot(number, State.LENT) for number in range(lent)]
    slots += [slot(10 + number, State.LENT, bulk=True) for number in range(at_bulk)]
    slots += [slot(20 + number, State.SETTLING, bulk=True) for number in range(settling)]
    slots += [slot(9, bulk=True) for _ in range(idle)]
    scene = Scene(tuple(slots), Budget(10, pool))
    assert decide(Ask(KEY, bulk=True), scene) == bulk
    assert decide(Ask(KEY), scene) == others


def test_watching_takes_nothing_from_the_share_of_bulk_work() -> None:
    watching = [slot(n, State.LENT, watch=True) for n in range(8)]
    scene = Scene((*watching, slot(20, State.LENT, bulk=True)), Budget(10, 3))
    assert scene.budget.pool(8) == 2
    assert decide(Ask(KEY, bulk=True), scene) == Yield()
    assert decide(Ask(KEY), scene) == Open()


def test_so_many_go_before_bulk_work_and_no_more() -> None:
    assert rank(1, Ask(KEY, bulk=True)) == rank(1 + HANDICAP, Ask(KEY))
    assert rank(1, Ask(KEY)) < rank(2, Ask(KEY))


@given(st.integers(1, 40), st.integers(1, 10), st.integers(1, 10), st.integers(0, 40))
def test_a_budget_starves_nobody(provider: int, pooled: int, replicas: int, watchers: int) -> None:
    budget = Budget.of(
        Limits(connections_per_account=pooled, provider_connections_per_account=provider, replicas=replicas)
    )
    watching = min(watchers, budget.watchers)
    assert budget.pool(watching) >= 1
    assert budget.pool(watching) + watching <= max(1, provider // replicas)
    assert budget.watchers >= 1 or budget.allowed == 1


slots = st.builds(
    slot,
    st.integers(1, 30),
    st.sampled_from(State),
    key=st.sampled_from([KEY, OTHER]),
    watch=st.booleans(),
    fit=st.booleans(),
    stale=st.booleans(),
    mailbox=st.sampled_from([None, WORK]),
    used_at=st.floats(0, 100),
    bulk=st.booleans(),
)


@given(
    st.lists(slots, max_size=12, unique_by=lambda found: found.number),
    st.integers(1, 12),
    st.integers(1, 5),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 99]),
    st.booleans(),
    st.booleans(),
)
def test_whatever_the_scene_the_rules_hold(
    found: list[Slot],
    allowed: int,
    pooled: int,
    watch: bool,
    room: bool,
    victim: int | None,
    refused: bool,
    bulk: bool,
) -> None:
    budget = Budget(allowed, pooled)
    scene = Scene(tuple(found), budget, SignInRefused("no") if refused else None, room, victim)
    by_number = {one.number: one for one in found}
    watchers = sum(one.watch for one in found)
    bulk = bulk and not watch
    action = decide(Ask(KEY, watch=watch, bulk=bulk), scene)
    at_bulk = sum(one.bulk and one.state in (State.LENT, State.SETTLING) for one in found)
    assert not bulk or isinstance(action, Yield) or at_bulk < max(1, budget.pool(watchers) - 1)
    assert bulk or not isinstance(action, Yield)
    match action:
        case Lend(number):
            lent = by_number[number]
            assert lent.key == KEY
            assert lent.fit
            assert lent.state is State.IDLE
        case Open():
            assert room
            assert not refused
            assert len(found) < allowed
            assert watch or len(found) - watchers < budget.pool(watchers)
            assert all(one.state is not State.OPENING for one in found)
        case Evict(number):
            assert number == victim or by_number[number].state is State.IDLE
            assert all(one.state is not State.CLOSING for one in found), "one at a time"
        case Wait() | Yield() | Refuse():
            pass
