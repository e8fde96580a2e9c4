from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.nonce import LIFETIME, STEP, Nonces
from gateway.identity.replay import UsedProofs
from gateway.identity.secrets import OwnSecret
from gateway.secret import Secret

WINDOW = 180.0
uses = st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.integers(-60, 60), st.integers(0, 90))


@given(st.lists(uses, max_size=200), st.integers(1, 6), st.integers(2, 12))
def test_no_proof_is_ever_taken_twice(steps: list[tuple[str, int, int, int]], most: int, total: int) -> None:
    """Whatever is forgotten to stay within the bounds."""
    used, now, taken = UsedProofs(WINDOW, most=most, total=total), 10_000.0, set()
    for key, number, skew, later in steps:
        now += later
        issued = now + skew
        if used.take(key, f"{number}", issued, now):
            assert (key, number, issued) not in taken
            taken.add((key, number, issued))
        assert len(used) <= total + most


def test_what_is_too_old_to_be_accepted_is_forgotten() -> None:
    used = UsedProofs(WINDOW)
    for number in range(500):
        assert used.take(f"key-{number % 7}", f"{number}", 10_000.0 + number, 10_000.0 + number)
    assert len(used) < 300
    assert used.take("key-0", "last", 11_000.0, 11_000.0)
    assert len(used) == 1


def test_a_busy_key_costs_no_other_key_anything() -> None:
    used = UsedProofs(WINDOW, most=1_000_000, total=100)
    assert used.take("quiet", "one", 10_000.0, 10_000.0)
    for number in range(1000):
        assert used.take("busy", f"{number}", 10_000.0 + number / 100, 10_010.0)
    assert len(used) <= 101
    assert not used.take("quiet", "one", 10_000.0, 10_010.0)
    assert used.take("quiet", "two", 10_000.0, 10_010.0)
    assert not used.take("busy", "0", 10_000.0, 10_010.0)  # forgotten, and refused by its age


def test_a_clock_that_is_set_back_takes_nothing_twice() -> None:
    used = UsedProofs(WINDOW)
    assert used.take("key", "one", 10_000.0, 10_000.0)
    assert not used.take("key", "one", 10_000.0, 9_900.0)


def test_nonces_are_those_of_the_last_minutes_and_of_the_same_secret() -> None:
    now = [1_000_000.0]
    one, other, same = (Nonces(OwnSecret(Secret(word)), lambda: now[0]) for word in ("one", "other", "one"))
    nonce = one.present()
    assert one.accepts(nonce)
    assert same.accepts(nonce)
    assert not other.accepts(nonce)
    now[0] += LIFETIME
    assert one.accepts(nonce)
    now[0] += STEP
    assert not one.accepts(nonce)
    now[0] -= 10 * STEP
    assert not one.accepts(nonce)
    assert not one.accepts(nonce[:-1])
    assert not one.accepts(None)
