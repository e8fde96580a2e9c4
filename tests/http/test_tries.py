"""How often a caller may have servers tried."""

from __future__ import annotations

import pytest

from gateway.errors import TooManyRequests
from gateway.http.tries import CALLERS_MAX, Tries
from gateway.identity.principal import Principal
from gateway.secret import Secret

from .doubles import Clock


def caller(subject: str, issuer: str = "https://issuer.example.org") -> Principal:
    return Principal(issuer, subject, frozenset(), 0.0, {}, frozenset(), Secret(""))


def test_so_many_in_any_minute_and_for_each_caller_by_itself() -> None:
    clock = Clock()
    tries = Tries(2, clock)
    tries.take(caller("a"))
    clock.now += 20
    tries.take(caller("a"))
    for other in (caller("b"), caller("a", "https://other.example.org")):
        tries.take(other)
    with pytest.raises(TooManyRequests) as refused:
        tries.take(caller("a"))
    assert refused.value.retry_after == 40
    clock.now += 40
    tries.take(caller("a"))
    with pytest.raises(TooManyRequests) as refused:
        tries.take(caller("a"))
    assert refused.value.retry_after == 20


def test_it_remembers_so_many_callers() -> None:
    tries = Tries(1, Clock())
    for number in range(CALLERS_MAX + 1):
        tries.take(caller(str(number)))
    tries.take(caller("0"))  # the oldest was forgotten
    with pytest.raises(TooManyRequests):
        tries.take(caller(str(CALLERS_MAX)))
