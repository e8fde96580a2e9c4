"""A page that was shown before is true: whatever another session did a moment ago is on it, on every server."""

from __future__ import annotations

import imaplib
import random
import re
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from gateway.mail.address import parse_message
from gateway.sync.ids import MessageId

from .conftest import Site
from .mail import plain

STEPS = 30
LIMIT = 5
_UID = re.compile(rb"UID (\d+)")
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
Shown = list[tuple[int, set[str]]]


def truth(other: imaplib.IMAP4) -> Shown:
    """UID and flags of the newest messages, as the changing session itself has them."""
    other.noop()
    _, data = other.fetch("1:*", "(UID FLAGS)")
    found: Shown = []
    for line in data:
        uid, flags = (each.search(line) if isinstance(line, bytes) else None for each in (_UID, _FLAGS))
        if uid is not None and flags is not None:
            names = {name.decode().lower().replace("\\", "$") for name in flags[1].split()}
            found.append((int(uid[1]), names - {"$recent"}))
    return sorted(found, key=lambda each: -each[0])[:LIMIT]


async def shown(client: httpx.AsyncClient, folder: str, etag: str) -> tuple[Shown | None, str]:
    answer = await client.get(
        f"/folders/{folder}/messages", params={"limit": LIMIT}, headers={"If-None-Match": etag} if etag else {}
    )
    if answer.status_code == 304:
        return None, etag
    assert answer.status_code == 200, answer.text
    messages = answer.json()["messages"]
    return [(MessageId.parse(m["id"]).uid, {flag.lower() for flag in m["flags"]}) for m in messages], answer.headers[
        "etag"
    ]


def append(other: imaplib.IMAP4, mailbox: str, chance: random.Random) -> None:
    other.append(mailbox, "(\\Seen)" if chance.random() < 0.5 else "", "", plain(chance.randrange(1000)))


def change(other: imaplib.IMAP4, mailbox: str, chance: random.Random) -> None:
    """One thing that another device does."""
    uids = [uid for uid, _ in truth(other)]
    if len(uids) < 3 or chance.random() < 0.2:
        append(other, mailbox, chance)
        return
    uid = str(chance.choice(uids))
    match chance.randrange(4):
        case 0:
            other.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
            other.expunge()
        case 1:
            other.uid("STORE", uid, "+FLAGS.SILENT", chance.choice(["(\\Flagged)", "(\\Seen)", "(work)"]))
        case 2:
            other.uid("STORE", uid, "-FLAGS", chance.choice(["(\\Flagged)", "(\\Seen)", "(work)"]))
        case _:
            other.uid("STORE", uid, "FLAGS", "(\\Answered)")


@pytest.mark.parametrize("mailbox", ["INBOX", "Other"])
async def test_what_another_session_did_a_moment_ago_is_on_the_page(
    client: httpx.AsyncClient, site: Site, user: str, mailbox: str
) -> None:
    chance = random.Random(20261127)
    folder = "inbox"
    if mailbox != "INBOX":
        folder = (await client.post("/folders", json={"name": mailbox})).json()["id"]
    with site.imap(user) as other:
        for _ in range(LIMIT):
            append(other, mailbox, chance)
        other.select(mailbox)
        etag = ""
        last, etag = await shown(client, folder, "")
        for step in range(STEPS):
            change(other, mailbox, chance)
            expected = truth(other)
            found, tag = await shown(client, folder, chance.choice(["", etag]))
            assert (last if found is None else found) == expected, step
            again, _ = await shown(client, folder, "")  # as it was sent the first time
            assert again == expected, step
            last, etag = expected, tag


@pytest.mark.parametrize("remake", [True, False], ids=["made anew", "emptied"])
async def test_a_folder_made_anew_shows_what_is_in_it_now(
    client: httpx.AsyncClient, site: Site, user: str, remake: bool
) -> None:
    folder = (await client.post("/folders", json={"name": "Project"})).json()["id"]
    numbers = count()
    with site.imap(user) as other:
        for subject in ("one", "two", "three"):
            for _ in range(2):
                other.append("Project", "", "", plain(1, subject=subject))
            for _ in range(2):
                answer = await client.get(f"/folders/{folder}/messages")
                assert [m["subject"] for m in answer.json()["messages"]] == [subject] * 2
            clear: Callable[[], object] = (lambda: remade(other, numbers)) if remake else (lambda: emptied(other))
            clear()
            for _ in range(2):
                answer = await client.get(f"/folders/{folder}/messages")
                assert answer.json()["messages"] == []


def remade(other: imaplib.IMAP4, number: Iterator[int]) -> None:
    """Renamed away, for within one second Cyrus deletes a name once only."""
    assert other.rename("Project", f"Old{next(number)}")[0] == "OK"
    assert other.create("Project")[0] == "OK"


def emptied(other: imaplib.IMAP4) -> None:
    other.select("Project")
    other.store("1:*", "+FLAGS", "(\\Deleted)")
    other.close()


async def test_a_renamed_folder_shows_its_messages_under_its_new_name(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    folder = (await client.post("/folders", json={"name": "Before"})).json()["id"]
    with site.imap(user) as other:
        for number in range(3):
            other.append("Before", "", "", plain(number))
        for _ in range(2):
            answer = await client.get(f"/folders/{folder}/messages")
        other.rename("Before", "After")
    renamed = next(each["id"] for each in (await client.get("/folders")).json()["folders"] if each["name"] == "After")
    page = await client.get(f"/folders/{renamed}/messages", headers={"If-None-Match": answer.headers["etag"]})
    assert page.status_code == 200
    messages = page.json()["messages"]
    assert [parse_message(each["id"])[0].wire for each in messages] == [b"After"] * 3
    assert {each["folderId"] for each in messages} == {renamed}


async def test_two_folders_that_stand_alike_are_two(client: httpx.AsyncClient, site: Site, user: str) -> None:
    """Made within a second they may have one UIDVALIDITY, and each has one message."""
    with site.imap(user) as other:
        for name in ("One", "Two"):
            other.create(name)
        for name in ("One", "Two"):
            other.append(name, "", "", plain(1, subject=name))
    listed = (await client.get("/folders")).json()["folders"]
    made = [each["id"] for each in listed if each["name"] in ("One", "Two")]
    pages = [(await client.get(f"/folders/{each}/messages")).json()["messages"] for each in made]
    assert sorted(message["subject"] for page in pages for message in page) == ["One", "Two"]
