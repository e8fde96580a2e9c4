"""Reading a folder from the beginning: its pages, newest first, and the state to go on from."""

from __future__ import annotations

from .cache import CachedFolder, seen
from .client import Client
from .line import Away
from .truth import Seen

LIMIT = 40
REBUILDS = 20


async def read_pages(client: Client, folder_id: str) -> bool:
    """Fill the cache with a folder's messages; False where there is no such folder, and then the cache has none."""
    held = client.cache.folders.get(folder_id, CachedFolder())
    folder = client.cache.folders[folder_id] = CachedFolder(held.subscribed, held.selectable, unread=held.unread)
    for _ in range(REBUILDS):
        messages, state, cursor = dict[str, Seen](), None, ""
        while cursor is not None:
            query = {"limit": str(LIMIT)} | ({"cursor": cursor} if cursor else {})
            reply = await client.ask(f"/folders/{folder_id}/messages", query)
            if reply.status != 200:
                break
            page = reply.json()
            state, cursor = state or page["state"], page["nextCursor"]
            messages |= {message["id"]: seen(message) for message in page["messages"]}
        else:
            folder.messages, folder.state = messages, state
            client.note(f"read {folder_id}: {len(messages)}")
            return True
        if reply.status == 404:
            client.note(f"read {folder_id}: there is none")
            return False
    raise Away("the folder is rebuilt all the time")
