"""LIST, LSUB and STATUS (RFC 9051 section 6.3.9, RFC 5258, RFC 5819, RFC 6154)."""

from __future__ import annotations

import re

from gateway.demo.imapd.folder import Folder, Store
from gateway.demo.imapd.syntax import BadSyntax, Value, atom, string, words


def list_folders(store: Store, arguments: list[Value]) -> list[bytes]:
    """The untagged lines that answer LIST: ``[selection] reference patterns [RETURN (options)]``."""
    rest = list(arguments)
    selection = {word.upper() for word in words(rest.pop(0))} if rest and isinstance(rest[0], list) else set()
    if len(rest) < 2:
        raise BadSyntax("LIST wants a reference and a pattern")
    reference, patterns = atom(rest[0]), words(rest[1])
    if patterns == [b""]:
        return [b'* LIST (\\Noselect) "/" ""']
    returned, status = _options(rest[2:])
    lines: list[bytes] = []
    for name in _names(store):
        folder = store.folders.get(name)
        if not any(_matches(reference + pattern, name) for pattern in patterns) or not _selected(folder, selection):
            continue
        attributes = _attributes(store, name, folder, subscribed=b"SUBSCRIBED" in returned | selection)
        lines.append(b'* LIST (%b) "/" %b' % (b" ".join(attributes), string(name)))
        if folder is not None and status:
            lines.append(status_line(folder, status))
    return lines


def list_subscribed(store: Store, arguments: list[Value]) -> list[bytes]:
    reference, pattern = (atom(argument) for argument in arguments)
    subscribed = (folder for folder in store.folders.values() if folder.subscribed)
    return [b'* LSUB () "/" ' + string(each.name) for each in subscribed if _matches(reference + pattern, each.name)]


def status_line(folder: Folder, items: list[bytes]) -> bytes:
    values = {
        b"MESSAGES": len(folder.messages),
        b"RECENT": 0,
        b"UIDNEXT": folder.uidnext,
        b"UIDVALIDITY": folder.uidvalidity,
        b"UNSEEN": folder.count(without=b"\\Seen"),
        b"DELETED": len(folder.messages) - folder.count(without=b"\\Deleted"),
        b"SIZE": sum(len(message.raw) for message in folder.messages),
        b"HIGHESTMODSEQ": folder.modseq,
    }
    try:
        pairs = [b"%b %d" % (item.upper(), values[item.upper()]) for item in items]
    except KeyError as error:
        raise BadSyntax("unknown STATUS item") from error
    return b"* STATUS %b (%b)" % (string(folder.name), b" ".join(pairs))


def _options(rest: list[Value]) -> tuple[set[bytes], list[bytes]]:
    if len(rest) < 2 or atom(rest[0]).upper() != b"RETURN" or not isinstance(rest[1], list):
        return set(), []
    options = [item.upper() if isinstance(item, bytes) else item for item in rest[1]]
    status: list[bytes] = []
    if b"STATUS" in options:
        at = options.index(b"STATUS") + 1
        status = words(options[at]) if at < len(options) else []
    return {option for option in options if isinstance(option, bytes)}, status


def _names(store: Store) -> list[bytes]:
    """Every folder, and the levels above one that are no folder themselves."""
    names = set(store.folders)
    for name in store.folders:
        steps = name.split(b"/")
        names |= {b"/".join(steps[:depth]) for depth in range(1, len(steps))}
    return sorted(names, key=lambda name: (name != b"INBOX", name.lower()))


def _selected(folder: Folder | None, selection: set[bytes]) -> bool:
    if b"SUBSCRIBED" in selection and not (folder and folder.subscribed):
        return False
    return not (b"SPECIAL-USE" in selection and not (folder and folder.use))


def _attributes(store: Store, name: bytes, folder: Folder | None, *, subscribed: bool) -> list[bytes]:
    found = [b"\\HasChildren" if store.below(name) else b"\\HasNoChildren"]
    if folder is None:
        return [*found, b"\\Noselect"]
    if folder.use:
        found.append(folder.use)
    if subscribed and folder.subscribed:
        found.append(b"\\Subscribed")
    return found


def _matches(pattern: bytes, name: bytes) -> bool:
    parts = [b".*" if piece == b"*" else b"[^/]*" if piece == b"%" else re.escape(piece) for piece in _pieces(pattern)]
    flags = re.IGNORECASE if name == b"INBOX" else 0
    return re.fullmatch(b"".join(parts), name, flags | re.DOTALL) is not None


def _pieces(pattern: bytes) -> list[bytes]:
    return re.findall(rb"\*|%|[^*%]+", re.sub(rb"\*[*%]*", b"*", pattern))
