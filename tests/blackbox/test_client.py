"""The reference client against the real gateway: away, back, and in step again; on every server."""

from __future__ import annotations

import asyncio
import imaplib
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from gateway.client.api import Offline, Token
from gateway.client.client import Client
from tests.servers.faultproxy import FaultProxy

from .conftest import Site
from .mail import plain, stored

DOCS = Path(__file__).parents[2] / "docs/client.md"


def token_of(site: Site, user: str) -> Token:
    async def token() -> str:
        return site.gateway.headers(user, ttl=3000)["Authorization"].removeprefix("Bearer ")

    return token


def client_of(site: Site, user: str, file: Path, folders: Sequence[str] | None = None) -> Client:
    http = httpx.AsyncClient(trust_env=False, verify=False)
    return Client(site.gateway.url, token_of(site, user), file, folders=folders, http=http)


def truth(imap: imaplib.IMAP4, mailbox: str = "INBOX") -> list[tuple[str, ...]]:
    """Flags of each message, oldest first, as IMAP tells them."""
    imap.select(mailbox, readonly=True)
    _, found = imap.fetch("1:*", "(FLAGS)")
    return [tuple(sorted(_keywords(line))) for line in found if isinstance(line, bytes)]


def _keywords(line: bytes) -> list[str]:
    flags = imaplib.ParseFlags(line)
    return [flag.decode().replace("\\", "$").lower() for flag in flags if flag.lower() != b"\\recent"]


@pytest.fixture
async def away(site: Site, user: str, tmp_path: Path) -> AsyncIterator[Client]:
    async with client_of(site, user, tmp_path / "mail.db", folders=["inbox"]) as made:
        yield made


async def test_named_folder_away_and_back(away: Client, client: httpx.AsyncClient, site: Site, user: str) -> None:
    made = [await stored(client, plain(number)) for number in range(4)]
    await away.sync()
    assert {message["id"] for message in away.messages("inbox")} == set(made)
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "(\\Flagged)")
        other.store("2", "+FLAGS", "(\\Deleted)")
        other.expunge()
    new = await stored(client, plain(9))
    await away.sync()
    shown = {message["id"]: message["flags"] for message in away.messages("inbox")}
    assert shown == {made[0]: ["$flagged"], made[2]: [], made[3]: [], new: []}


async def test_a_folder_renamed_between_the_list_and_its_pages_is_read_under_its_new_name(
    client: httpx.AsyncClient, site: Site, user: str, tmp_path: Path
) -> None:
    work = (await client.post("/folders", json={"name": "Work"})).json()["id"]
    await stored(client, plain(1), work)

    async def renamed(request: httpx.Request) -> None:
        if request.url.path.endswith(f"/folders/{work}/messages") and http.event_hooks["request"]:
            http.event_hooks["request"] = []
            with site.imap(user) as other:
                assert other.rename("Work", "Play")[0] == "OK"

    http = httpx.AsyncClient(trust_env=False, verify=False)
    http.event_hooks["request"] = [renamed]
    async with Client(site.gateway.url, token_of(site, user), tmp_path / "mail.db", http=http) as away:
        await away.sync()
        assert not http.event_hooks["request"]
        (play,) = (folder["id"] for folder in away.folders() if folder["name"] == "Play")
        assert [message["subject"] for message in away.messages(play)] == ["message 1"]


async def test_what_was_done_while_away_is_shown_at_once_and_sent_on_return(
    away: Client, client: httpx.AsyncClient, site: Site, user: str
) -> None:
    flagged, moved, deleted, gone = [await stored(client, plain(number)) for number in range(4)]
    await away.sync()
    away.flag(flagged, add=["$flagged"])
    away.flag(flagged, add=["$seen"], remove=["$flagged"])
    away.move(moved, "archive")
    away.flag(moved, add=["$answered"])  # by the id that it will not have any more
    away.delete(deleted)
    away.flag(gone, add=["$seen"])
    draft = away.store("inbox", plain(8), flags=["$draft"])
    away.flag(draft, add=["$flagged"])
    shown = {message["id"]: message["flags"] for message in away.messages("inbox")}
    assert shown == {flagged: ["$seen"], gone: ["$seen"], draft: ["$draft", "$flagged"]}
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("4", "+FLAGS", "(\\Deleted)")
        other.expunge()
    outcomes = await away.sync()
    assert [outcome.result for outcome in outcomes] == ["done"] * 4 + ["gone"] + ["done"] * 2
    assert away.waiting() == []
    with site.imap(user) as other:
        assert truth(other) == [("$seen",), ("$draft", "$flagged")]
        assert truth(other, "Archive") == [("$answered",)]
        assert truth(other, "Trash") == [()]
    assert sorted(tuple(sorted(message["flags"])) for message in away.messages("inbox")) == truth_sorted(site, user)


def truth_sorted(site: Site, user: str) -> list[tuple[str, ...]]:
    with site.imap(user) as other:
        return sorted(truth(other))


