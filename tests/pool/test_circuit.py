"""Back-off by hand-moved time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import (
    ConnectFailed,
    DeadlinePassed,
    GatewayError,
    Refused,
    SignInRefused,
    TlsFailed,
    Unavailable,
)
from gateway.pool.circuit import CREDENTIAL, HOST, MAX_CIRCUITS, USER, Circuit, Circuits, Policy
from gateway.pool.failure import Failure, failure
from gateway.pool.key import AccountKey

from .fakes import target

ALICE = AccountKey.of(target("alice"))
BOB = AccountKey.of(target("bob"))
ELSEWHERE = AccountKey.of(target("carol", account_id="c"))


def circuits() -> Circuits:
    return Circuits(lambda: 0.5)


def fail(subject: Circuits, key: AccountKey, error: GatewayError, now: float) -> None:
    subject.attempt(key, now)
    subject.failed(key, error, started=now, now=now)


def test_a_refused_credential_is_remembered_for_30_seconds_then_twice_that() -> None:
    subject = circuits()
    fail(subject, ALICE, SignInRefused("no", own_token=True), 0.0)
    refusal = subject.refusal(ALICE, 29.9)
    assert isinstance(refusal, SignInRefused)
    assert refusal.own_token
    assert refusal.answer().status == 401
    assert subject.refusal(ALICE, 30.0) is None
    fail(subject, ALICE, SignInRefused("no"), 30.0)
    assert subject.refusal(ALICE, 89.9) is not None
    assert subject.refusal(ALICE, 90.0) is None


def test_a_credential_circuit_stops_nobody_else() -> None:
    subject = circuits()
    fail(subject, ALICE, SignInRefused("no"), 0.0)
    assert subject.refusal(AccountKey.of(target("alice", password="new")), 1.0) is None
    assert subject.refusal(BOB, 1.0) is None


def test_the_longest_back_offs() -> None:
    for policy, longest in ((CREDENTIAL, 900.0), (USER, 60.0), (HOST, 60.0)):
        circuit, now = Circuit(policy), 0.0
        for _ in range(2000):
            now += circuit.wait(now)
            circuit.failed(ConnectFailed(), started=now, now=now, chance=1.0)
        assert circuit.wait(now) <= longest * 1.2 + 0.001


def test_one_attempt_is_let_through_after_the_back_off() -> None:
    subject = circuits()
    fail(subject, ALICE, ConnectFailed("refused"), 0.0)
    assert subject.refusal(ALICE, 0.6) is None
    subject.attempt(ALICE, 0.6)
    assert isinstance(subject.refusal(ALICE, 0.7), Unavailable)
    assert subject.refusal(ALICE, 1.2) is None, "an attempt whose outcome never came blocks nobody for ever"


def test_success_closes_every_circuit() -> None:
    subject = circuits()
    for now in (0.0, 10.0, 20.0, 30.0):
        fail(subject, ALICE, DeadlinePassed(), now)
    assert subject.refusal(ALICE, 30.1) is not None
    assert subject.refusal(BOB, 30.1) is not None, "the host's"
    subject.succeeded(BOB)
    assert subject.refusal(BOB, 30.1) is None
    assert len(subject) == 1, "alice's own is still hers"


def test_a_dead_host_is_not_tried_for_every_account() -> None:
    subject = circuits()
    tried = 0
    for n in range(1000):
        key = AccountKey.of(target(f"user{n}"))
        if subject.refusal(key, n / 1000) is None:
            tried += 1
            fail(subject, key, ConnectFailed("dead"), n / 1000)
    assert 3 <= tried <= 5


def test_failures_that_ran_side_by_side_count_as_one_outage() -> None:
    circuit = Circuit(Policy(1.0, 60.0))
    for _ in range(50):
        circuit.failed(ConnectFailed(), started=0.0, now=5.0, chance=0.5)
    assert circuit.wait(5.0) == 1.0


def test_an_answer_from_the_host_shows_that_it_is_alive() -> None:
    subject = circuits()
    for now in (0.0, 1.0, 2.0, 3.0):
        fail(subject, ALICE, ConnectFailed(), now)
    fail(subject, ALICE, SignInRefused("no"), 60.0)
    assert subject.refusal(BOB, 60.0) is None


def test_broken_tls_keeps_its_name() -> None:
    subject = circuits()
    fail(subject, ALICE, TlsFailed("certificate expired"), 0.0)
    refusal = subject.refusal(ALICE, 0.1)
    assert isinstance(refusal, TlsFailed)
    assert refusal.detail == "certificate expired"
    assert refusal.__traceback__ is None


def test_memory_is_bounded() -> None:
    subject = circuits()
    for n in range(MAX_CIRCUITS + 500):
        fail(subject, AccountKey(ALICE.endpoint, "alice", f"{n}", "a"), SignInRefused("no"), 0.0)
    assert len(subject) <= MAX_CIRCUITS


def test_whose_failure_it_is() -> None:
    assert failure(SignInRefused("no")) is Failure.CREDENTIAL
    assert failure(SignInRefused("[ALERT] Too many simultaneous connections. (Failure)")) is Failure.LIMIT
    assert failure(Refused("Maximum number of connections", code="LIMIT")) is Failure.LIMIT
    assert failure(Refused("later", code="UNAVAILABLE")) is Failure.BUSY
    assert failure(DeadlinePassed("slow")) is Failure.HOST
    assert failure(GatewayError("defect")) is Failure.BUSY


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.floats(0, 1, exclude_max=True)), max_size=40))
def test_a_wait_never_grows_by_waiting(steps: list[tuple[float, bool, float]]) -> None:
    circuit, now = Circuit(USER), 0.0
    for pause, fails, chance in steps:
        before = circuit.wait(now)
        now += pause
        assert circuit.wait(now) <= before
        if fails:
            circuit.failed(ConnectFailed(), started=now, now=now, chance=chance)
            assert 0 < circuit.wait(now) <= 72.001
