"""From a filter tree to one IMAP search key, for one folder: pure.

Some conditions the server can't decide: IMAP compares days where `before` and `after` are moments, and knows nothing
of attachments. Such a ``Leaf`` is given to the caller, who first asks for a key that finds at least (under NOT: at
most) what the leaf means, and once the messages in doubt were looked at, for the exact one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final, Literal

from msgspec import UNSET, Struct

from gateway.errors import Refused
from gateway.imap import limits
from gateway.imap.encode.search_key import Dated, Flagged, Fuzzy, Header, Match, Searched, SearchKey, Sized
from gateway.imap.flags import to_flag
from gateway.imap.name import MailboxName
from gateway.mail.conditions import Condition, Conditions
from gateway.mail.logic import ALWAYS, NEVER, all_of, any_of, negated

_FIELDS: Final[tuple[tuple[str, Searched], ...]] = (
    ("from_", "FROM"),
    ("to", "TO"),
    ("cc", "CC"),
    ("bcc", "BCC"),
    ("subject", "SUBJECT"),
    ("text", "TEXT"),
    ("body", "BODY"),
)
_IN_ENVELOPE: Final = frozenset({"FROM", "TO", "CC", "BCC", "SUBJECT"})
_DAY: Final = timedelta(days=1)
# Outside of these no message was received: no day is to be counted there.
_FIRST: Final = datetime(1901, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)


class Instant(Struct, frozen=True):
    """Received before a moment, or at it and after. In whatever zone a server counts, it is a day off at the most."""

    how: Literal["before", "after"]
    moment: datetime

    @property
    def day(self) -> date:
        return self.moment.astimezone(UTC).date()

    @property
    def surely(self) -> SearchKey:
        """Those that the day alone decides."""
        return Dated("BEFORE", self.day - _DAY) if self.how == "before" else Dated("SINCE", self.day + 2 * _DAY)

    @property
    def perhaps(self) -> SearchKey:
        """Those, and all that it leaves in doubt."""
        return Dated("BEFORE", self.day + 2 * _DAY) if self.how == "before" else Dated("SINCE", self.day - _DAY)

    @property
    def doubt(self) -> SearchKey:
        return all_of((Dated("SINCE", self.day - _DAY), Dated("BEFORE", self.day + 2 * _DAY)))


class Attached(Struct, frozen=True):
    """Has an attachment (RFC 8621 section 4.1.4), which only the structure tells."""

    surely: ClassVar[SearchKey] = NEVER
    perhaps: ClassVar[SearchKey] = ALWAYS
    doubt: ClassVar[SearchKey] = ALWAYS


class Said(Struct, frozen=True):
    """A header has ``value``, which the server can't search for: it takes ASCII only."""

    where: Searched
    value: str
    surely: ClassVar[SearchKey] = NEVER
    perhaps: ClassVar[SearchKey] = ALWAYS
    doubt: ClassVar[SearchKey] = ALWAYS


Leaf = Instant | Attached | Said
Resolve = Callable[[Leaf, bool], SearchKey]
"""The key for a leaf; True: where it must find at least what the leaf means, False: at most."""


class Setting(Struct, frozen=True):
    """What decides a translation beside the tree.

    ``folders``: the mailboxes that the tree names, None where there is none. ``known``: flags as the server spells
    them. ``ascii_only``: the server refused the charset.
    """

    name: MailboxName
    folders: Mapping[str, MailboxName | None]
    known: tuple[bytes, ...] = ()
    fuzzy: bool = False
    ascii_only: bool = False


def translate(conditions: Conditions, setting: Setting, resolve: Resolve) -> SearchKey:
    """``logic.NEVER`` where nothing in this folder can match. Raises InvalidRequest, Refused (BADCHARSET)."""
    done: dict[int, SearchKey] = {}
    for number in range(len(conditions.nodes) - 1, -1, -1):
        node = conditions.nodes[number]
        inner = [done.pop(child) for child in node.children]
        match node.given.operator:
            case "AND":
                done[number] = all_of(inner)
            case "OR":
                done[number] = any_of(inner)
            case "NOT":
                done[number] = negated(any_of(inner))
            case _:
                done[number] = all_of(_members(node, setting, resolve))
    return done[0]


def at_least(leaf: Leaf, positive: bool) -> SearchKey:
    """Resolves a leaf so that no message which matches is missed."""
    return leaf.perhaps if positive else leaf.surely


def _members(node: Condition, setting: Setting, resolve: Resolve) -> Iterator[SearchKey]:
    yield from _places(node, setting)
    yield from _moments(node, resolve)
    yield from _sizes(node)
    yield from _flags(node, setting)
    if node.given.has_attachment is not UNSET:
        wanted = node.given.has_attachment
        found = resolve(Attached(), node.positive == wanted)
        yield found if wanted else negated(found)
    for member, where in _FIELDS:
        for word in node.words(member):
            yield _match(where, word, setting, resolve, node.positive)
    if node.given.header is not UNSET:
        name, value = (*node.given.header, "")[:2]
        if setting.ascii_only and not value.isascii():
            raise _untold()
        yield _fuzzily(Header(name, value), setting)


def _match(where: Searched, word: str, setting: Setting, resolve: Resolve, positive: bool) -> SearchKey:
    if word.isascii() or not setting.ascii_only:
        return _fuzzily(Match(where, word), setting)
    if where not in _IN_ENVELOPE:
        raise _untold()
    return resolve(Said(where, word), positive)


def _fuzzily(key: Match | Header, setting: Setting) -> SearchKey:
    return Fuzzy(key) if setting.fuzzy else key


def _untold() -> Refused:
    return Refused("the mail server can't search messages for other than ASCII terms", code="BADCHARSET")


def _places(node: Condition, setting: Setting) -> Iterator[SearchKey]:
    """A message of an IMAP folder is in this one only, so these are known before anything is asked."""
    given = node.given
    if given.in_mailbox is not UNSET:
        yield ALWAYS if setting.folders.get(given.in_mailbox) == setting.name else NEVER
    if given.in_mailbox_other_than is not UNSET:
        listed = {setting.folders.get(ref) for ref in given.in_mailbox_other_than}
        yield NEVER if setting.name in listed else ALWAYS


def _moments(node: Condition, resolve: Resolve) -> Iterator[SearchKey]:
    if node.given.before is not UNSET:
        moment = node.given.before
        yield _unusual(moment, NEVER, ALWAYS) or resolve(Instant("before", moment), node.positive)
    if node.given.after is not UNSET:
        moment = node.given.after
        yield _unusual(moment, ALWAYS, NEVER) or resolve(Instant("after", moment), node.positive)


def _unusual(moment: datetime, early: SearchKey, late: SearchKey) -> SearchKey | None:
    return early if moment < _FIRST else late if moment > _LAST else None


def _sizes(node: Condition) -> Iterator[SearchKey]:
    """Sizes of RFC 3501 have 32 bits; what is beyond them is decided here."""
    least, most = node.given.min_size, node.given.max_size
    if least is not UNSET and least > 0:
        yield Sized("LARGER", least - 1) if least <= limits.MAX_NUMBER else NEVER
    if most is not UNSET and most <= limits.MAX_NUMBER:
        yield Sized("SMALLER", most) if most > 0 else NEVER


def _flags(node: Condition, setting: Setting) -> Iterator[SearchKey]:
    given = node.given
    if given.has_keyword is not UNSET:
        yield Flagged(to_flag(given.has_keyword, setting.known, field=node.at("has_keyword")))
    if given.not_keyword is not UNSET:
        yield Flagged(to_flag(given.not_keyword, setting.known, field=node.at("not_keyword")), present=False)
