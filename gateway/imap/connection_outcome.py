"""How a command ended, for whoever counts: its name and a word, nothing that was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from gateway.errors import DeadlinePassed, GatewayError, ProtocolViolation
from gateway.imap.response import Tagged

Outcome: TypeAlias = Literal["ok", "no", "bad", "lost", "timeout", "malformed"]
# Told the command's name (``UID FETCH``), how it ended, and the seconds since it was sent.
OnCommand: TypeAlias = Callable[[str, Outcome, float], None]

_BY_STATUS: Final[dict[Literal["OK", "NO", "BAD"], Outcome]] = {"OK": "ok", "NO": "no", "BAD": "bad"}


def outcome(end: Tagged | GatewayError | None) -> Outcome:
    """Of the tag that came, or of what came instead."""
    match end:
        case Tagged(status=status):
            return _BY_STATUS[status]
        case DeadlinePassed():
            return "timeout"
        case ProtocolViolation():
            return "malformed"
        case _:
            return "lost"
