from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.access_tokens import LINK_AT, AccessTokens
from gateway.accounts.code_flow import CodeFlow, Tokens
from gateway.accounts.keyring import Keyring
from gateway.accounts.link import Link, Place, new_id
from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.link_store import LinkStore
from gateway.accounts.provider_web import ProviderRefused
from gateway.errors import SignInRefused, Unavailable
from gateway.secret import Secret
from gateway.settings.model import Endpoint, Linked, Provider
from tests.http.doubles import Clock

KEYS = Keyring([("one", b"k" * 32)])
AUTH = Linked(kind="oidc", issuer="https://login.example", client_id="gateway")
PROVIDER = Provider(name="oidc", imap=Endpoint(host="imap.example.org"), auth=AUTH)


@dataclass
class Flow:
    """A provider that rotates: a refresh token is good once. ``fails`` is raised by the next; ``gate`` holds it up."""

    valid: str = "refresh-0"
    asked: int = 0
    fails: Exception | None = None
    gate: asyncio.Event | None = None
    before: Callable[[], object] = field(default=lambda: None)

    async def refresh(self, provider: LinkProvider, token: Secret) -> Tokens:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        if token.reveal() != self.valid:
            raise ProviderRefused("invalid_grant")
        self.valid = f"refresh-{self.asked}"
        return Tokens(access=Secret(f"access-{self.asked}"), refresh=Secret(self.valid), lifetime=100.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(engine: AsyncEngine, clock: Clock) -> LinkStore:
    return LinkStore(engine, clock)


@pytest.fixture
def flow() -> Flow:
    return Flow()


@pytest.fixture
async def link(store: LinkStore) -> Link:
    made = new_id()
    added = Link(
        id=made, issuer="https://one.example", subject="s", address="a@example.org", username="a@example.org",
        place=Place(provider="oidc"), method="oauth", sealed=KEYS.seal(Secret("refresh-0"), made, "refresh_token"),
        key_id="one",
    )  # fmt: skip
    await store.add(added, most=5)
    return added


def tokens_of(store: LinkStore, flow: Flow, clock: Clock) -> AccessTokens:
    provider = LinkProvider.of(PROVIDER, AUTH, "providers[0].auth", {})
    return AccessTokens(store, KEYS, cast("CodeFlow", flow), {"oidc": provider}, clock, lambda: 0.5)


async def stored(store: LinkStore, link: Link) -> tuple[str, str]:
    found = await store.get(link.id)
    assert found is not None
    return KEYS.open(found.sealed, found.id, found.column).reveal(), found.state


async def test_many_who_need_a_token_cause_one_refresh(store: LinkStore, flow: Flow, clock: Clock, link: Link) -> None:
    tokens = tokens_of(store, flow, clock)
    got = await asyncio.gather(*(tokens.of(link) for _ in range(20)))
    assert {access.token.reveal() for access in got} == {"access-1"}
    assert flow.asked == 1
    assert await stored(store, link) == ("refresh-1", "ok")
    clock.now += 80  # a quarter of its life is left at most
    assert (await tokens.of(link)).token == Secret("access-1")
    clock.now += 6
    assert (await tokens.of(link)).token == Secret("access-2")


async def test_who_wants_the_longest_gets_another_from_half_of_its_life_on(
    store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    tokens = tokens_of(store, flow, clock)
    first = await tokens.of(link)
    clock.now += 49
    assert await tokens.of(link, longest=True) == first
    clock.now += 2
    assert await tokens.of(link) == first
    assert (await tokens.of(link, longest=True)).token == Secret("access-2")
    clock.now += 51
    flow.fails = Unavailable("it is down")
    assert (await tokens.of(link, longest=True)).token == Secret("access-2"), "there is no better one just now"


async def test_replicas_do_not_use_a_refresh_token_twice(
    store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    replicas = [tokens_of(store, flow, clock) for _ in range(4)]
    got = await asyncio.gather(*(tokens.of(link) for tokens in replicas))
    assert len({access.token.reveal() for access in got}) == 4
    assert await stored(store, link) == ("refresh-4", "ok")


async def test_a_grant_that_has_ended_says_where_to_link_again(
    store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    flow.valid = "another"
    tokens = tokens_of(store, flow, clock)
    for _ in range(2):
        with pytest.raises(SignInRefused) as error:
            await tokens.of(link)
        assert error.value.link == LINK_AT
        assert error.value.answer().type == "account-reauth-required"
    assert flow.asked == 1  # it is known now
    assert (await stored(store, link))[1] == "reauth-required"


async def test_a_provider_that_fails_costs_nobody_an_account(
    store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    tokens = tokens_of(store, flow, clock)
    await tokens.of(link)
    flow.fails = Unavailable("it is down")
    clock.now += 90
    assert (await tokens.of(link)).token == Secret("access-1")  # good for ten seconds yet
    asked = flow.asked
    clock.now += 0.3
    assert (await tokens.of(link)).token == Secret("access-1")
    assert flow.asked == asked  # not asked again so soon
    clock.now += 20
    for _ in range(5):
        with pytest.raises(Unavailable) as error:
            await tokens.of(link)
        assert (error.value.retry_after or 0) >= 1
    assert flow.asked == asked + 1
    assert await stored(store, link) == ("refresh-1", "ok")
    flow.fails = None
    clock.now += 61
    assert (await tokens.of(link)).token.reveal().startswith("access-")


async def test_our_own_clients_fault_ends_no_account(store: LinkStore, flow: Flow, clock: Clock, link: Link) -> None:
    flow.fails = ProviderRefused("invalid_client")
    with pytest.raises(Unavailable, match="invalid_client"):
        await tokens_of(store, flow, clock).of(link)
    assert (await stored(store, link))[1] == "ok"


async def test_a_rotated_token_that_could_not_be_stored_is_not_forgotten(
    engine: AsyncEngine, store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    class Failing(LinkStore):
        broken = True

        async def replace_secret(self, *arguments: object, **more: object) -> bool:
            if self.broken:
                raise Unavailable("the database is gone")
            return await super().replace_secret(*arguments, **more)  # type: ignore[arg-type]

    failing = Failing(engine, clock)
    tokens = tokens_of(failing, flow, clock)
    with pytest.raises(Unavailable, match="gone"):
        await tokens.of(link)
    assert await stored(store, link) == ("refresh-0", "ok")
    failing.broken = False
    clock.now += 5
    assert (await tokens.of(link)).token == Secret("access-2")
    assert await stored(store, link) == ("refresh-2", "ok")


async def test_what_is_unlinked_meanwhile_stays_unlinked(
    store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    flow.gate = asyncio.Event()
    tokens = tokens_of(store, flow, clock)
    asking = asyncio.create_task(tokens.of(link))
    while not flow.asked:
        await asyncio.sleep(0)
    await store.remove(link)
    tokens.forget(link.id)
    flow.gate.set()
    with pytest.raises(Unavailable, match="meanwhile"):
        await asking
    assert tokens.held(link.id) is None
    assert await store.get(link.id) is None


async def test_who_leaves_does_not_break_off_a_refresh(store: LinkStore, flow: Flow, clock: Clock, link: Link) -> None:
    flow.gate = asyncio.Event()
    tokens = tokens_of(store, flow, clock)
    asking = asyncio.create_task(tokens.of(link))
    while not flow.asked:
        await asyncio.sleep(0)
    asking.cancel()
    flow.gate.set()
    await tokens.close()
    assert await stored(store, link) == ("refresh-1", "ok")
    assert (await tokens.of(link)).token == Secret("access-1")
    assert flow.asked == 1


async def test_a_token_that_is_refused_is_replaced_if_it_was_ever_good(
    store: LinkStore, flow: Flow, clock: Clock, link: Link
) -> None:
    tokens = tokens_of(store, flow, clock)
    first = (await tokens.of(link)).token
    assert not tokens.spoil(link.id, first)  # it never worked: another one will not either
    second = (await tokens.of(link)).token
    tokens.worked(link.id)
    assert tokens.spoil(link.id, first)  # an old one says nothing against the new one
    assert (await tokens.of(link)).token == second
    assert tokens.spoil(link.id, second)
    assert (await tokens.of(link)).token == Secret("access-3")
