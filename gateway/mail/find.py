"""Searching the open folder."""

from __future__ import annotations

from gateway.imap.encode.search_key import SearchKey, UidIn
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.logic import all_of


async def find(session: Session, key: SearchKey) -> list[int]:
    """UIDs that match, rising."""
    return list((await session.search(key)).uids or ())


async def find_newest(session: Session, key: SearchKey, below: int, wanted: int) -> list[int]:
    """UIDs that match, rising: at least the ``wanted`` highest under ``below``, where the server can stop there.

    Needs PARTIAL (RFC 9394 section 3.1); elsewhere they are all there.
    """
    if not (session.capabilities.has("PARTIAL") and session.capabilities.has("ESEARCH")):
        return await find(session, key)
    under = UidIn(UidSet.span(1, below - 1))
    return list(await session.search_newest(all_of((under, key)), wanted)) if below > 1 else []
