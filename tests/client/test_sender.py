"""What the server says there is no place for does not keep the rest of the outbox waiting for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.client.cache import Cache
from gateway.client.outbox import Outbox, Outcome
from gateway.client.sender import MOST_TRIES, Sender

from .shelf import fill
from .test_api import Way, problem
from .test_apply import folder, message

MANY = 20


async def rounds(sender: Sender) -> tuple[int, list[Outcome]]:
    """Send and settle, as a client does that finds in each sync what it found before, until there is an outcome."""
    for number in range(MANY):
        outcomes = [*await sender.send(), *sender.settle()]
        if outcomes:
            return number + 1, outcomes
    return MANY, []


@pytest.mark.parametrize("kind", ["store", "copy"])
@pytest.mark.parametrize(("may_select", "tries"), [(True, MOST_TRIES), (False, 1)])
async def test_a_folder_that_is_listed_and_is_none(kind: Any, may_select: bool, tries: int) -> None:
    cache = Cache(":memory:")
    folders = {"F": folder("F"), "G": folder("G") | {"maySelect": may_select}}
    fill(cache, {"token": None, "unread": [], "folders": folders, "messages": {"Fa": message("a", "F")}})
    outbox = Outbox(cache)
    value: Any = {"flags": [], "receivedAt": "2026-11-20T08:00:00Z"} if kind == "store" else {}
    content = b"Subject: x\r\n\r\n" if kind == "store" else None
    outbox.put("1", kind, message=None if kind == "store" else "Fa", folder="G", value=value, content=content)
    way = Way(*(problem(404, "not-found") for _ in range(MANY)))
    sender = Sender(way.api, cache, outbox, asyncio.Lock(), lambda folder: True)
    asked, (outcome,) = await rounds(sender)
    assert (asked, outcome.result, len(way.asked)) == (tries, "refused", tries)
    assert outbox.waiting() == []
    cache.close()
