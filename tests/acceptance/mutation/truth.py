"""The mailbox as plain IMAP tells it: what every client's cache must be equal to."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from .hand import quoted

Flags = frozenset[str]
_KEYWORDS: Final = {
    "\\seen": "$seen", "\\flagged": "$flagged", "\\answered": "$answered", "\\draft": "$draft", "\\deleted": "$deleted",
}  # fmt: skip
_LISTED: Final = re.compile(rb'^\(([^)]*)\) (?:"[^"]*"|NIL) (.*)$', re.DOTALL)
_UID: Final = re.compile(rb"\bUID ([0-9]+)")
_FLAGS: Final = re.compile(rb"\bFLAGS \(([^)]*)\)")
_SUBJECT: Final = re.compile(rb"(?i)Subject: ([^\r\n]*)")


@dataclass(frozen=True)
class Seen:
    """What is known of a message, in the truth and in a cache alike."""

    flags: Flags
    subject: str | None


@dataclass(frozen=True)
class TrueFolder:
    """``selectable`` None: whether there is such a folder is not to be told, but it can't be opened, and so is empty.
    Dovecot lists a deleted folder that has others below it as if it were there."""

    subscribed: bool
    selectable: bool | None
    uidvalidity: int = 0
    messages: dict[int, Seen] = field(default_factory=dict)


Truth = dict[bytes, TrueFolder]


def read_truth(sign_in: Callable[[], imaplib.IMAP4]) -> Truth:
    """All folders with their messages, by the folders' names on the wire."""
    client = sign_in()
    subscribed = {name for _, name in _names(client.lsub('""', "*")[1])}
    truth: Truth = {}
    for attributes, name in _names(client.list('""', "*")[1]):
        selectable = not attributes & {b"\\noselect", b"\\nonexistent"}
        truth[name] = _folder(client, name, name in subscribed) if selectable else TrueFolder(False, False)
    client.logout()
    return truth


def _names(lines: Sequence[object]) -> list[tuple[set[bytes], bytes]]:
    found = []
    for line in lines:
        head, literal = (line[0].rsplit(b" ", 1)[0] + b" ", line[1]) if isinstance(line, tuple) else (line, None)
        match = _LISTED.match(head) if isinstance(head, bytes) else None
        if match is not None:
            name = literal if literal is not None else _unquoted(match[2])
            assert isinstance(name, bytes)
            found.append((set(match[1].lower().split()), b"INBOX" if name.upper() == b"INBOX" else name))
    return found


def _unquoted(text: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", text[1:-1]) if text.startswith(b'"') else text


def _folder(client: imaplib.IMAP4, name: bytes, subscribed: bool) -> TrueFolder:
    status, data = client.select(quoted(name.decode()), readonly=True)
    if status != "OK":
        return TrueFolder(subscribed, None)
    uidvalidity = int((client.response("UIDVALIDITY")[1] or [b"0"])[0] or 0)
    messages = {}
    if data[0] != b"0":
        items = "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])"
        messages = dict(_message(text) for text in _answers(client.fetch("1:*", items)[1]))
    client.unselect()
    return TrueFolder(subscribed, True, uidvalidity, messages)


def _answers(parts: Sequence[object]) -> list[bytes]:
    """Each FETCH response as one piece, its literal included."""
    texts: list[bytes] = []
    for part in parts:
        if isinstance(part, tuple):
            texts.append(b"".join(part))
        elif isinstance(part, bytes) and texts:
            texts[-1] += part
    return texts


def _message(text: bytes) -> tuple[int, Seen]:
    uid, flags, subject = _UID.search(text), _FLAGS.search(text), _SUBJECT.search(text)
    assert uid is not None, text
    assert flags is not None, text
    return int(uid[1]), Seen(words(flags[1].decode()), subject[1].decode() if subject else None)


def words(flags: str) -> Flags:
    """IMAP's flags as the API spells them; \\Recent is no one's but the session's."""
    return frozenset(_KEYWORDS.get(flag.lower(), flag.lower()) for flag in flags.split() if flag.lower() != "\\recent")
