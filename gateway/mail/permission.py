"""Rights in words that say what a client may do (RFC 8621 section 2), and the letters of RFC 4314 behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from gateway.imap.rights import ordered
from gateway.mail.resource import MailboxRights

Word: TypeAlias = Literal[
    "mayReadItems",
    "mayAddItems",
    "mayRemoveItems",
    "maySetSeen",
    "maySetKeywords",
    "mayCreateChild",
    "mayRename",
    "mayDelete",
    "maySubmit",
    "mayAdmin",
]
Kind: TypeAlias = Literal["user", "group", "anyone", "special"]

LETTERS: Final[Mapping[Word, str]] = MappingProxyType(
    {
        "mayReadItems": "lr",
        "mayAddItems": "i",
        "mayRemoveItems": "te",
        "maySetSeen": "s",
        "maySetKeywords": "w",
        "mayCreateChild": "k",
        "mayRename": "x",
        "mayDelete": "x",
        "maySubmit": "p",
        "mayAdmin": "a",
    }
)
"""A word holds where all of its letters do."""

SPOKEN: Final = frozenset("".join(LETTERS.values()))
"""Letters that words speak of; any other is a server's own, and not touched by who gives words."""

_GROUPS: Final = ("$", "!$", "group:", "group=")
_SPECIAL: Final = frozenset({"authenticated", "owner", "anonymous", "administrators"})


def words(letters: str) -> list[Word]:
    held = set(letters)
    return [word for word, needed in LETTERS.items() if held.issuperset(needed)]


def letters_of(chosen: Iterable[Word]) -> str:
    """All letters that the words stand for, each once."""
    return ordered({letter for word in chosen for letter in LETTERS[word]})


def unspoken(letters: str) -> str:
    """Those that no word speaks of: a client that can't name them must keep them (RFC 4314 section 5.1.2)."""
    return ordered(set(letters) - SPOKEN)


def mailbox_rights(letters: str) -> MailboxRights:
    held = set(words(letters))
    return MailboxRights(
        may_read_items="mayReadItems" in held,
        may_add_items="mayAddItems" in held,
        may_remove_items="mayRemoveItems" in held,
        may_set_seen="maySetSeen" in held,
        may_set_keywords="maySetKeywords" in held,
        may_create_child="mayCreateChild" in held,
        may_rename="mayRename" in held,
        may_delete="mayDelete" in held,
        may_submit="maySubmit" in held,
        may_admin="mayAdmin" in held,
        letters=letters,
    )


def negative(who: str) -> bool:
    """RFC 4314 section 2: these rights are taken from whom the rest of the identifier names."""
    return who.startswith("-")


def kind(who: str) -> Kind:
    """Whom an identifier means, by the marks that servers use; the RFC itself knows ``anyone`` and users only."""
    named = who.removeprefix("-")
    if named == "anyone":
        return "anyone"
    if named.startswith(_GROUPS):
        return "group"
    return "special" if named in _SPECIAL else "user"
