from __future__ import annotations

from gateway.identity.cache import KEPT_FOR, VerifiedTokens
from gateway.identity.principal import Principal
from gateway.secret import Secret


def principal(expires: float = 1e9) -> Principal:
    return Principal("i", "s", frozenset(), expires, {}, frozenset(), Secret("t"))


def test_a_token_is_remembered_for_a_minute_at_most() -> None:
    tokens = VerifiedTokens()
    tokens.keep("token", principal(), 100.0, "v")
    found = tokens.find("token", 100.0 + KEPT_FOR - 0.1)
    assert found is not None
    assert found.version == "v"
    assert tokens.find("token", 100.0 + KEPT_FOR) is None
    assert len(tokens) == 0


def test_a_token_is_forgotten_when_it_ends_or_the_clock_is_set_back() -> None:
    tokens = VerifiedTokens()
    tokens.keep("token", principal(110.0), 100.0, "v")
    assert tokens.find("token", 110.0) is None
    tokens.keep("token", principal(), 100.0, "v")
    assert tokens.find("token", 99.0) is None


def test_the_least_recently_used_goes_first() -> None:
    tokens = VerifiedTokens(size=2)
    for name in ("a", "b"):
        tokens.keep(name, principal(), 0.0, "v")
    tokens.find("a", 1.0)
    tokens.keep("c", principal(), 1.0, "v")
    assert len(tokens) == 2
    assert tokens.find("b", 1.0) is None
    assert tokens.find("a", 1.0) is not None