async def test_a_stream_goes_on_where_it_was_when_the_gateway_was_away(
    user: str, client: httpx.AsyncClient, quiet: Site, tmp_path: Path
) -> None:
    first = await stored(client, plain(1))
    async with client_of(quiet, user, tmp_path / "mail.db", folders=["inbox"]) as away:
        async with aclosing(away.stream()) as events, asyncio.timeout(60):
            while (await anext(events)).kind != "hello":
                pass
            assert [message["id"] for message in away.messages("inbox")] == [first]
            quiet.gateway.stop()
            while (await anext(events)).kind != "offline":
                pass
            second = await stored(client, plain(2))  # through another gateway
            away.flag(first, add=["$flagged"])
            quiet.gateway.start()
            while len(away.messages("inbox")) < 2 or away.waiting():
                await anext(events)
        assert {message["id"]: message["flags"] for message in away.messages("inbox")} == {
            first: ["$flagged"], second: [],
        }  # fmt: skip


async def test_the_whole_account_away_and_back(
    client: httpx.AsyncClient, site: Site, user: str, tmp_path: Path
) -> None:
    made = [await stored(client, plain(number)) for number in range(3)]
    work = (await client.post("/folders", json={"name": "Work"})).json()["id"]
    at_work = await stored(client, plain(7), work)
    async with client_of(site, user, tmp_path / "mail.db") as away:
        await away.sync()
        await in_step(away, client)
        away.move(made[0], work)
        away.flag(made[0], add=["$flagged"])
        away.delete(made[1])
    assert (await client.patch(f"/folders/{work}", json={"name": "Play"})).status_code == 200
    await client.post("/folders", json={"name": "New"})
    new = await stored(client, plain(8))
    await client.delete(f"/messages/{made[2]}")
    async with client_of(site, user, tmp_path / "mail.db") as away:  # another process, for all it knows
        assert [message["id"] for message in away.messages("inbox")] == [made[2]]
        assert {message["id"] for message in away.messages(work)} == {made[0], at_work}
        assert [outcome.result for outcome in await away.sync()] == ["done"] * 3  # into the folder by its new name
        await away.sync()
        await in_step(away, client)
        assert {message["id"]: message["flags"] for message in away.messages("inbox")} == {
            new: [],
        }  # fmt: skip


async def in_step(away: Client, client: httpx.AsyncClient) -> None:
    """Same folders, same messages, same flags."""
    folders = {folder["id"]: folder for folder in (await client.get("/folders")).json()["folders"]}
    assert {folder["id"] for folder in away.folders()} == set(folders)
    for folder in (id_ for id_, value in folders.items() if value["maySelect"]):
        page = (await client.get(f"/folders/{folder}/messages", params={"limit": 100})).json()
        shown = {message["id"]: message["flags"] for message in away.messages(folder)}
        assert shown == {message["id"]: message["flags"] for message in page["messages"]}


class LosingAnswers(httpx.AsyncBaseTransport):
    """The way to the gateway: each kind of change arrives, and the first time its answer does not."""

    def __init__(self) -> None:
        self._way = httpx.AsyncHTTPTransport()
        self.lost: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._way.handle_async_request(request)
        kind = request.method if request.method != "POST" else request.url.path.rpartition("/")[2]
        if kind != "GET" and kind not in self.lost:
            self.lost.add(kind)
            await response.aread()
            await response.aclose()
            raise httpx.ReadError("lost", request=request)
        return response

    async def aclose(self) -> None:
        await self._way.aclose()


@pytest.mark.parametrize("forgotten", [False, True], ids=["same process", "another process"])
async def test_a_change_whose_answer_was_lost_is_made_once(
    quiet: Site, user: str, client: httpx.AsyncClient, tmp_path: Path, forgotten: bool
) -> None:
    first, second = await stored(client, plain(1)), await stored(client, plain(2))
    way = LosingAnswers()
    http = httpx.AsyncClient(transport=way)
    async with Client(quiet.gateway.url, token_of(quiet, user), tmp_path / "mail.db", http=http) as away:
        await away.sync()
        away.move(first, "archive")
        away.flag(first, add=["$flagged"])
        away.copy(second, "archive")
        away.store("archive", plain(3))
        away.delete(second)
        for _ in range(5):
            with pytest.raises(Offline):
                await away.sync()
            if forgotten:  # nobody remembers the keys
                quiet.gateway.stop(signal.SIGKILL)
                quiet.gateway.start()
        await away.sync()
        assert way.lost == {"move", "PATCH", "copy", "messages", "DELETE"}
        assert away.waiting() == []
        await away.sync()
        await in_step(away, client)
        archived = sorted((message["subject"], message["flags"]) for message in away.messages("archive"))
        assert archived == [("message 1", ["$flagged"]), ("message 2", []), ("message 3", [])]
        assert away.messages("inbox") == []


