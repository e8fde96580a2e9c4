"""Commands that aioimaplib's vocabulary lacks or has too narrow, and the states they lead to (RFC 9051 section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

NONAUTH, AUTH, SELECTED, LOGOUT = "NONAUTH", "AUTH", "SELECTED", "LOGOUT"


class Addition(Struct, frozen=True):
    """``alone``: nothing else is in flight with it, as its data could be taken for another command's."""

    states: tuple[str, ...]
    alone: bool


ADDITIONS: Final[Mapping[str, Addition]] = MappingProxyType(
    {
        "IDLE": Addition((AUTH, SELECTED), alone=True),
        "ENABLE": Addition((AUTH, SELECTED), alone=True),
        "UNSELECT": Addition((SELECTED,), alone=True),
        "COMPRESS": Addition((AUTH, SELECTED), alone=True),
        "NOTIFY": Addition((AUTH, SELECTED), alone=True),
        "UNAUTHENTICATE": Addition((AUTH, SELECTED), alone=True),
        "GETMETADATA": Addition((AUTH, SELECTED), alone=False),
        "LISTRIGHTS": Addition((AUTH, SELECTED), alone=False),
    }
)
# Once these are sent and the connection is lost, nobody can tell whether they were carried out.
WRITES: Final = frozenset(
    {
        *("APPEND", "STORE", "COPY", "MOVE", "EXPUNGE", "CLOSE", "CREATE", "DELETE", "RENAME"),
        *("SUBSCRIBE", "UNSUBSCRIBE", "SETACL", "DELETEACL"),
    }
)
_NEXT: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("LOGIN", "OK"): AUTH,
        ("AUTHENTICATE", "OK"): AUTH,
        ("SELECT", "OK"): SELECTED,
        ("SELECT", "NO"): AUTH,
        ("EXAMINE", "OK"): SELECTED,
        ("EXAMINE", "NO"): AUTH,
        ("CLOSE", "OK"): AUTH,
        ("UNSELECT", "OK"): AUTH,
        ("LOGOUT", "OK"): LOGOUT,
    }
)
_GREETED: Final = MappingProxyType({"OK": NONAUTH, "PREAUTH": AUTH, "BYE": LOGOUT})
SHOWN: Final = 200


def greeted(status: str) -> str | None:
    """The state after a greeting; None where it is none."""
    return _GREETED.get(status)


def after(state: str, name: str, status: str) -> str:
    """The state after the tag of the command ``name``."""
    return _NEXT.get((name, status), state)


def shown(text: str) -> str:
    """A server's text as an error carries it: one short line."""
    return "".join(char for char in text if char.isprintable())[:SHOWN]
