from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.keyring import Keyring, SealBroken
from gateway.accounts.link import Link, Method, Owner, Place, new_id
from gateway.accounts.link_store import LinkStore
from gateway.accounts.upkeep import rotate
from gateway.errors import Conflict, Unavailable
from gateway.secret import Secret
from tests.http.doubles import Clock

ALICE, OTHER = Owner("https://one.example", "subject"), Owner("https://two.example", "subject")
KEYS = Keyring([("new", b"n" * 32), ("old", b"o" * 32)])
OLD_KEYS = Keyring([("old", b"o" * 32)])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: AsyncEngine, clock: Clock) -> LinkStore:
    return LinkStore(engine, clock)


def link(
    owner: Owner = ALICE, name: str = "alice@example.org", keys: Keyring = KEYS, method: Method = "password"
) -> Link:
    made = new_id()
    column = "password" if method == "password" else "refresh_token"
    return Link(
        id=made, issuer=owner.issuer, subject=owner.subject, address=name, username=name,
        place=Place(provider="one"), method=method, sealed=keys.seal(Secret(f"secret of {name}"), made, column),
        key_id=keys.sealing,
    )  # fmt: skip


async def test_a_link_is_its_owners_alone(store: LinkStore) -> None:
    """The same subject of another issuer is somebody else."""
    mine, theirs = link(ALICE), link(OTHER)
    await store.add(mine, most=5)
    await store.add(theirs, most=5)
    assert [each.id for each in await store.of(ALICE)] == [mine.id]
    assert [each.id for each in await store.of(OTHER)] == [theirs.id]
    assert await store.of(Owner("https://one.examplesubject", "")) == []
    assert not await store.remove(replace(theirs, issuer=ALICE.issuer))
    assert await store.remove(theirs)
    assert not await store.remove(theirs)
    assert await store.get(theirs.id) is None
    found = await store.get(mine.id)
    assert found is not None
    assert KEYS.open(found.sealed, found.id, found.column) == Secret("secret of alice@example.org")


async def test_one_mailbox_is_linked_once_and_so_many_in_all(store: LinkStore) -> None:
    await store.add(link(), most=2)
    with pytest.raises(Conflict, match="already"):
        await store.add(link(), most=2)
    await store.add(link(name="second"), most=2)
    with pytest.raises(Conflict, match="no more than 2"):
        await store.add(link(name="third"), most=2)


async def test_the_default_comes_first_then_the_oldest(store: LinkStore, clock: Clock) -> None:
    links = [link(name=name) for name in "abc"]
    for each in links:
        await store.add(each, most=5)
        clock.now += 1
    assert [each.username for each in await store.of(ALICE)] == ["a", "b", "c"]
    for chosen in (links[2], links[1]):
        await store.describe(chosen, label="Ä label", is_default=True)
    found = await store.of(ALICE)
    assert [(each.username, each.is_default) for each in found] == [("b", True), ("a", False), ("c", False)]
    assert found[0].label == "Ä label"


async def test_who_has_an_older_version_changes_nothing(store: LinkStore) -> None:
    old = link()
    await store.add(old, most=5)
    sealed = KEYS.seal(Secret("second"), old.id, "password")
    assert await store.replace_secret(old.id, "password", sealed, "new", version=1)
    assert not await store.replace_secret(old.id, "password", old.sealed, "new", version=1)
    assert not await store.set_state(old.id, "reauth-required", version=1)
    assert await store.set_state(old.id, "reauth-required", version=2)
    found = await store.get(old.id)
    assert found is not None
    assert (found.sealed, found.state) == (sealed, "reauth-required")


async def test_another_method_leaves_nothing_of_the_first(store: LinkStore, engine: AsyncEngine) -> None:
    old = link()
    await store.add(old, most=5)
    await store.replace_secret(old.id, "oauth", KEYS.seal(Secret("r"), old.id, "refresh_token"), "new")
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT password, method FROM linked_accounts"))).one()
    assert tuple(row) == (None, "oauth")


