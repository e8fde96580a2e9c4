"""A cache as a plain value, in the form of ``apply_cases.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.client.cache import FROM_THE_TOP, Cache

CASES = Path(__file__).with_name("apply_cases.json")


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(CASES.read_text(encoding="utf-8"))
    return found


def fill(cache: Cache, value: dict[str, Any]) -> None:
    for folder in value["folders"].values():
        cache.put_folder(folder, cursor=FROM_THE_TOP if folder["id"] in value["unread"] else None)
    cache.put_messages(value["messages"].values())
    cache.set_mark("token", value["token"])


def dump(cache: Cache) -> dict[str, Any]:
    folders = {folder["id"]: folder for folder in cache.folders()}
    messages = {message["id"]: message for id_ in folders for message in cache.messages(id_)}
    return {"token": cache.mark("token"), "folders": folders, "messages": messages, "unread": cache.unread()}
