"""Changes in a line of the journal: what an opaque token holds is what one wants to see there."""

from __future__ import annotations

from gateway.sync.ids import MessageId, parse_folder_id
from gateway.sync.state import FolderState

from .cache import Json


def brief(told: Json) -> str:
    """Numbers of both states, and UIDs."""
    old, new = FolderState.parse(told["oldState"]), FolderState.parse(told["newState"])
    coverage = told["coverage"]
    left = f" but {uids(coverage['present'])}" if coverage["destroyed"] == "window" else ""
    return (
        f"{parse_folder_id(told['folderId'])!r} "
        f"({old.uidvalidity},{old.uidnext},{old.highestmodseq},{old.exists})→"
        f"({new.uidvalidity},{new.uidnext},{new.highestmodseq},{new.exists}) "
        f"+{uids([one['id'] for one in told['created']])} ~{uids([one['id'] for one in told['updated']])} "
        f"-{uids(told['destroyed'])}{left} moved {len(told.get('moved', []))}{' more' if told['hasMore'] else ''}"
    )


def uids(ids: list[str]) -> list[int]:
    return [MessageId.parse(one).uid for one in ids]


def listing(told: Json) -> str:
    """What changed in the folder list."""
    parts = [f"{kind} {[path(one) for one in told[kind]]}" for kind in ("created", "updated") if told[kind]]
    if told["renamed"]:
        parts.append(f"renamed {[(parse_folder_id(one['id']), path(one['folder'])) for one in told['renamed']]}")
    if told["destroyed"]:
        parts.append(f"destroyed {[parse_folder_id(one) for one in told['destroyed']]}")
    return "folders: " + "; ".join(parts)


def path(folder: Json) -> str:
    return "/".join(folder["path"]) + ("" if folder["isSubscribed"] else " (unsubscribed)")
