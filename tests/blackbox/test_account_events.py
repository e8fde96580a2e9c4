"""Streams of a whole account, and of several folders, on every server and in every way of watching."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random

import httpx
import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.tokens import TokenIssuer

from .account_stream import Listener
from .conftest import PASS_THROUGH, Site
from .events import watching
from .gateway_process import GatewayProcess, Upstream
from .mail import ids, plain, stored
from .test_account_changes import flagged, made, removed, three_folders

WAYS = {"dovecot": "notify", "swept": "sweep", "cyrus": "sweep", "plain": "poll"}


@pytest.fixture(scope="session")
def on_swept(dovecot: Dovecot, tokens: TokenIssuer) -> Iterator[Site]:
    """A server that has IDLE, but not NOTIFY."""
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, PASS_THROUGH, ignore=("NOTIFY",))
    with GatewayProcess(upstream, tokens, settings={"live": {"sweep_seconds": 0.5}}) as gateway:
        yield Site("swept", gateway, dovecot)


@pytest.fixture(params=list(WAYS))
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
async def listener(client: httpx.AsyncClient) -> Listener:
    """A client with ten messages in three folders, in step."""
    await three_folders(client)
    found = Listener(client)
    await found.start()
    return found


def named(listener: Listener, name: str) -> str:
    (id_,) = [id_ for id_, folder in listener.folders.items() if folder["name"] == name]
    return id_


def messages_in(listener: Listener, name: str) -> list[str]:
    folder = named(listener, name)
    return sorted(id_ for id_, message in listener.messages.items() if message["folderId"] == folder)


async def test_hello_says_how_each_folder_is_watched(listener: Listener, client: httpx.AsyncClient, site: Site) -> None:
    async with watching(client, folders="*") as events:
        hello = await events.next()
    way = WAYS[site.name]
    assert hello.data["folderEvents"] == way
    assert hello.id is not None
    watched = {each["folderId"]: each for each in hello.data["watching"]}
    assert watched.keys() == {id_ for id_, folder in listener.folders.items() if folder["maySelect"]}
    inbox = watched.pop(named(listener, "INBOX"))
    assert inbox["mode"] == ("idle" if way == "sweep" else way)
    assert {each["mode"] for each in watched.values()} == {way}
    seconds = {"notify": None, "sweep": 0.5, "poll": 0.2}[way]
    assert {each["pollSeconds"] for each in watched.values()} == {seconds}
    assert all(each["state"] for each in watched.values())


async def test_from_now_on_only_what_happens_then_is_told(client: httpx.AsyncClient, listener: Listener) -> None:
    async with watching(client, folders="*") as events:
        await events.next()
        new = await stored(client, plain(7), named(listener, "Work"))
        told = await events.next(20)
        assert (told.kind, [message["id"] for message in told.data["created"]]) == ("changes", [new])
        await flagged(client, messages_in(listener, "Play")[0], "$flagged")
        told = await events.next(20)
        assert (told.kind, told.data["folderId"]) == ("changes", named(listener, "Play"))
        (flags,) = [
            update["flags"] for update in told.data["updated"] if update["id"] == messages_in(listener, "Play")[0]
        ]
        assert flags == ["$flagged"]


async def test_what_was_missed_comes_first_and_then_what_happens(listener: Listener, client: httpx.AsyncClient) -> None:
    work, play = messages_in(listener, "Work"), messages_in(listener, "Play")
    await stored(client, plain(10), flags="$flagged")
    await removed(client, work[1])
    await flagged(client, play[0], "$seen", "important")
    await listener.follow()
    async with watching(client, folders="*", since=str(listener.state)) as events:
        await listener.listen(events)
        new = await stored(client, plain(11), named(listener, "Play"))
        told = await listener.listen(events)
        while told.kind != "changes" or not told.data["created"]:
            told = await listener.listen(events)  # flags of the newest messages, where the server does not number them
        assert [message["id"] for message in told.data["created"]] == [new]
    assert await listener.in_step()


async def test_folders_made_deleted_and_subscribed_are_told(listener: Listener, client: httpx.AsyncClient) -> None:
    async with watching(client, folders="*", since=str(listener.state)) as events:
        await listener.listen(events)
        new = await made(client, "Fresh")
        await stored(client, plain(20), new)
        gone, left = named(listener, "Play"), named(listener, "Work")
        assert (await client.delete(f"/folders/{gone}", params={"force": "true"})).status_code == 204
        await client.patch(f"/folders/{left}", json={"isSubscribed": False})
        while not await listener.in_step():
            await listener.listen(events)
    told = [event.data for event in listener.events if event.kind == "folders"]
    assert [folder["id"] for each in told for folder in each["created"]] == [new]
    assert [id_ for each in told for id_ in each["destroyed"]] == [gone]
    assert {folder["id"] for each in told for folder in each["updated"]} >= {left}


async def test_a_renamed_folder_keeps_its_messages(listener: Listener, client: httpx.AsyncClient) -> None:
    old = named(listener, "Work")
    before = messages_in(listener, "Work")
    async with watching(client, folders="*", since=str(listener.state)) as events:
        await listener.listen(events)
        answer = await client.patch(f"/folders/{old}", json={"name": "Labour"})
        assert answer.status_code == 200, answer.text
        await stored(client, plain(30), answer.json()["id"])
        while not await listener.in_step():
            await listener.listen(events)
    renamed = [one for event in listener.events if event.kind == "folders" for one in event.data["renamed"]]
    assert [(one["id"], one["folder"]["id"]) for one in renamed] == [(old, answer.json()["id"])]
    (moved,) = [event for event in listener.events if "moved" in event.data]
    assert [pair["id"] for pair in moved.data["moved"]] == before
    assert all(event.id is not None for event in listener.events)


async def test_who_is_cut_off_between_a_renaming_and_its_messages_gets_them_anew(
    listener: Listener, client: httpx.AsyncClient
) -> None:
    old = named(listener, "Work")
    async with watching(client, folders="*", since=str(listener.state)) as events:
        await listener.listen(events)
        assert (await client.patch(f"/folders/{old}", json={"name": "Labour"})).status_code == 200
        while (await listener.listen(events)).kind != "folders":
            pass
    async with watching(client, folders="*", since=str(listener.state)) as events:
        await listener.listen(events)
        while not await listener.in_step():
            await listener.listen(events)


async def test_a_folder_deleted_and_made_anew_is_another(listener: Listener, client: httpx.AsyncClient) -> None:
    old = named(listener, "Work")
    async with watching(client, folders="*", since=str(listener.state)) as events:
        await listener.listen(events)
        await made_anew(client, old)
        await stored(client, plain(40), old)
        while not await listener.in_step():
            await listener.listen(events)
    assert not [event for event in listener.events if event.kind in ("resync", "bye")]


async def made_anew(client: httpx.AsyncClient, old: str) -> None:
    """Where the watcher opens the folder just as it goes, Dovecot may find a rest of it that has to go, too."""
    async with asyncio.timeout(10):
        while True:
            assert (await client.delete(f"/folders/{old}", params={"force": "true"})).status_code in (204, 404)
            answer = await client.post("/folders", json={"name": "Work"})
            if answer.status_code == 201:
                assert answer.json()["id"] == old
                return
            assert answer.status_code == 409, answer.text


async def test_a_client_that_is_cut_off_again_and_again_misses_nothing(
    listener: Listener, client: httpx.AsyncClient
) -> None:
    random = Random(5)
    for round_ in range(6):
        there = {folder["name"]: folder["id"] for folder in (await client.get("/folders")).json()["folders"]}
        folder = there[random.choice([name for name in ("Work", "Play", "Plays") if name in there])]
        for number in range(3):
            await stored(client, plain(100 + number), folder)
        await removed(client, random.choice(await ids(client, folder)))
        if round_ == 2:
            await client.patch(f"/folders/{there['Play']}", json={"name": "Plays"})
        if round_ == 4:
            await made(client, "Later")
        await listener.follow(cut_after=random.randrange(3))
    await listener.follow()
    assert await listener.in_step()


async def test_several_folders_go_on_from_one_state(client: httpx.AsyncClient, listener: Listener) -> None:
    work, play = named(listener, "Work"), named(listener, "Play")
    async with watching(client, folders=f"{work},{play}") as events:
        hello = await events.next()
        assert hello.id is not None
        await stored(client, plain(1), work)
        first = await events.until("changes", 20)
    missed = await stored(client, plain(2), play)
    assert first.id is not None
    async with watching(client, folders=f"{work},{play}", last_event_id=first.id) as events:
        again = await events.next()
        assert again.id == first.id
        told = await events.next(20)
        assert (told.data["folderId"], told.data["created"][0]["id"]) == (play, missed)
        later = await stored(client, plain(3), work)
        told = await events.next(20)
        assert (told.data["oldState"], told.data["created"][0]["id"]) == (first.data["newState"], later)


async def test_states_that_do_not_fit(client: httpx.AsyncClient, listener: Listener) -> None:
    async with watching(client, folders="*") as events:
        whole = (await events.next()).id
    async with watching(client, folders="inbox") as events:
        one = (await events.next()).id
    async with watching(client, folders=f"inbox,{named(listener, 'Work')}") as events:
        some = (await events.next()).id
    assert whole
    assert one
    assert some
    for folders, since in (("*", one), ("*", some), (f"inbox,{named(listener, 'Work')}", one), ("*", "junk")):
        answer = await client.get("/events", params={"folders": folders, "since": since})
        assert (answer.status_code, answer.json()["field"]) == (400, "since"), (folders, answer.text)
    answer = await client.get("/events", params={"folders": "inbox,*"})
    assert (answer.status_code, answer.json()["field"]) == (400, "folders")
