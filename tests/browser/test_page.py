"""The demo's page in a real browser: the network goes, the mailbox changes, the network comes back."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser.webdriver import MISSING, Page
from tests.demo.conftest import Demo, start_demo
from tests.servers.faultproxy import FaultProxy

CUT_SECONDS = float(os.environ.get("BROWSER_CUT_SECONDS", "2"))
RIGHT_SECONDS = float(os.environ.get("BROWSER_RIGHT_SECONDS", "10"))
"""How soon after the network is back the page has to be right; on a machine of its own one second is enough."""
PICTURES = os.environ.get("BROWSER_PICTURES")
"""A folder for screenshots."""

ROWS = """
return [...document.querySelectorAll('#rows .row:not(.ghost)')].map((row) => ({
  id: row.id.slice(4), unread: row.classList.contains('unread'),
  starred: row.querySelector('.star').getAttribute('aria-pressed') === 'true',
  pending: row.classList.contains('pending'),
}))"""
COUNTS = """
return Object.fromEntries([...document.querySelectorAll('.folder')].map((folder) => [
  folder.dataset.folder, Number(folder.querySelector('.badge')?.textContent ?? 0)]))"""
LIVE = "return document.querySelector('#connection').dataset.state === 'live'"
OFFLINE = "return !document.querySelector('#offline').hidden"
PRESS = """
document.querySelector('#rows').dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))"""
CLICK = "document.getElementById('row-' + arguments[0]).click()"
STAR = "document.getElementById('row-' + arguments[0]).querySelector('.star').click()"
SIGN_IN = """
if (document.querySelector('#welcome')?.hidden !== false) return false;
document.querySelector('#sign-in').click();
return true"""
AGREE = "return document.querySelector('form[action^=\"/authorize\"] button')"


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    if not Page.available():
        pytest.skip(MISSING)
    running = start_demo(tmp_path_factory.mktemp("demo"), "--deliver-every", "0")
    yield running
    assert running.stop() == 0


@pytest.fixture
async def cable(mail: Demo) -> AsyncIterator[FaultProxy]:
    """Between the browser and the gateway."""
    async with FaultProxy("127.0.0.1", urlsplit(mail.url).port or 0) as proxy:
        yield proxy


@pytest.fixture
async def page(mail: Demo, cable: FaultProxy) -> AsyncIterator[Page]:
    """Signed in, and live. What it knows as the gateway is the cable's near end."""
    async with Page({urlsplit(mail.url).netloc: f"127.0.0.1:{cable.port}"}) as browser:
        await browser.open(f"{mail.url}/")
        await browser.until(SIGN_IN)
        await browser.until(AGREE)
        await browser.run(f"{AGREE}.click()")
        await browser.until(LIVE)
        await browser.until(f"{ROWS.replace('return', 'return (')}).length > 10")
        yield browser


@pytest.fixture
def api(mail: Demo) -> Iterator[httpx.Client]:
    with mail.client() as client:
        client.base_url = f"{mail.url}/v1/accounts/me"
        yield client


async def cut(kind: str, page: Page, cable: FaultProxy) -> None:
    if kind == "network":
        await page.network(on=False)
    else:
        cable.refuse = True
        cable.reset_all()


async def mend(page: Page, cable: FaultProxy) -> None:
    cable.refuse = False
    await page.network(on=True)


