"""The cache's file: it outlives whatever ends the process, at any statement."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from gateway.client.apply import apply
from gateway.client.cache import Cache
from gateway.client.outbox import Outbox

from .shelf import dump, fill
from .test_apply import changes, folder, message

START = {"token": "0", "unread": [], "folders": {"F": folder("F"), "G": folder("G")}, "messages": {}}
LIST: Any = {"created": [], "updated": [], "destroyed": ["G"], "renamed": [{"id": "F", "folder": folder("N")}]}
VALUES: list[Any] = [
    changes("F", created=[message("a", "F"), message("b", "F")], totalMessages=2),
    changes("F", created=[message("c", "F")], updated=[{"id": "Fa", "flags": ["$seen"]}], destroyed=["Fb"]),
    LIST,
    changes("N", moved=[{"id": "Fa", "newId": "Na"}]),
]


def states() -> list[dict[str, Any]]:
    """What the cache is after each of the values."""
    cache = Cache(":memory:")
    fill(cache, START)
    found = [dump(cache)]
    for number, value in enumerate(VALUES):
        apply(cache, value, token=str(number + 1))
        found.append(dump(cache))
    cache.close()
    return found


def run(file: Path, values: Path, at: int) -> int:
    command = [sys.executable, "-m", "tests.client.dies", str(file), str(values), str(at)]
    return subprocess.run(command, check=False, timeout=60).returncode


def test_killed_at_any_statement_it_holds_a_mailbox_and_its_state(tmp_path: Path) -> None:
    right, values, at = states(), tmp_path / "values.json", 0
    values.write_text(json.dumps(VALUES))
    while True:
        at += 1
        file = tmp_path / f"{at}.db"
        cache = Cache(file)
        fill(cache, START)
        cache.set_mark("queued", "0")
        cache.close()
        code = run(file, values, at)
        cache = Cache(file)
        assert dump(cache) == right[int(cache.mark("token") or "")], at
        queued = [change.value for change in Outbox(cache).waiting()]
        both = {"add": ["b"], "remove": ["a"]}
        assert queued == [[], [{"add": ["a"], "remove": []}], [both]][int(cache.mark("queued") or "")], at
        cache.close()
        if code == 0:
            break
        assert code == -signal.SIGKILL
        if at % 10 == 0:  # and the next run goes on to the end
            assert run(file, values, 10_000) == 0
            cache = Cache(file)
            assert (dump(cache), cache.mark("queued")) == (right[-1], "2")
            cache.close()
    assert at > 25, "each statement was the last one once"


def test_a_folder_read_anew_is_shown_until_its_pages_say_otherwise(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "mail.db")
    fill(cache, {**START, "messages": {"Fa": message("a", "F"), "Fb": message("b", "F")}})
    cache.reread("F")
    assert cache.unread() == ["F"]
    assert {each["id"] for each in cache.messages("F")} == {"Fa", "Fb"}
    cache.put_messages([message("a", "F")])
    cache.drop_stale("F")
    assert {each["id"] for each in cache.messages("F")} == {"Fa"}
    cache.close()


def test_a_renamed_folder_that_was_not_read_to_its_end_is_read_anew_once_it_was_told_what_moved(tmp_path: Path) -> None:
    """Not before: after another renaming ``moved`` names ids of before the first, and nothing that was read since."""
    cache = Cache(tmp_path / "mail.db")
    fill(cache, START)
    cache.set_cursor("F", "half-way")
    apply(cache, LIST)
    assert cache.unread() == []
    apply(cache, LIST | {"destroyed": [], "renamed": [{"id": "N", "folder": folder("M")}]})
    apply(cache, changes("M", moved=[]))
    assert (cache.unread(), cache.progress("M")[1]) == (["M"], "")
    cache.close()
