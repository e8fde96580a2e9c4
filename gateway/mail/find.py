"""Searching the open folder."""

from __future__ import annotations

from gateway.imap.encode.search_key import SearchKey
from gateway.imap.session import Session


async def find(session: Session, key: SearchKey) -> list[int]:
    """UIDs that match, rising."""
    return list((await session.search(key)).uids or ())
