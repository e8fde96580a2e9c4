"""Run in a process of its own: applies values to a cache file, and is killed at the n-th statement of SQL."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from gateway.client.apply import apply
from gateway.client.cache import Cache
from gateway.client.outbox import Outbox


def main(file: Path, values: Path, at: int) -> None:
    cache = Cache(file)
    count = 0

    def statement(_: str) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    cache._db.set_trace_callback(statement)
    for number, value in enumerate(json.loads(values.read_text())):
        if cache.mark("token") == str(number):
            apply(cache, value, token=str(number + 1))
    outbox = Outbox(cache)
    for number, change in enumerate(({"add": ["a"], "remove": []}, {"add": ["b"], "remove": ["a"]})):
        if cache.mark("queued") == str(number):
            with cache.transaction():
                outbox.put(f"key{number}", "flags", message="Fa", value=change)
                cache.set_mark("queued", str(number + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
