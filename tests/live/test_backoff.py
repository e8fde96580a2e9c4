"""Waiting longer each time, never in step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.backoff import FIRST, LONGEST, Backoff


@given(st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_a_bound_and_are_drawn_from_their_upper_half(chance: float) -> None:
    backoff = Backoff(lambda: chance)
    span = FIRST
    for _ in range(20):
        assert span / 2 <= backoff.failed() <= span
        span = min(LONGEST, span * 2)


def test_success_starts_again() -> None:
    backoff = Backoff(lambda: 0.0)
    waits = [backoff.failed() for _ in range(3)]
    backoff.worked()
    assert backoff.failures == 0
    assert backoff.failed() == waits[0]