async def test_of_many_who_would_refresh_one_may(store: LinkStore, clock: Clock) -> None:
    each = link(method="oauth")
    await store.add(each, most=5)
    got = await asyncio.gather(*(store.claim(each.id, f"holder{n}", 30) for n in range(8)))
    assert sum(got) == 1
    winner = f"holder{got.index(True)}"
    assert await store.claim(each.id, winner, 30)
    await store.release(each.id, "somebody")
    assert not await store.claim(each.id, "next", 30)
    await store.release(each.id, winner)
    assert await store.claim(each.id, "next", 30)
    clock.now += 31  # who held it is gone
    assert await store.claim(each.id, "last", 30)
    assert not await store.claim("no such link", "last", 30)


async def test_ciphertexts_that_were_swapped_do_not_open(store: LinkStore, engine: AsyncEngine) -> None:
    first, second, third = link(name="a"), link(name="b"), link(name="c", method="oauth")
    for each in (first, second, third):
        await store.add(each, most=5)
    swap = text("UPDATE linked_accounts SET password = :value WHERE id = :id")
    move = text("UPDATE linked_accounts SET refresh_token = :value, method = 'oauth' WHERE id = :id")
    async with engine.begin() as connection:
        await connection.execute(swap, {"value": second.sealed, "id": first.id})
        await connection.execute(move, {"value": second.sealed, "id": second.id})  # its own, from the other column
        await connection.execute(move, {"value": first.sealed, "id": third.id})
    for each in await store.of(ALICE):
        with pytest.raises(SealBroken):
            KEYS.open(each.sealed, each.id, each.column)


async def test_rotation_seals_everything_with_the_first_key(store: LinkStore) -> None:
    links = [link(name=f"user{n}", keys=OLD_KEYS, method="oauth" if n % 2 else "password") for n in range(7)]
    for each in links:
        await store.add(each, most=20)
    await store.set_state(links[0].id, "reauth-required")
    said: list[str] = []
    assert await rotate(store, KEYS, said.append) == 0
    assert said[-1].startswith("done: 7 sealed with new, 0")
    only_new = Keyring([("new", b"n" * 32)])
    for each in await store.of(ALICE):
        assert only_new.open(each.sealed, each.id, each.column) == Secret(f"secret of {each.username}")
        assert each.state == ("reauth-required" if each.id == links[0].id else "ok")
    assert await rotate(store, KEYS, said.append) == 0
    assert said[-1].startswith("done: 0 sealed")


async def test_rotation_goes_on_past_what_it_cannot_open_and_past_what_changes(store: LinkStore) -> None:
    lost = link(name="lost", keys=Keyring([("gone", b"g" * 32)]))
    good = link(name="good", keys=OLD_KEYS)
    for each in (lost, good):
        await store.add(each, most=20)

    class Racing(LinkStore):
        """Between reading and writing the gateway stores a new secret, with the old key."""

        raced = False

        async def sealed_otherwise(self, key_id: str, *, after: str, most: int) -> list[Link]:
            found = await super().sealed_otherwise(key_id, after=after, most=most)
            if not self.raced:
                self.raced = True
                newer = OLD_KEYS.seal(Secret("newer"), good.id, "password")
                await store.replace_secret(good.id, "password", newer, "old")
            return found

    racing = Racing(store._engine, store._clock)
    said: list[str] = []
    assert await rotate(racing, KEYS, said.append) == 1
    assert any("not configured: gone" in line and lost.id in line for line in said)
    found = await store.get(good.id)
    assert found is not None
    assert (found.key_id, KEYS.open(found.sealed, good.id, "password")) == ("new", Secret("newer"))


async def test_a_database_that_is_gone_is_unavailable(store: LinkStore, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE linked_accounts"))
    for asked in (store.of(ALICE), store.get("x"), store.add(link(), most=1), store.claim("x", "y", 1)):
        with pytest.raises(Unavailable) as error:
            await asked
        assert "alice" not in error.value.detail
