"""Command lines: a whitelisted verb, encoded arguments, and the points where the server must say go on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest, LocalError
from gateway.imap import limits
from gateway.imap.encode.arg import Arg, ListPattern, Literal, Piece, StreamLiteral, group, joined, pattern, word

_VERBS: Final = frozenset(
    {
        *("CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "AUTHENTICATE", "LOGIN", "ENABLE", "ID", "COMPRESS"),
        *("SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB"),
        *("NAMESPACE", "STATUS", "APPEND", "IDLE", "CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "NOTIFY"),
        *("SEARCH", "FETCH", "STORE", "COPY", "MOVE", "SORT", "THREAD", "GETQUOTA", "GETQUOTAROOT"),
        *("GETACL", "SETACL", "DELETEACL", "MYRIGHTS", "LISTRIGHTS", "UNAUTHENTICATE"),
        *("UID SEARCH", "UID FETCH", "UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE", "UID SORT", "UID THREAD"),
    }
)
_TAG: Final = re.compile(r"[A-Za-z0-9]{0,32}+")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9=+_.-]{0,63}+")
# Dovecot's default imap_max_line_length is 64 KB; longer lines are answered with BAD or a closed connection.
_MAX_LINE: Final = 60_000


class Wait(Struct, frozen=True):
    """Send no more until the server has answered ``+`` (RFC 9051 section 7.6)."""


Step = bytes | StreamLiteral | Wait


class CommandLine(Struct, frozen=True):
    """A command without its tag and without the CRLF; ``parts`` are text and literals in order."""

    name: str
    parts: tuple[Piece, ...]

    def pieces(self, *, tag: str = "", literal_plus: bool = False, literal_minus: bool = False) -> list[Step]:
        """What to do in order: write octets, stream a literal, or wait for a ``+``.

        ``literal_plus``, ``literal_minus``: the server offers them (RFC 7888 section 3 and section 5), so that
        literals (the latter: up to ``limits.LITERAL_MINUS`` octets) need no waiting. With a ``tag`` the line is
        whole: tag before, CRLF after.
        """
        if _TAG.fullmatch(tag) is None:
            raise LocalError("not a tag")
        steps: list[Step] = []
        text = bytearray(f"{tag} ".encode("ascii") if tag else b"")
        for part in self.parts:
            if isinstance(part, bytes):
                text += part
                continue
            at_once = literal_plus or (literal_minus and part.size <= limits.LITERAL_MINUS)
            text += b"%s{%d%s}\r\n" % (b"~" if part.binary else b"", part.size, b"+" if at_once else b"")
            if not at_once:
                steps += [bytes(text), Wait()]
                text.clear()
            if isinstance(part, Literal):
                text += part.data
            else:
                steps += [bytes(text), part] if text else [part]
                text.clear()
        steps.append(bytes(text) + b"\r\n")
        return steps


def command(name: str, *args: Arg) -> CommandLine:
    """``name`` must be a verb this gateway uses; LocalError otherwise. InvalidRequest where the line is too long."""
    if name not in _VERBS:
        raise LocalError("not a command of this gateway")
    pieces = joined([word(name.encode("ascii")), *args])
    if sum(len(piece) for piece in pieces if isinstance(piece, bytes)) > _MAX_LINE:
        raise InvalidRequest("the command would be too long for the mail server")
    return CommandLine(name, pieces)


def words(*values: str) -> Arg:
    """Words from a protocol's own vocabulary: capabilities to ENABLE, a SASL mechanism. Never a user's."""
    if not values or not all(_WORD.fullmatch(value) for value in values):
        raise LocalError("not a protocol word")
    return word(" ".join(values).encode("ascii"))


def base64_line(octets: bytes) -> Arg:
    """A SASL initial response (RFC 4959 section 3), already base64; ``=`` alone for the empty one."""
    if re.fullmatch(rb"[A-Za-z0-9+/]*+={0,2}+", octets) is None:
        raise LocalError("not base64")
    return word(octets or b"=")


def select_parameters(*, condstore: bool = False, qresync: tuple[int, int] | None = None) -> Arg | None:
    """(CONDSTORE) or (QRESYNC (uidvalidity modseq)), RFC 7162 section 3.1.8 and section 3.2.5; None: nothing."""
    if qresync is not None:
        return word(b"(QRESYNC (%d %d))" % qresync)
    return word(b"(CONDSTORE)") if condstore else None


def unchanged_since(modseq: int) -> Arg:
    """The conditional of STORE (RFC 7162 section 3.1.3)."""
    if not 0 <= modseq <= limits.MAX_NUMBER64:
        raise InvalidRequest("not a mod-sequence", field="ifMatch")
    return word(b"(UNCHANGEDSINCE %d)" % modseq)


_SELECTIONS: Final = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
_RETURNS: Final = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"})


def list_selection(*options: str) -> Arg:
    """Selection options of LIST (RFC 9051 section 6.3.9.1), to stand before the reference."""
    if not _SELECTIONS.issuperset(options):
        raise LocalError("not a selection option")
    return word(b"(" + " ".join(options).encode("ascii") + b")")


def list_patterns(patterns: Sequence[ListPattern]) -> Arg:
    """One pattern as it is, several in parentheses (RFC 5258 section 3)."""
    return pattern(patterns[0]) if len(patterns) == 1 else group([pattern(each) for each in patterns])


def list_returns(options: Sequence[str] = (), *, status: Arg | None = None) -> Arg:
    """RETURN options of LIST (RFC 9051 section 6.3.9.2), with STATUS items (RFC 5819 section 2) where given."""
    if not _RETURNS.issuperset(options):
        raise LocalError("not a return option")
    args = [word(option.encode("ascii")) for option in options]
    if status is not None:
        args += [word(b"STATUS"), status]
    return Arg((b"RETURN ", *group(args).pieces))
