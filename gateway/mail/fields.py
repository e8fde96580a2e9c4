"""What `fields=` asks for, and what has to be fetched for it: no more than that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.imap.encode.fetch_item import FetchItem, Item, Section
from gateway.imap.session import Session
from gateway.mail.header_resource import SelectedMessage
from gateway.mail.resource import MessageSummary
from gateway.message.form import HeaderProperty, header_property
from gateway.message.mailing_list import NAMES as LIST_FIELDS

MAX_FIELDS: Final = 100
"""Properties of one request."""
MAX_HEADERS: Final = 40
"""Different header fields by name; more are asked for by `headers`."""

SUMMARY: Final = frozenset(MessageSummary.__struct_encode_fields__)
MEMBERS: Final = tuple(SelectedMessage.__struct_encode_fields__)
"""Every property but the `header:…` ones."""
NOT_ON_PAGES: Final = frozenset({"headers", "bodyStructure"})

_ENVELOPE: Final = frozenset(
    {"sentAt", "subject", "from", "to", "cc", "bcc", "replyTo", "messageId", "inReplyTo"}
)  # fmt: skip
_ITEMS: Final = (
    (frozenset({"flags"}), Item.FLAGS),
    (frozenset({"size"}), Item.SIZE),
    (frozenset({"receivedAt"}), Item.INTERNALDATE),
    (_ENVELOPE, Item.ENVELOPE),
    (frozenset({"hasAttachment", "bodyStructure"}), Item.BODYSTRUCTURE),
)
_OPTIONAL: Final = (
    ("preview", "PREVIEW", Item.PREVIEW),
    ("emailId", "OBJECTID", Item.EMAILID),
    ("threadId", "OBJECTID", Item.THREADID),
)
_GMAIL: Final = (("emailId", Item.GM_MSGID), ("threadId", Item.GM_THRID))
_WORD: Final = re.compile(rb"[a-z0-9_.!#$&'+^`|~-]+")
"""Names that every server takes in HEADER.FIELDS; for others the whole header block is asked for."""


class Fields(Struct, frozen=True):
    """``names`` are members of SelectedMessage, ``headers`` the header properties; both as they were asked for."""

    names: frozenset[str]
    headers: tuple[HeaderProperty, ...] = ()

    @classmethod
    def parse(cls, asked: Sequence[str], *, page: bool = False) -> Fields:
        """Raises InvalidRequest naming ``fields`` for what is unknown, or no form of that header."""
        wanted = tuple(dict.fromkeys(asked))
        if len(wanted) > MAX_FIELDS:
            raise InvalidRequest(f"more than {MAX_FIELDS} properties", field="fields")
        headers = tuple(map(_header, (name for name in wanted if name.startswith("header:"))))
        if len({each.field for each in headers}) > MAX_HEADERS:
            raise InvalidRequest(f"more than {MAX_HEADERS} header fields: ask for `headers`", field="fields")
        names = frozenset(name for name in wanted if not name.startswith("header:"))
        for name in sorted(names):
            if name not in MEMBERS:
                raise InvalidRequest(f"no such property: {name[:100]!r}", field="fields")
            if page and name in NOT_ON_PAGES:
                raise InvalidRequest(f"{name} is told of one message at a time", field="fields")
        return cls(names, headers)

    @property
    def text(self) -> str:
        """The same for the same properties, whatever their order."""
        return ",".join(sorted({*self.names, *(each.asked for each in self.headers)}))

    def header_names(self) -> frozenset[bytes]:
        """Header fields that are read, in lower case."""
        names = {each.field for each in self.headers}
        if "references" in self.names:
            names.add(b"references")
        if "authentication" in self.names:
            names.add(b"authentication-results")
        if "list" in self.names:
            names.update(name.lower().encode() for name in LIST_FIELDS)
        return frozenset(names)

    def section(self, most: int) -> Section | None:
        """Up to ``most`` octets of the header fields that are read; None where there are none."""
        names = self.header_names()
        if "headers" in self.names or not all(map(_WORD.fullmatch, names)):
            return Section("", "HEADER", partial=(0, most))
        if not names:
            return None
        return Section("", "HEADER.FIELDS", fields=tuple(sorted(n.decode() for n in names)), partial=(0, most))

    def items(self, session: Session) -> tuple[FetchItem, ...]:
        """What else to fetch of one message."""
        items: list[FetchItem] = [Item.UID]
        items += [item for members, item in _ITEMS if members & self.names]
        has = session.capabilities.has
        items += [item for name, needs, item in _OPTIONAL if name in self.names and has(needs)]
        if has("X-GM-EXT-1") and not has("OBJECTID"):
            items += [item for name, item in _GMAIL if name in self.names]
        return tuple(items)


def _header(asked: str) -> HeaderProperty:
    found = header_property(asked)
    if isinstance(found, str):
        raise InvalidRequest(found, field="fields")
    return found
