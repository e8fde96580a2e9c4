"""Server-sent events out of octets (WHATWG HTML section 9.2)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from dataclasses import dataclass
from typing import Any, Final

_END: Final = re.compile(rb"\r\n|\n|\r(?=[\s\S])")  # a last CR may be half of a line's end
"""Not ``str.splitlines``: a subject may well hold U+2028."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event. ``retry``: milliseconds to wait before the next stream, where the server said so."""

    kind: str
    data: Any
    id: str | None = None
    retry: int | None = None


async def frames(octets: AsyncIterable[bytes]) -> AsyncGenerator[Frame, None]:
    """Events as they come; comments are passed over. ``id`` is the event's own, not that of one before."""
    pending, searched, block, retry = b"", 0, list[bytes](), None
    async for chunk in octets:
        pending += chunk
        start = 0
        for end in _END.finditer(pending, searched):
            line, start = pending[start : end.start()], end.end()
            if line:
                block.append(line)
                continue
            frame = _frame(block, retry)
            block = []
            retry = frame.retry
            if frame.data is not None:
                yield frame
        pending = pending[start:]
        searched = max(0, len(pending) - 1)  # what has no end in it is not looked through again


def _frame(lines: Iterable[bytes], retry: int | None) -> Frame:
    kind, state, data = "message", None, list[str]()
    for line in lines:
        name, _, rest = line.decode().partition(":")
        value = rest.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "id":
            state = value
        elif name == "data":
            data.append(value)
        elif name == "retry" and value.isdigit():
            retry = int(value)
    return Frame(kind, json.loads("\n".join(data)) if data else None, state, retry)
