"""Trees of listed messages: bounded by their parts, found under the message that they are of."""

from __future__ import annotations

from gateway.imap.response import Fetched
from gateway.imap.structure import BodyPart
from gateway.mail.trees import PARTS, Key, Trees

KEY: Key = ("account", b"INBOX", 7, 1)


def message(parts: int, size: int = 100) -> Fetched:
    """Of so many parts, the root among them."""
    leaves = tuple(BodyPart("text", "plain", section=str(number)) for number in range(1, parts))
    root = BodyPart("multipart", "mixed", parts=leaves) if leaves else BodyPart("text", "plain")
    return Fetched(1, 1, size=size, structure=root)


def key(uid: int) -> Key:
    return ("account", b"INBOX", 7, uid)


def test_what_is_put_is_there_and_only_there() -> None:
    trees = Trees(100)
    trees.put(KEY, message(3))
    found = trees.of(KEY)
    assert found is not None
    assert (found.root, found.size, found.parts) == (message(3).structure, 100, 3)
    for other in (("another", b"INBOX", 7, 1), ("account", b"Other", 7, 1), ("account", b"INBOX", 8, 1), key(2), None):
        assert trees.of(other) is None


def test_the_one_of_least_recent_use_goes_first() -> None:
    trees = Trees(9)
    for uid in (1, 2, 3):
        trees.put(key(uid), message(3))
    assert trees.of(key(1))
    trees.put(key(4), message(3))
    assert [uid for uid in (1, 2, 3, 4) if trees.of(key(uid))] == [1, 3, 4]
    assert trees.weight == 9


def test_put_again_and_dropped_it_is_counted_once_and_not_at_all() -> None:
    trees = Trees(100)
    trees.put(KEY, message(3))
    trees.put(KEY, message(5, size=7))
    assert trees.weight == 5
    trees.drop(KEY)
    trees.drop(KEY)
    trees.drop(None)
    assert (trees.of(KEY), trees.weight) == (None, 0)


def test_what_is_not_kept() -> None:
    trees = Trees(1000)
    inner = BodyPart("message", "rfc822", message=message(PARTS).structure)
    for unfit in (message(PARTS + 1), Fetched(1, 1, size=5), Fetched(1, 1, structure=BodyPart("text", "plain"))):
        trees.put(KEY, unfit)
    trees.put(KEY, Fetched(1, 1, size=5, structure=inner))
    trees.put(None, message(1))
    Trees(0).put(KEY, message(1))
    assert trees.weight == 0
    trees.put(KEY, message(PARTS))
    assert trees.weight == PARTS
