"""Folders and messages in memory, with the modification sequence that CONDSTORE and QRESYNC tell from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.demo.imapd.entity import Entity, parse_entity


@dataclass(slots=True)
class Message:
    """One message. ``modseq`` is the folder's when the message last changed (RFC 7162 section 3.1)."""

    uid: int
    raw: bytes
    flags: set[bytes]
    received: datetime
    modseq: int
    _entity: Entity | None = None

    @property
    def entity(self) -> Entity:
        """The MIME tree, parsed when it is first wanted."""
        if self._entity is None:
            self._entity = parse_entity(self.raw)
        return self._entity


@dataclass(slots=True)
class Folder:
    """A mailbox: ``name`` is as it travels on the wire, ``use`` its special use (RFC 6154 section 2) or None."""

    name: bytes
    uidvalidity: int
    use: bytes | None = None
    subscribed: bool = True
    uidnext: int = 1
    modseq: int = 1
    messages: list[Message] = field(default_factory=list)
    expunged: list[tuple[int, int]] = field(default_factory=list)
    listeners: set[Callable[[], None]] = field(default_factory=set)

    def append(self, raw: bytes, flags: Iterable[bytes], received: datetime) -> Message:
        self.modseq += 1
        message = Message(self.uidnext, raw, set(flags), received, self.modseq)
        self.uidnext += 1
        self.messages.append(message)
        self._tell()
        return message

    def reflag(self, message: Message, flags: set[bytes]) -> bool:
        """Set the flags; false where they are so already, and then the modification sequence stays."""
        if message.flags == flags:
            return False
        self.modseq += 1
        message.flags = flags
        message.modseq = self.modseq
        self._tell()
        return True

    def remove(self, uids: set[int]) -> None:
        gone = [message.uid for message in self.messages if message.uid in uids]
        if not gone:
            return
        self.modseq += 1
        self.messages = [message for message in self.messages if message.uid not in uids]
        self.expunged += [(self.modseq, uid) for uid in gone]
        self._tell()

    def find(self, uid: int) -> Message | None:
        return next((message for message in self.messages if message.uid == uid), None)

    def count(self, *, without: bytes) -> int:
        return sum(without not in message.flags for message in self.messages)

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()


class Store:
    """All folders of the one mailbox that the demo serves."""

    def __init__(self, uidvalidity: int) -> None:
        self._next_uidvalidity = uidvalidity
        self.folders: dict[bytes, Folder] = {}
        self.create(b"INBOX")

    def create(self, name: bytes, use: bytes | None = None) -> Folder:
        folder = Folder(name, self._next_uidvalidity, use)
        self._next_uidvalidity += 1
        self.folders[name] = folder
        return folder

    def get(self, name: bytes) -> Folder | None:
        return self.folders.get(b"INBOX" if name.upper() == b"INBOX" else name)

    def below(self, name: bytes) -> list[Folder]:
        return [folder for folder in self.folders.values() if folder.name.startswith(name + b"/")]

    def rename(self, old: bytes, new: bytes) -> None:
        """Rename a folder and all below it (RFC 9051 section 6.3.6); INBOX only gives its messages away."""
        if old == b"INBOX":
            target = self.create(new)
            inbox = self.folders[old]
            for message in inbox.messages:
                target.append(message.raw, message.flags, message.received)
            inbox.remove({message.uid for message in inbox.messages})
            return
        for folder in [self.folders[old], *self.below(old)]:
            del self.folders[folder.name]
            folder.name = new + folder.name[len(old) :]
            self.folders[folder.name] = folder
