"""The commands of the selected state (RFC 9051 section 6.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gateway.demo.imapd.fetch import expand, reads, render
from gateway.demo.imapd.folder import Message
from gateway.demo.imapd.folder_commands import existing, vanished
from gateway.demo.imapd.refusal import Refused
from gateway.demo.imapd.search import Program
from gateway.demo.imapd.syntax import BadSyntax, Value, atom, compact, ranges, words
from gateway.demo.imapd.view import View, flags_line

if TYPE_CHECKING:
    from gateway.demo.imapd.connection import Connection

_SYSTEM = {flag.lower(): flag for flag in (b"\\Answered", b"\\Flagged", b"\\Deleted", b"\\Seen", b"\\Draft")}


def _fetch(connection: Connection, view: View, arguments: list[Value], by_uid: bool) -> bytes:
    items = [item for item in expand(words(arguments[1])) if item.upper() != b"LAZY"]
    if isinstance(arguments[1], list) and any(isinstance(item, list) and item != [b"LAZY"] for item in arguments[1]):
        raise BadSyntax("a list can't be here")
    modifiers = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], list) else []
    names = [word.upper() if isinstance(word, bytes) else b"" for word in modifiers]
    since = int(atom(modifiers[names.index(b"CHANGEDSINCE") + 1])) if b"CHANGEDSINCE" in names else None
    if since is not None or b"MODSEQ" in [item.upper() for item in items]:
        connection.condstore = True
    if b"VANISHED" in names and since is not None:
        vanished(connection, view, since, ranges(atom(arguments[0]), view.largest_uid))
    if by_uid and b"UID" not in [item.upper() for item in items]:
        items.insert(0, b"UID")
    if since is not None and b"MODSEQ" not in [item.upper() for item in items]:
        items.append(b"MODSEQ")
    for number, message in view.chosen(atom(arguments[0]), by_uid=by_uid):
        if since is None or message.modseq > since:
            _show(connection, view, number, message, items)
    return b"fetched"


def _show(connection: Connection, view: View, number: int, message: Message, items: list[bytes]) -> None:
    extra: list[bytes] = []
    if reads(items) and not view.readonly and view.folder.reflag(message, message.flags | {b"\\Seen"}):
        view.own_change(message)
        extra = [b"FLAGS"]
    rendered = [render(message, item) for item in [*items, *extra]]
    connection.send(b"* %d FETCH (%b)" % (number, b" ".join(rendered)))


def _store(connection: Connection, view: View, arguments: list[Value], by_uid: bool) -> bytes:
    _writable(view)
    rest = arguments[1:]
    unchanged: int | None = None
    if isinstance(rest[0], list):
        names = words(rest.pop(0))
        if len(names) != 2 or names[0].upper() != b"UNCHANGEDSINCE":
            raise BadSyntax("unknown STORE modifier")
        unchanged, connection.condstore = int(names[1]), True
    if len(rest) < 2:
        raise BadSyntax("STORE wants flags")
    action, _, silent = atom(rest[0]).upper().partition(b".")
    given = {_SYSTEM.get(flag.lower(), flag) for value in rest[1:] for flag in words(value)}
    modified: list[int] = []
    for number, message in view.chosen(atom(arguments[0]), by_uid=by_uid):
        if unchanged is not None and message.modseq > unchanged:
            modified.append(message.uid if by_uid else number)
            continue
        view.folder.reflag(message, _flags(action, message.flags, given))
        view.own_change(message)
        if not silent or connection.condstore:
            connection.send(flags_line(number, message, condstore=connection.condstore, flags=not silent))
    return b"[MODIFIED %b] some had changed" % compact(modified) if modified else b"stored"


def _flags(action: bytes, present: set[bytes], given: set[bytes]) -> set[bytes]:
    if action == b"+FLAGS":
        return present | given
    if action == b"-FLAGS":
        lower = {flag.lower() for flag in given}
        return {flag for flag in present if flag.lower() not in lower}
    if action == b"FLAGS":
        return given
    raise BadSyntax("unknown STORE action")


def _search(connection: Connection, view: View, arguments: list[Value], by_uid: bool) -> bytes:
    keys, options = list(arguments), None
    if keys and keys[0] == b"RETURN" and len(keys) > 1:
        options = [word.upper() for word in words(keys[1])] or [b"ALL"]
        keys = keys[2:]
    if keys and isinstance(keys[0], bytes) and keys[0].upper() == b"CHARSET":
        if atom(keys[1]).upper() not in {b"UTF-8", b"US-ASCII"}:
            raise Refused("[BADCHARSET (UTF-8 US-ASCII)] unknown charset")
        keys = keys[2:]
    by_modseq = b"MODSEQ" in [key.upper() for key in keys if isinstance(key, bytes)]
    program = Program(keys, largest=len(view.uids), largest_uid=view.largest_uid)
    hits = [(number, message) for number, message in view.numbered() if program.matches(number, message)]
    found = [message.uid if by_uid else number for number, message in hits]
    modseq = max((message.modseq for _, message in hits), default=None) if by_modseq else None
    if options is None:
        tail = b" (MODSEQ %d)" % modseq if modseq else b""
        connection.send(b" ".join([b"* SEARCH", *(b"%d" % number for number in found)]) + tail)
    else:
        connection.send(_esearch(connection.tag, options, found, modseq, by_uid))
    return b"searched"


def _esearch(tag: bytes, options: list[bytes], found: list[int], modseq: int | None, by_uid: bool) -> bytes:
    """RFC 9051 section 7.3.4."""
    line = b'* ESEARCH (TAG "%b")' % tag + (b" UID" if by_uid else b"")
    if b"COUNT" in options:
        line += b" COUNT %d" % len(found)
    if found and b"MIN" in options:
        line += b" MIN %d" % found[0]
    if found and b"MAX" in options:
        line += b" MAX %d" % found[-1]
    if found and b"ALL" in options:
        line += b" ALL " + compact(found)
    return line + (b" MODSEQ %d" % modseq if modseq else b"")


def _copied(connection: Connection, view: View, arguments: list[Value], by_uid: bool) -> tuple[bytes, set[int]]:
    target = existing(connection, arguments[1], "TRYCREATE")
    chosen = [message for _, message in view.chosen(atom(arguments[0]), by_uid=by_uid)]
    new = [target.append(message.raw, message.flags, message.received).uid for message in chosen]
    if not new:
        return b"", set()
    old = [message.uid for message in chosen]
    return b"[COPYUID %d %b %b] " % (target.uidvalidity, compact(old), compact(new)), set(old)


def _copy(connection: Connection, view: View, arguments: list[Value], by_uid: bool) -> bytes:
    return _copied(connection, view, arguments, by_uid)[0] + b"copied"


def _move(connection: Connection, view: View, arguments: list[Value], by_uid: bool) -> bytes:
    _writable(view)
    code, old = _copied(connection, view, arguments, by_uid)
    if code:
        connection.send(b"* OK " + code + b"moved")
    view.folder.remove(old)
    return b"moved"


def _expunge(_: Connection, view: View, arguments: list[Value], by_uid: bool) -> bytes:
    _writable(view)
    chosen = view.chosen(atom(arguments[0]), by_uid=True) if by_uid else view.numbered()
    view.folder.remove({message.uid for _, message in chosen if b"\\Deleted" in message.flags})
    return b"expunged"


def _close(connection: Connection, view: View, *, expunge: bool) -> bytes:
    if expunge and not view.readonly:
        view.folder.remove({message.uid for message in view.folder.messages if b"\\Deleted" in message.flags})
    connection.deselect()
    return b"closed"


def _writable(view: View) -> None:
    if view.readonly:
        raise Refused("[READ-ONLY] the folder was opened to read only")


VERBS: Mapping[bytes, Callable[[Connection, View, list[Value], bool], bytes]] = {
    b"FETCH": _fetch,
    b"STORE": _store,
    b"SEARCH": _search,
    b"COPY": _copy,
    b"MOVE": _move,
    b"EXPUNGE": _expunge,
    b"CHECK": lambda *_: b"done",
    b"CLOSE": lambda connection, view, *_: _close(connection, view, expunge=True),
    b"UNSELECT": lambda connection, view, *_: _close(connection, view, expunge=False),
}
