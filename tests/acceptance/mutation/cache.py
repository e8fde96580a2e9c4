"""What a client has, and the one ``apply`` that keeps it right; it complains of gaps and repeats, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .truth import Seen

Json = Mapping[str, Any]


@dataclass
class CachedFolder:
    """One folder. ``told``: ids that ``created`` has named; ``moving``: the messages of before a renaming; ``unread``:
    its pages are still to be read, for it had gone when they were asked for."""

    subscribed: bool | None = None
    selectable: bool = True
    state: str | None = None
    messages: dict[str, Seen] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    moving: dict[str, Seen] | None = None
    covered: str | None = None
    unread: bool = False


@dataclass
class Cache:
    """Folders by id. ``complaints``: what a correct gateway never does."""

    folders: dict[str, CachedFolder] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def apply_folders(self, told: Json) -> None:
        """The order is: destroyed, renamed, created, updated."""
        for gone in told["destroyed"]:
            self.folders.pop(gone, None)
        was = {renamed["id"]: self.folders.pop(renamed["id"], CachedFolder()) for renamed in told["renamed"]}
        for renamed in told["renamed"]:
            old = was[renamed["id"]]
            new = self._place(renamed["folder"])
            new.moving, new.unread = (old.messages if old.moving is None else old.moving), old.unread
        for folder in told["created"]:
            if folder["id"] in self.folders:
                self.complaints.append(f"folder {folder['path']} was created twice")
            self._place(folder)
        for folder in told["updated"]:
            held = self.folders.setdefault(folder["id"], CachedFolder())
            held.subscribed, held.selectable = folder["isSubscribed"], folder["maySelect"]
            if not held.selectable:
                held.messages.clear()

    def apply(self, told: Json, *, goes_on: bool = True) -> None:
        """``goes_on``: these changes must begin where the last ones of the folder ended."""
        folder = self.folders.setdefault(told["folderId"], CachedFolder())
        if goes_on and folder.state is not None and told["oldState"] != folder.state:
            self.complaints.append("changes do not go on where the last ones ended")
        self._move(folder, told)
        for message in told["created"]:
            if message["id"] in folder.told:
                self.complaints.append(f"{message['subject']} was created twice")
            folder.told.add(message["id"])
            folder.messages[message["id"]] = seen(message)
        for update in told["updated"]:
            if update["id"] in folder.messages:
                folder.messages[update["id"]] = Seen(frozenset(update["flags"]), folder.messages[update["id"]].subject)
        for gone in told["destroyed"]:
            folder.messages.pop(gone, None)
            folder.told.discard(gone)
        if told["coverage"]["destroyed"] == "window":
            left = {*told["coverage"]["present"], *(message["id"] for message in told["created"])}
            folder.messages = {one: message for one, message in folder.messages.items() if one in left}
        if not told["hasMore"]:
            folder.covered = told["coverage"]["since"]
        folder.state = told["newState"]

    def _move(self, folder: CachedFolder, told: Json) -> None:
        moving, folder.moving = folder.moving, None
        if "moved" in told:
            had = moving if moving is not None else {}
            folder.messages |= {one["newId"]: had[one["id"]] for one in told["moved"] if one["id"] in had}
        elif moving:
            self.complaints.append("a renamed folder's changes do not say what moved")

    def _place(self, folder: Json) -> CachedFolder:
        made = self.folders[folder["id"]] = CachedFolder(folder["isSubscribed"], folder["maySelect"])
        return made


def seen(message: Json) -> Seen:
    return Seen(frozenset(message["flags"]), message["subject"])
