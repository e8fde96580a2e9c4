"""MIME trees of messages that were listed a moment ago: whoever opens one is asked for its text at once.

A tree never changes (RFC 9051 section 2.3.1.1), as long as the message is the one that it was made of, which the size
tells where a server gives out a UIDVALIDITY again.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeAlias

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.imap.mailbox import Mailbox
from gateway.imap.response import Fetched
from gateway.imap.structure import BodyPart

PARTS: Final = 30
"""Parts of a tree that is kept at the most: nearly all mail has less."""

Key: TypeAlias = tuple[str, bytes, int, int]
"""Account, mailbox, UIDVALIDITY and UID."""


def tree_key(account: Account, mailbox: Mailbox, uid: int) -> Key | None:
    """None where the server does not promise that a UID stays a message's."""
    if not mailbox.uidvalidity or not mailbox.uids_stick:
        return None
    return account.id, mailbox.name.wire, mailbox.uidvalidity, uid


class Tree(Struct, frozen=True):
    """``size``: the message's, in octets. ``parts``: how many there are."""

    root: BodyPart
    size: int
    parts: int


class Trees:
    """At most ``most`` parts in all; the tree that was put or asked for least recently goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._trees: OrderedDict[Key, Tree] = OrderedDict()
        self.weight = 0
        """Parts held."""

    def of(self, key: Key | None) -> Tree | None:
        found = None if key is None else self._trees.get(key)
        if key is not None and found is not None:
            self._trees.move_to_end(key)
        return found

    def put(self, key: Key | None, message: Fetched) -> None:
        """One of too many parts is not kept, nor one whose size was not told."""
        root, size = message.structure, message.size
        if key is None or root is None or size is None or not self._most:
            return
        parts = _count(root)
        if parts > min(PARTS, self._most):
            return
        self.drop(key)
        self._trees[key] = Tree(root, size, parts)
        self.weight += parts
        while self.weight > self._most:
            _, oldest = self._trees.popitem(last=False)
            self.weight -= oldest.parts

    def drop(self, key: Key | None) -> None:
        dropped = None if key is None else self._trees.pop(key, None)
        if dropped is not None:
            self.weight -= dropped.parts


def _count(root: BodyPart) -> int:
    """Up to one more than ``PARTS``."""
    count, waiting = 0, [root]
    while waiting and count <= PARTS:
        part = waiting.pop()
        count += 1
        waiting += part.parts
        if part.message is not None:
            waiting.append(part.message)
    return count