def letter(subject: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "demo@example.org", subject
    message["Message-ID"] = f"<{subject.replace(' ', '.')}@example.org>"
    message.set_content("It came while you were away.\n")
    return message.as_bytes()


def arrived(api: httpx.Client, folder: str, subject: str) -> str:
    headers = {"Content-Type": "message/rfc822"}
    answer = api.post(f"/folders/{folder}/messages", content=letter(subject), headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def truth(api: httpx.Client) -> list[dict[str, Any]]:
    """The inbox as the gateway tells it, in the form of ``ROWS``."""
    messages = api.get("/folders/inbox/messages", params={"limit": 40}).json()["messages"]
    return [
        {
            "id": message["id"],
            "unread": "$seen" not in message["flags"],
            "starred": "$flagged" in message["flags"],
            "pending": False,
        }
        for message in messages
    ]


async def right(page: Page, api: httpx.Client, timeout: float) -> None:
    """Until the page shows what is true."""
    shown, wanted = None, truth(api)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        shown = (await page.run(ROWS))[: len(wanted)]
        if shown == wanted:
            return
        await asyncio.sleep(0.02)
        wanted = truth(api)
    assert shown == wanted


@pytest.mark.timeout(120 + 2 * CUT_SECONDS)
@pytest.mark.parametrize("kind", ["gateway", "network"])
async def test_the_way_is_cut_and_the_mailbox_changes_meanwhile(
    page: Page, cable: FaultProxy, api: httpx.Client, kind: str
) -> None:
    """``gateway``: it can't be reached. ``network``: the browser has none."""
    ids = [row["id"] for row in truth(api)]
    mine = {"starred": ids[1], "archived": ids[2], "deleted": ids[3]}
    theirs = {"starred": ids[4], "moved": ids[5], "deleted": ids[6]}
    folders = {folder["role"]: folder["id"] for folder in api.get("/folders").json()["folders"] if folder["role"]}
    await cut(kind, page, cable)
    began = time.monotonic()
    await page.until(OFFLINE)
    await page.run(STAR, mine["starred"])
    for id_, key in ((mine["archived"], "e"), (mine["deleted"], "#")):
        await page.run(CLICK, id_)
        await page.run(PRESS, key)
    shown = {row["id"]: row for row in await page.run(ROWS)}
    assert shown[mine["starred"]]["pending"]
    assert mine["archived"] not in shown
    assert mine["deleted"] not in shown
    api.patch(f"/messages/{theirs['starred']}/flags", json={"add": ["$flagged"]})
    api.post(f"/messages/{theirs['moved']}/move", json={"folder": "archive"})
    api.delete(f"/messages/{theirs['deleted']}", params={"permanent": "true"})
    arrived(api, "inbox", "While you were away")
    unread = (await page.run(COUNTS))[folders["archive"]]
    arrived(api, "archive", f"Filed by itself ({kind})")
    while time.monotonic() < began + CUT_SECONDS:  # the time is what is tried
        await asyncio.sleep(min(0.5, max(0.0, began + CUT_SECONDS - time.monotonic())))
    await picture(page, "offline")

    await mend(page, cable)
    back = time.monotonic()
    await page.until(LIVE, timeout=RIGHT_SECONDS)
    await page.until(f"{ROWS.replace('return', 'return !(')}).some((row) => row.pending)", timeout=RIGHT_SECONDS)
    await right(page, api, RIGHT_SECONDS)
    seconds = time.monotonic() - back
    assert seconds <= RIGHT_SECONDS
    print(f"cut for {back - began:.1f} s; right {seconds * 1000:.0f} ms after the network was back")
    await picture(page, "back")
    flags = api.get(f"/messages/{mine['starred']}").json()["flags"]
    assert "$flagged" in flags
    archived = [message["subject"] for message in api.get("/folders/archive/messages").json()["messages"]]
    assert f"Filed by itself ({kind})" in archived
    await page.until(
        f"{COUNTS.replace('return', 'return (')})[arguments[0]] > arguments[1]", folders["archive"], unread
    )
    assert not await page.run(OFFLINE)


async def test_by_its_other_name_it_is_the_same_page(mail: Demo) -> None:
    """Who types localhost signs in as well, and comes back to where they were."""
    async with Page() as browser:
        await browser.open(f"{mail.url.replace('127.0.0.1', 'localhost')}/")
        await browser.until(SIGN_IN)
        await browser.until(AGREE)
        await browser.run(f"{AGREE}.click()")
        await browser.until(LIVE)
        assert await browser.run("return location.hostname") == "localhost"


async def test_a_killed_connection_is_nothing_to_see(page: Page, cable: FaultProxy, api: httpx.Client) -> None:
    for number in range(3):
        cable.reset_all()
        arrived(api, "inbox", f"Round {number}")
        await right(page, api, RIGHT_SECONDS)
    await page.until(LIVE)


async def test_folders_come_get_other_names_and_go(page: Page, api: httpx.Client) -> None:
    there = "return [...document.querySelectorAll('.folder-name')].some((name) => name.textContent === arguments[0])"
    made = api.post("/folders", json={"name": "Quince"}).json()["id"]
    await page.until(there, "Quince")
    arrived(api, made, "In the new folder")
    await page.run("document.querySelector(`[data-folder='${arguments[0]}']`).click()", made)
    await page.until(f"{ROWS.replace('return', 'return (')}).length === 1")
    assert api.patch(f"/folders/{made}", json={"name": "Medlar"}).status_code == 200
    await page.until(there, "Medlar")
    await page.until("return document.querySelector('#folder-name').textContent === 'Medlar'")
    await page.until(f"{ROWS.replace('return', 'return (')}).length === 1")
    renamed = next(folder["id"] for folder in api.get("/folders").json()["folders"] if folder["name"] == "Medlar")
    assert api.delete(f"/folders/{renamed}", params={"force": "true"}).status_code == 204
    await page.until("return document.querySelector('#folder-name').textContent === 'Inbox'")
    await right(page, api, RIGHT_SECONDS)


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES, f"{name}.png").write_bytes(await page.picture())
