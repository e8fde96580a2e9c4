"""The audit that a gateway writes into a file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any


async def lines_of(trail: Path, subject: str, last: str) -> list[dict[str, Any]]:
    """A subject's lines, once ``last`` is among them."""
    async with asyncio.timeout(20):
        while True:
            lines = [json.loads(line) for line in trail.read_text().splitlines()]
            mine = [line for line in lines if line["subject"] == subject]
            if any(line["event"] == last for line in mine):
                return mine
            await asyncio.sleep(0.05)
