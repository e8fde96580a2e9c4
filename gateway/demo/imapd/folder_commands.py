"""The commands of the authenticated state (RFC 9051 section 6.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.demo.imapd.folder import Folder
from gateway.demo.imapd.listing import list_folders, list_subscribed, status_line
from gateway.demo.imapd.refusal import Refused
from gateway.demo.imapd.syntax import BadSyntax, Value, atom, compact, ranges, within, words
from gateway.demo.imapd.view import View, flags_line

if TYPE_CHECKING:
    from gateway.demo.imapd.connection import Connection

SYSTEM_FLAGS = b"\\Answered \\Flagged \\Deleted \\Seen \\Draft"
_KNOWN_KEYWORDS = {b"$Forwarded", b"$Junk", b"$NotJunk", b"$MDNSent"}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE_TIME = re.compile(r" ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d [+-]\d{4})")


def existing(connection: Connection, name: Value, code: str = "NONEXISTENT") -> Folder:
    folder = connection.store.get(atom(name))
    if folder is None:
        raise Refused(f"[{code}] no such folder")
    return folder


def _select(connection: Connection, arguments: list[Value], *, readonly: bool) -> bytes:
    had_one = connection.view is not None
    connection.deselect()
    folder = existing(connection, arguments[0])
    options = arguments[1] if len(arguments) > 1 else []
    names = [option.upper() for option in options if isinstance(option, bytes)]
    connection.condstore |= b"CONDSTORE" in names
    if had_one and connection.qresync:
        connection.send(b"* OK [CLOSED] the previous folder is closed")
    view = View(folder, readonly=readonly)
    used = {flag for message in folder.messages for flag in message.flags if not flag.startswith(b"\\")}
    flags = b" ".join([SYSTEM_FLAGS, *sorted(used | _KNOWN_KEYWORDS)])
    permanent = b"" if readonly else flags + b" \\*"
    for line in (
        b"FLAGS (%b)" % flags,
        b"OK [PERMANENTFLAGS (%b)] kept" % permanent,
        b"%d EXISTS" % len(folder.messages),
        b"0 RECENT",
        b"OK [UIDVALIDITY %d] of this folder" % folder.uidvalidity,
        b"OK [UIDNEXT %d] predicted" % folder.uidnext,
        b"OK [HIGHESTMODSEQ %d] of this folder" % folder.modseq,
    ):
        connection.send(b"* " + line)
    connection.enter(view)
    if b"QRESYNC" in names and isinstance(options, list):
        _resync(connection, view, options[names.index(b"QRESYNC") + 1])
    return b"[READ-ONLY] selected" if readonly else b"[READ-WRITE] selected"


def _resync(connection: Connection, view: View, known: Value) -> None:
    """RFC 7162 section 3.2.5: what vanished and changed since the client's modification sequence."""
    if not connection.qresync or not isinstance(known, list) or len(known) < 2:
        raise BadSyntax("QRESYNC is not enabled, or its parameters are wrong")
    if int(atom(known[0])) != view.folder.uidvalidity:
        return
    since = int(atom(known[1]))
    spans = ranges(atom(known[2]), view.largest_uid) if len(known) > 2 and isinstance(known[2], bytes) else None
    vanished(connection, view, since, spans)
    for number, message in view.numbered():
        if message.modseq > since and (spans is None or within(message.uid, spans)):
            connection.send(flags_line(number, message, condstore=True))


def vanished(connection: Connection, view: View, since: int, spans: list[tuple[int, int]] | None) -> None:
    gone = sorted(
        uid for modseq, uid in view.folder.expunged if modseq > since and (spans is None or within(uid, spans))
    )
    if gone:
        connection.send(b"* VANISHED (EARLIER) " + compact(gone))


def _list(connection: Connection, arguments: list[Value]) -> bytes:
    for line in list_folders(connection.store, arguments):
        connection.send(line)
    return b"listed"


def _lsub(connection: Connection, arguments: list[Value]) -> bytes:
    for line in list_subscribed(connection.store, arguments):
        connection.send(line)
    return b"listed"


def _status(connection: Connection, arguments: list[Value]) -> bytes:
    connection.send(status_line(existing(connection, arguments[0]), words(arguments[1])))
    return b"told"


def _create(connection: Connection, arguments: list[Value]) -> bytes:
    name = atom(arguments[0]).rstrip(b"/")
    if not name or connection.store.get(name) is not None:
        raise Refused("[ALREADYEXISTS] it exists already")
    connection.store.create(name)
    return b"created"


def _delete(connection: Connection, arguments: list[Value]) -> bytes:
    folder = existing(connection, arguments[0])
    if folder.name == b"INBOX":
        raise Refused("[CANNOT] the inbox stays")
    if connection.store.below(folder.name):
        raise Refused("[HASCHILDREN] there are folders below it")
    del connection.store.folders[folder.name]
    folder.remove({message.uid for message in folder.messages})
    return b"deleted"


def _rename(connection: Connection, arguments: list[Value]) -> bytes:
    folder, new = existing(connection, arguments[0]), atom(arguments[1]).rstrip(b"/")
    if not new or connection.store.get(new) is not None:
        raise Refused("[ALREADYEXISTS] it exists already")
    if new.startswith(folder.name + b"/"):
        raise Refused("[CANNOT] a folder can't be put below itself")
    connection.store.rename(folder.name, new)
    return b"renamed"


def _subscription(connection: Connection, arguments: list[Value], *, wanted: bool) -> bytes:
    existing(connection, arguments[0]).subscribed = wanted
    return b"noted"


def _append(connection: Connection, arguments: list[Value]) -> bytes:
    folder = existing(connection, arguments[0], "TRYCREATE")
    flags = words(arguments[1]) if isinstance(arguments[1], list) else []
    received = datetime.now(UTC)
    rest = arguments[1:-1]
    if rest and isinstance(rest[-1], bytes):
        received = _moment(rest[-1])
    message = folder.append(atom(arguments[-1]), flags, received)
    return b"[APPENDUID %d %d] stored" % (folder.uidvalidity, message.uid)


def _moment(value: bytes) -> datetime:
    match = _DATE_TIME.fullmatch(value.decode("ascii", "replace"))
    if match is None or match[2].lower() not in _MONTHS:
        raise BadSyntax("not a date and time")
    month = _MONTHS.index(match[2].lower()) + 1
    return datetime.strptime(f"{match[3]}-{month}-{match[1]} {match[4]}", "%Y-%m-%d %H:%M:%S %z")


def _namespace(connection: Connection, _: list[Value]) -> bytes:
    connection.send(b'* NAMESPACE (("" "/")) NIL NIL')
    return b"told"


VERBS: Mapping[bytes, Callable[[Connection, list[Value]], bytes]] = {
    b"SELECT": lambda connection, arguments: _select(connection, arguments, readonly=False),
    b"EXAMINE": lambda connection, arguments: _select(connection, arguments, readonly=True),
    b"LIST": _list,
    b"LSUB": _lsub,
    b"STATUS": _status,
    b"CREATE": _create,
    b"DELETE": _delete,
    b"RENAME": _rename,
    b"SUBSCRIBE": lambda connection, arguments: _subscription(connection, arguments, wanted=True),
    b"UNSUBSCRIBE": lambda connection, arguments: _subscription(connection, arguments, wanted=False),
    b"APPEND": _append,
    b"NAMESPACE": _namespace,
}