async def test_a_refused_token_is_renewed(site: Site, user: str, client: httpx.AsyncClient, tmp_path: Path) -> None:
    await stored(client, plain(1))
    given: list[str] = []

    async def token() -> str:
        claims = site.gateway.headers(user, ttl=-4000 if not given else 3000)
        given.append(claims["Authorization"].removeprefix("Bearer "))
        return given[-1]

    async with Client(
        site.gateway.url, token, tmp_path / "mail.db", http=httpx.AsyncClient(trust_env=False, verify=False)
    ) as away:
        await away.sync()
        assert len(away.messages("inbox")) == 1
        assert len(given) == 2


async def test_a_token_that_means_nothing_any_more_is_begun_anew(
    site: Site, user: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    kept, gone = await stored(client, plain(1)), await stored(client, plain(2))
    async with client_of(site, user, tmp_path / "mail.db") as away:
        await away.sync()
        await away.body(kept)
        away.cache.set_mark("token", "nonsense")
        assert (await client.delete(f"/messages/{gone}", params={"permanent": "true"})).status_code == 200
        await away.sync()
        assert [message["id"] for message in away.messages("inbox")] == [kept]
        assert away.cache.body(kept)["text"]["value"].strip() == "body of 1"
        await in_step(away, client)


async def test_a_stream_of_the_whole_account_goes_on_where_it_was(
    user: str, client: httpx.AsyncClient, quiet: Site, tmp_path: Path
) -> None:
    first = await stored(client, plain(1))
    async with client_of(quiet, user, tmp_path / "mail.db") as away:
        async with aclosing(away.stream()) as events, asyncio.timeout(90):
            while (await anext(events)).kind != "hello":
                pass
            made = (await client.post("/folders", json={"name": "Work"})).json()["id"]
            there = await stored(client, plain(2), made)
            while [message["id"] for message in away.messages(made)] != [there]:
                await anext(events)
            quiet.gateway.stop()
            while (await anext(events)).kind != "offline":
                pass
            assert (await client.patch(f"/folders/{made}", json={"name": "Play"})).status_code == 200
            await stored(client, plain(3))
            await client.patch(f"/messages/{first}/flags", json={"add": ["$seen"]})
            away.flag(first, add=["$flagged"])
            quiet.gateway.start()
            while len(away.messages("inbox")) < 2 or away.waiting() or made in {each["id"] for each in away.folders()}:
                await anext(events)
        await away.sync()
        await in_step(away, client)


async def test_the_example_of_the_page_for_client_writers_runs(
    site: Site, user: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    example = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    made = await stored(client, plain(1))
    token = site.gateway.headers(user, ttl=3000)["Authorization"].removeprefix("Bearer ")
    environ = {**os.environ, "GATEWAY": site.gateway.url, "TOKEN": token, "PYTHONPATH": str(DOCS.parents[1])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", example[1], cwd=tmp_path, env=environ, stdout=subprocess.PIPE
    )
    async with asyncio.timeout(60):
        printed, _ = await process.communicate()
    assert process.returncode == 0
    lines = printed.decode().splitlines()
    assert lines[0].endswith(" message 1")
    assert lines[-1] == "hello"
    assert (await client.get(f"/messages/{made}/flags")).json()["flags"] == ["$seen"]


async def test_a_stream_of_several_named_folders_goes_on_where_it_was(on_dovecot: Site, tmp_path: Path) -> None:
    user = on_dovecot.guest()
    async with on_dovecot.gateway.client(user) as client, FaultProxy("127.0.0.1", on_dovecot.gateway.port) as way:
        http = httpx.AsyncClient(trust_env=False, verify=False)
        url, token = f"http://127.0.0.1:{way.port}", token_of(on_dovecot, user)
        async with Client(url, token, tmp_path / "mail.db", folders=["inbox", "archive"], http=http) as away:
            async with aclosing(away.stream()) as events, asyncio.timeout(60):
                for number, folder in enumerate(["inbox", "archive", "inbox"]):
                    made = await stored(client, plain(number), folder)
                    while made not in {message["id"] for message in away.messages(folder)}:
                        await anext(events)
                    way.reset_all()
            await away.sync()
            assert (len(away.messages("inbox")), len(away.messages("archive"))) == (2, 1)


async def test_a_stream_that_falls_silent_is_left(on_dovecot: Site, tmp_path: Path) -> None:
    user = on_dovecot.guest()
    async with on_dovecot.gateway.client(user) as client, FaultProxy("127.0.0.1", on_dovecot.gateway.port) as way:
        http = httpx.AsyncClient(trust_env=False, verify=False)
        url, token = f"http://127.0.0.1:{way.port}", token_of(on_dovecot, user)
        silent = Client(url, token, tmp_path / "mail.db", http=http, silence=2)
        async with silent as away, aclosing(away.stream()) as events, asyncio.timeout(60):
            while (await anext(events)).kind != "hello":
                pass
            way.down.stall()  # the connection stays open, and says nothing any more
            made = await stored(client, plain(1))
            while (await anext(events)).kind != "offline":
                pass
            way.down.clear()
            while made not in {message["id"] for message in away.messages("inbox")}:
                await anext(events)
