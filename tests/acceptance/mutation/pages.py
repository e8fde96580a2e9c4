"""Reading a folder from the beginning: its pages, newest first, and the state to go on from."""

from __future__ import annotations

from .cache import CachedFolder, seen
from .client import Client

LIMIT = 40


async def read_pages(client: Client, folder_id: str) -> bool:
    """Fill the cache with a folder's messages; False where there is no such folder, and then the cache has none."""
    folder = client.cache.folders.setdefault(folder_id, CachedFolder())
    while True:
        folder.messages.clear()
        folder.told.clear()
        folder.state = folder.covered = folder.moving = None
        cursor: str | None = None
        while True:
            query = {"limit": str(LIMIT)} | ({"cursor": cursor} if cursor else {})
            reply = await client.ask(f"/folders/{folder_id}/messages", query)
            if reply.status != 200:
                break
            page = reply.json()
            folder.state = folder.state or page["state"]
            folder.messages |= {message["id"]: seen(message) for message in page["messages"]}
            cursor = page["nextCursor"]
            if cursor is None:
                client.note(f"read {folder_id}: {len(folder.messages)}")
                return True
        folder.state = None
        folder.messages.clear()
        if reply.status == 404:
            client.note(f"read {folder_id}: there is none")
            return False
