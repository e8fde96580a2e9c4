"""Where a cache and the truth differ, in words."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.mail.flag_changes import WINDOW
from gateway.sync.ids import MessageId, parse_folder_id

from .cache import Cache, CachedFolder
from .truth import TrueFolder, Truth

MOST = 12


def differences(cache: Cache, truth: Truth, *, window: bool, lists: bool = True) -> list[str]:
    """``window``: flags of messages older than the newest ``WINDOW`` may differ. ``lists``: folders are compared too;
    else only those that the cache has."""
    found = list(cache.complaints)
    held = {parse_folder_id(one): folder for one, folder in cache.folders.items()}
    if lists:
        found += _lists(held, truth)
    for name, folder in sorted(held.items()):
        true = truth.get(name)
        if true is not None and true.selectable:
            found += _messages(name, folder, true, window)
        elif folder.messages:
            found.append(f"{name!r}: {len(folder.messages)} messages of a folder that is not there")
    return found


def _lists(held: dict[bytes, CachedFolder], truth: Truth) -> Iterator[str]:
    there = {name for name, true in truth.items() if true.selectable}
    for name in sorted(there - held.keys()):
        yield f"{name!r}: the folder is not in the cache"
    for name in sorted(held.keys() - truth.keys()):
        yield f"{name!r}: a folder that is not there"
    for name in sorted(truth.keys() & held.keys()):
        true, folder = truth[name], held[name]
        if true.selectable is not None and folder.selectable != true.selectable:
            yield f"{name!r}: selectable is {folder.selectable}, truly {true.selectable}"
        elif true.selectable and folder.subscribed != true.subscribed:
            yield f"{name!r}: subscribed is {folder.subscribed}, truly {true.subscribed}"


def _messages(name: bytes, folder: CachedFolder, true: TrueFolder, window: bool) -> Iterator[str]:
    ids = {uid: MessageId(name, true.uidvalidity, uid).encode() for uid in true.messages}
    if missing := [uid for uid, one in ids.items() if one not in folder.messages]:
        yield f"{name!r}: missing {missing[:MOST]}"
    known = set(ids.values())
    if extra := [MessageId.parse(one) for one in folder.messages if one not in known]:
        yield f"{name!r}: not there {[(one.uidvalidity, one.uid) for one in extra[:MOST]]} ({true.uidvalidity} now)"
    uids = sorted(ids)
    covered = MessageId.parse(folder.covered).uid if window and folder.covered else 0
    if uids and covered > uids[-min(len(uids), WINDOW)]:
        yield f"{name!r}: the window goes back to {covered} only"
    compared = set(uids[-WINDOW:] if window else uids)
    for uid in uids:
        got, truly = folder.messages.get(ids[uid]), true.messages[uid]
        if got is not None and uid in compared and got.flags != truly.flags:
            yield f"{name!r} {uid}: flags {sorted(got.flags)}, truly {sorted(truly.flags)}"
        if got is not None and got.subject != truly.subject:
            yield f"{name!r} {uid}: it is {got.subject!r}, truly {truly.subject!r}"
