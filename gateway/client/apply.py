"""One function for all that the API tells: pulled or pushed, of a folder, of the folder list or of the account.

Applying a value twice is applying it once, and a value that tells what the cache has already does no harm: pages may be
newer than the state that the changes go on from.
"""

from __future__ import annotations

from gateway.client.cache import Cache
from gateway.client.values import Changes, Folder, FolderChanges, Value


def apply(cache: Cache, value: Value, *, token: str | None = None) -> None:
    """Bring the cache up to ``value``, and in the same transaction note where it is now.

    ``token`` is the id of the event that carried the value; an account's own changes carry theirs.
    """
    with cache.transaction():
        if "folderId" in value:
            _apply_folder(cache, value)
        elif "folders" in value:
            first = value["oldState"] is None
            _apply_list(cache, value["folders"], first=first)
            for each in value["changes"]:
                _apply_folder(cache, each)
            token = value["newState"]
        else:
            _apply_list(cache, value, first=False)
        if token is not None:
            cache.set_mark("token", token)


def _apply_list(cache: Cache, value: FolderChanges, *, first: bool) -> None:
    """``first``: a place to start from, so ``created`` are all there are, and their messages are on pages."""
    for gone in value["destroyed"]:
        cache.drop_folder(gone)
    for renamed in value["renamed"]:
        cache.rename_folder(renamed["id"], renamed["folder"])
    if first:
        _start(cache, value["created"])
    else:
        for folder in value["created"]:  # its messages come as changes
            cache.put_folder(folder, cursor=None)
    for folder in value["updated"]:
        cache.put_folder(folder, cursor=None)
        if not folder.get("maySelect", True):  # deleted, with others below it
            cache.empty(folder["id"])


def _start(cache: Cache, folders: list[Folder]) -> None:
    """The folder list anew: what is here of a folder that is still listed stays until its pages are read."""
    listed = {folder["id"] for folder in folders}
    for known in cache.folders():
        if known["id"] not in listed:
            cache.drop_folder(known["id"])
    for folder in folders:
        cache.put_folder(folder)
        cache.reread(folder["id"])
        if not folder.get("maySelect", True):
            cache.set_cursor(folder["id"], None)


def _apply_folder(cache: Cache, value: Changes) -> None:
    folder = value["folderId"]
    known = cache.folder(folder)
    if known is None:
        return  # it is gone already; should it come again, it comes whole
    if "moved" in value:
        for moved in value["moved"]:
            cache.rename_message(moved["id"], moved["newId"], folder)
        cache.drop_stale(folder)
    cache.moved(folder)
    cache.put_messages(value["created"])
    for update in value["updated"]:
        cache.set_flags(update["id"], update["flags"])
    cache.drop_messages(value["destroyed"])
    coverage = value["coverage"]
    if coverage["destroyed"] == "window":  # what is neither there nor new is gone
        cache.keep_only(folder, {*coverage["present"], *(message["id"] for message in value["created"])})
    cache.set_state(folder, value["newState"])
    total = value.get("totalMessages")
    if total is not None:
        cache.put_folder({**known, "totalMessages": total})
