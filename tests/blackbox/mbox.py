"""Exports as a client takes them apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

MBOX_LINE = re.compile(rb"(?m)^From [^ \n]+ [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\n")


def messages_of(mbox: bytes, sizes: Sequence[int]) -> list[bytes]:
    """As a client takes an mbox apart that knows the manifest: the whole messages in it."""
    starts = [match.end() for match in MBOX_LINE.finditer(mbox)]
    ends = [*[match.start() for match in MBOX_LINE.finditer(mbox)][1:], len(mbox)]
    found = [re.sub(rb"(?m)^>(>*From )", rb"\1", mbox[start:end]) for start, end in zip(starts, ends, strict=True)]
    return [one[:size] for one, size in zip(found, sizes, strict=False)]


def confirmation(entries: Sequence[dict[str, object]], messages: Sequence[bytes]) -> dict[str, object]:
    digest = hashlib.sha256(b"".join(messages)).hexdigest()
    return {"ids": [entry["id"] for entry in entries], "count": len(messages), "sha256": digest}
