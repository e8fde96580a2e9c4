"""Secrets and what is nobody's business can be handled, compared and shown without being shown."""

from __future__ import annotations

import pytest

from gateway.accounts.address import Address
from gateway.accounts.link import Link, Owner, Place
from gateway.accounts.link_place import Wanted
from gateway.accounts.sign_in import Grant
from gateway.identity.credentials import Credentials, Presented
from gateway.identity.principal import Principal
from gateway.identity.proof import Bound
from gateway.imap.credential import Password
from gateway.secret import Reticent, Secret

CANARY = "canary-4711"
SECRET = Secret(CANARY)
SHY: tuple[object, ...] = (
    SECRET,
    Address(CANARY, f"{CANARY}.example.org"),
    Owner("https://login.example.org", CANARY),
    Link(
        id="1",
        issuer="https://login.example.org",
        subject=CANARY,
        address=CANARY,
        username=CANARY,
        place=Place(provider="example"),
        method="password",
        sealed=CANARY.encode(),
        key_id="k",
        label=CANARY,
    ),
    Wanted(address=CANARY, password=SECRET, username=CANARY, label=CANARY),
    Grant(Password(CANARY, SECRET), None),
    Credentials("Bearer", CANARY),
    Presented("GET", f"https://mail.example.org/{CANARY}", [CANARY]),
    Bound(CANARY, CANARY),
    Principal("https://login.example.org", CANARY, frozenset(), 0.0, {"sub": CANARY}, frozenset({CANARY}), SECRET),
)


@pytest.mark.parametrize("value", SHY, ids=lambda value: type(value).__name__)
def test_what_is_in_it_is_not_shown(value: object) -> None:
    assert CANARY not in repr(value)
    assert CANARY not in f"{[value]}"
    assert type(value).__name__ in repr(value)


def test_it_is_a_value_all_the_same() -> None:
    class Pair(Reticent, frozen=True):
        one: int
        two: str = ""

    assert (Pair(1, "x"), hash(Pair(1))) == (Pair(1, "x"), hash(Pair(1)))
    assert Pair(1, "x") != Pair(2, "x")


def test_secrets_are_equal_by_what_they_hold() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert (bool(Secret("")), bool(SECRET)) == (False, True)
    assert SECRET.reveal() == CANARY
    assert Secret("a").fingerprint() == Secret("a").fingerprint() != Secret("b").fingerprint()
