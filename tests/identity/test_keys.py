"""The life of keys, with a real server for the issuer and a clock that the tests turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.errors import Unavailable
from gateway.identity.keys import FORCED_EVERY, LIFETIME_MAX, LIFETIME_MIN, RemoteKeys, lifetime
from tests.servers.tokens import Key

from .issuer_server import JWKS, OPENID, Answer, IssuerServer


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[IssuerServer]:
    server = IssuerServer()
    await server.start()
    yield server
    server.gate.set()
    await server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(server: IssuerServer, http: httpx.AsyncClient, clock: Clock) -> AsyncIterator[RemoteKeys]:
    keys = RemoteKeys(server.url, http, clock, jitter=lambda: 0.0)
    yield keys
    await keys.close()


async def has(keys: RemoteKeys, alg: str) -> bool:
    await keys.prepare(f"key-{alg}", alg)
    return bool(keys.at_hand(f"key-{alg}", alg))


async def test_keys_are_found_by_discovery(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key]
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    assert server.asked[JWKS] == 1


async def test_a_rotated_key_is_fetched_when_a_token_names_it(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key]
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    server.publish([signing_keys["ES256"], signing_keys["RS256"]])
    assert await has(keys, "RS256")
    assert await has(keys, "ES256")


async def test_a_withdrawn_key_is_gone_with_the_next_fetch(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key]
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    version = keys.version
    server.publish([signing_keys["RS256"]])
    assert await has(keys, "RS256")
    assert not await has(keys, "ES256")
    assert keys.version != version


async def test_unknown_keys_force_one_fetch_in_thirty_seconds(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    for number in range(50):
        await keys.prepare(f"made-up-{number}", "ES256")
    assert server.asked[JWKS] == 2
    clock.now += FORCED_EVERY - 0.1
    await keys.prepare("made-up", "ES256")
    assert server.asked[JWKS] == 2
    clock.now += 0.2
    await keys.prepare("made-up", "ES256")
    assert server.asked[JWKS] == 3


async def test_a_clock_set_back_does_not_stop_refetching(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    await keys.prepare("made-up", "ES256")
    clock.now -= 86_400
    server.publish([signing_keys["RS256"]])
    assert await has(keys, "RS256")


async def test_many_requests_share_one_fetch(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key]
) -> None:
    server.publish([signing_keys["ES256"]])
    server.gate.clear()
    waiting = [asyncio.create_task(has(keys, "ES256")) for _ in range(100)]
    await server.arrived.wait()
    waiting.pop().cancel()  # one that leaves takes nothing from the others
    server.gate.set()
    assert all(await asyncio.gather(*waiting))
    assert server.asked[JWKS] == 1
    assert server.asked[OPENID] == 1


async def test_the_old_set_serves_while_the_issuer_is_down(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    await server.stop()
    for _ in range(48):
        clock.now += 3600
        assert await has(keys, "ES256")
    await server.start()
    server.publish([signing_keys["ES256"], signing_keys["RS256"]])
    clock.now += 3600
    assert await has(keys, "RS256")


async def test_without_any_set_the_issuer_is_not_asked_all_the_time(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.answers[OPENID] = Answer(status=503)
    for _ in range(20):
        with pytest.raises(Unavailable):
            await keys.prepare("key-ES256", "ES256")
    assert server.asked[OPENID] == 1
    server.publish([signing_keys["ES256"]])
    clock.now += 2.1
    assert await has(keys, "ES256")


async def test_an_unusable_new_set_leaves_the_old_one_in_force(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    for answer in (Answer(b"<html>"), Answer(status=500), Answer(b" " * 600_000), Answer(b"[]", 302)):
        server.answers[JWKS] = answer
        clock.now += LIFETIME_MAX
        assert await has(keys, "ES256")


async def test_a_moved_key_set_is_discovered_anew_after_a_failure(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    server.answers["/moved"] = server.answers.pop(JWKS)
    server.answers[OPENID] = Answer(json.dumps({"issuer": server.url, "jwks_uri": server.url + "/moved"}).encode())
    clock.now += LIFETIME_MAX
    assert await has(keys, "ES256")
    clock.now += 3.0
    assert await has(keys, "ES256")
    assert server.asked["/moved"] == 1


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [(None, 3600.0), ("max-age=10", LIFETIME_MIN), ("no-store", LIFETIME_MIN), ("public, max-age=7200", 7200.0)],
)
async def test_the_lifetime_follows_cache_control_within_bounds(
    server: IssuerServer,
    keys: RemoteKeys,
    signing_keys: dict[str, Key],
    clock: Clock,
    cache_control: str | None,
    seconds: float,
) -> None:
    server.publish([signing_keys["ES256"]], cache_control)
    assert await has(keys, "ES256")
    assert keys.due_in() == pytest.approx(seconds * 0.8)
    clock.now += seconds - 1
    assert await has(keys, "ES256")
    assert server.asked[JWKS] == 1
    clock.now += 2
    assert await has(keys, "ES256")
    assert server.asked[JWKS] == 2


def test_no_lifetime_is_out_of_bounds() -> None:
    for seconds in (None, 0, 1, 10**9):
        assert LIFETIME_MIN <= lifetime(seconds) <= LIFETIME_MAX


async def test_a_started_source_fetches_ahead_by_itself(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    await keys.start()
    assert server.asked[JWKS] == 1
    clock.now += 3600 * 0.85
    server.publish([signing_keys["RS256"]])
    async with asyncio.timeout(5):
        while not keys.at_hand("key-RS256", "RS256"):  # nobody asks: the source does it alone
            await asyncio.sleep(0.01)
    assert server.asked[JWKS] == 2


async def test_starting_with_the_issuer_down_is_no_error(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    await server.stop()
    await keys.start()
    assert keys.version == ""
    await server.start()
    server.publish([signing_keys["ES256"]])
    clock.now += 3.0
    assert await has(keys, "ES256")


async def test_an_issuer_that_withdraws_all_keys_is_believed(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    server.publish([])
    clock.now += 3600
    assert not await has(keys, "ES256")
    server.publish([signing_keys["ES256"]])
    clock.now += 3600
    assert await has(keys, "ES256")


async def test_the_place_of_the_keys_is_what_discovery_says_and_nothing_else(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    """Not where the key set itself is sent to by a redirect, and not another issuer's."""
    server.publish([signing_keys["ES256"]])
    assert await has(keys, "ES256")
    server.answers["/elsewhere"] = server.answers[JWKS]
    server.answers[JWKS] = Answer(status=302, headers=(("Location", "/elsewhere"),))
    clock.now += LIFETIME_MAX
    await keys.prepare("key-ES256", "ES256")
    server.answers[OPENID] = Answer(
        json.dumps({"issuer": "https://evil.example", "jwks_uri": server.url + "/elsewhere"}).encode()
    )
    clock.now += LIFETIME_MAX
    await keys.prepare("key-ES256", "ES256")
    assert server.asked["/elsewhere"] == 0
    assert await has(keys, "ES256")  # the old set is in force still


async def test_a_withdrawn_key_is_gone_after_its_lifetime_though_nobody_names_another(
    server: IssuerServer, keys: RemoteKeys, signing_keys: dict[str, Key], clock: Clock
) -> None:
    server.publish([signing_keys["ES256"]], "max-age=600")
    assert await has(keys, "ES256")
    server.publish([signing_keys["RS256"]], "max-age=600")
    clock.now += 599
    assert await has(keys, "ES256")
    clock.now += 1
    assert not await has(keys, "ES256")
