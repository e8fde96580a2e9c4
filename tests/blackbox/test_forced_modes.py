"""Each mode on each server: the configuration takes away what the server has, and clients stay in step all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from .account_client import AccountClient, assert_in_step
from .conftest import Site
from .mail import plain, stored

MODES = {"qresync": (), "condstore": ("QRESYNC",), "window": ("QRESYNC", "CONDSTORE")}


@pytest.fixture(params=["dovecot", "cyrus"])
def server(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def forced(server: Site, mode: str) -> Iterator[Site]:
    """The server behind a gateway that is told to do without."""
    upstream = replace(server.gateway.upstream, ignore=MODES[mode])
    with replace(server.gateway, upstream=upstream) as gateway:
        yield replace(server, gateway=gateway)


@pytest.mark.parametrize("mode", MODES)
async def test_a_mode_can_be_forced_down_and_tells_the_same(forced: Site, mode: str) -> None:
    user = forced.guest()
    async with forced.gateway.client(user) as client:
        assert (await client.get(f"{forced.gateway.url}/v1/accounts/me")).json()["syncMode"] == mode
        ids = [await stored(client, plain(number)) for number in range(8)]
        away = AccountClient(client, most=3)
        await away.start()
        await assert_in_step(away, client)
        other = forced.imap(user)
        other.select("INBOX")
        other.store("2:6", "+FLAGS", "\\Flagged")
        other.store("4:5", "+FLAGS", "\\Deleted")
        other.expunge()
        other.create("Elsewhere")
        other.copy("1:3", "Elsewhere")
        other.logout()
        new = await stored(client, plain(9))
        await assert_in_step(away, client)
        assert {told["mode"] for answer in away.answers for told in answer["changes"]} == {mode}
        assert {*ids[:3], *ids[5:], new} <= set(away.messages)
        await away.sync()
        assert away.answers[0]["changes"] == []
