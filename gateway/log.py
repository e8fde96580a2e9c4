"""The structured log: what is written, in which form, and what is never written.

Rooms take ``logger(name)`` and pass values as keywords; below the level nothing is formatted. ``configure`` is called
once, at start-up. Values that may be personal or secret have names that the redaction knows: a second line of
defence, since nothing of the kind is to be logged in the first place.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from traceback import extract_tb
from types import TracebackType
from typing import TextIO, TypeAlias, cast

import msgspec
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.types import FilteringBoundLogger, Processor

from gateway.errors import GatewayError
from gateway.settings.model import Log

Event: TypeAlias = MutableMapping[str, object]
Raised: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]

REDACTED = "[redacted]"
TEXT_MAX = 500  # characters of one value
FRAMES_MAX = 30
NAMES_MAX = 1000  # remembered as harmless, of values and of texts; they are written in the code: there are far fewer

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_FORBIDDEN = re.compile(
    r"authori[sz]ation|token|passw|secret|credential|cookie|subject|address|e?mail|user|login|authzid|body|text|"
    r"folder|mailbox|search|query|filename|jwt|claim|header|path|url"
)
# Some foreign libraries' records quote what they handle: aioimaplib the whole dialogue, uvicorn.access paths and
# queries, httpx URLs, aiosqlite a statement's values. They are silenced; of the others only the first line is kept.
_SILENCED = (
    "aioimaplib",
    "uvicorn.access",
    "httpx",
    "httpcore",
    "hpack",
    "authlib",
    "joserfc",
    "aiosqlite",
    "sqlalchemy",
    "psycopg",
)
_CODED = frozenset({"event", "method", "route"})  # whose texts are written in the code
_PLAIN = frozenset({int, float, bool, type(None)})
_CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9\-._~+/=]{4,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,4}")
_ADDRESS = re.compile(r"[^\s@<>\"',;:()]{1,64}@[A-Za-z0-9.-]{1,255}")


def logger(name: str) -> FilteringBoundLogger:
    """A logger by its room's name."""
    return cast("FilteringBoundLogger", structlog.get_logger(name))


def configure(settings: Log, stream: TextIO | None = None) -> None:
    """Set up the process's log, on standard error unless ``stream`` is given. Called once, by the composition."""
    level = _LEVELS[settings.level]
    out = stream or sys.stderr
    final: Processor = _Rendered()
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    own: list[Processor] = [_Line(stamp)]
    if settings.format == "console":
        final = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        stamp,
        _exception,
        _Redaction(),
    ]
    last: list[Processor] = [final]
    if settings.format == "console":
        last = [_joined, final]
        own = [merge_contextvars, *shared, *last]
    structlog.configure(
        processors=own,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: _Written(str(names[0]) if names else "", out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[merge_contextvars, _first_line],
            processors=[*shared, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _SILENCED:
        silenced = logging.getLogger(name)
        silenced.handlers[:] = [logging.NullHandler()]
        silenced.propagate = False


def new_request_id() -> str:
    """22 URL-safe characters, random."""
    return secrets.token_urlsafe(16)


@contextmanager
def request_scope(request_id: str) -> Iterator[None]:
    """Every line that is logged within carries ``request_id``."""
    with bound_contextvars(request_id=request_id):
        yield


class _Written:
    """Where our own lines end: past the standard library's records, which cost more than all else of a line."""

    __slots__ = ("_out", "name")

    def __init__(self, name: str, out: TextIO) -> None:
        self.name, self._out = name, out

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it any more: no reason to fail
            self._out.write(line + "\n")
            self._out.flush()

    debug = info = warning = error = critical = msg


class _Line:
    """All that becomes of a line of ours in JSON, in one go: there may be thousands a second.

    ``request_id`` is the only value that is bound to a context, so a line that has it is not looked up there.
    """

    __slots__ = ("_redact", "_render", "_stamp")

    def __init__(self, stamp: Processor) -> None:
        self._redact, self._render, self._stamp = _Redaction(), _Rendered(), stamp

    def __call__(self, log: _Written, method: str, event: Event) -> str:
        if "request_id" not in event:
            event = merge_contextvars(log, method, event)
        if "exc_info" in event:
            event = _exception(log, method, event)
        event = self._redact(log, method, event)
        event["logger"] = log.name
        structlog.stdlib.add_log_level(log, method, event)
        self._stamp(log, method, event)
        return self._render(log, method, event)


class _Rendered:
    """One JSON object in one line, of ASCII."""

    __slots__ = ("_quick", "_slow")

    def __init__(self) -> None:
        self._quick = msgspec.json.Encoder(enc_hook=_unknown).encode
        self._slow = json.JSONEncoder(default=_unknown).encode

    def __call__(self, _logger: object, _method: str, event: Event) -> str:
        try:
            line = self._quick(event)
        except (TypeError, ValueError):  # such as half a surrogate pair
            return self._slow(event)
        return line.decode("ascii") if line.isascii() and b"\x7f" not in line else self._slow(event)


class _Redaction:
    """Drops values by their names, and what looks like a credential or an address from the others."""

    __slots__ = ("_harmless", "_texts")

    def __init__(self) -> None:
        self._harmless: set[str] = {"event"}
        self._texts: set[object] = set()

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        harmless, texts = self._harmless, self._texts
        for name, value in event.items():
            kind = value.__class__
            if name in harmless and (kind in _PLAIN or (kind is str and value in texts)):
                continue
            if name[:1] != "_":
                event[name] = redacted = self._redacted(name, value)
                if name in _CODED and redacted is value and kind is str and len(texts) < NAMES_MAX:
                    texts.add(value)
        return event

    def _redacted(self, name: str, value: object) -> object:
        if name not in self._harmless:
            if _FORBIDDEN.search(name.lower()):
                return REDACTED
            if len(self._harmless) < NAMES_MAX:
                self._harmless.add(name)
        if isinstance(value, str):
            return _scrubbed(value)
        if isinstance(value, Mapping):
            return {str(key): self._redacted(str(key), each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._redacted("", each) for each in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return _unknown(value)


def _scrubbed(text: str) -> str:
    text = text[:TEXT_MAX]
    if " " in text or not text.isprintable():  # between the scheme and the credentials there is a blank of some kind
        text = _CREDENTIALS.sub(REDACTED, text)
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    return _ADDRESS.sub(REDACTED, text) if "@" in text else text


def _unknown(value: object) -> str:
    """Values without a form of their own are shown by type: their ``repr`` may quote anything."""
    return f"<{type(value).__name__}>"


def _first_line(_logger: object, _method: str, event: Event) -> Event:
    lines = str(event.get("event", "")).splitlines()
    event["event"] = lines[0] if lines else ""
    return event


def _exception(_logger: object, _method: str, event: Event) -> Event:
    """Where it was raised and what it was; its text only where it is ours, for others quote what they choke on."""
    info = event.pop("exc_info", None)
    raised = _raised(info)
    if raised is not None:
        event["exception"] = _described(raised)
    return event


def _joined(_logger: object, _method: str, event: Event) -> Event:
    """The console's renderer wants an exception as one text."""
    lines = event.get("exception")
    if isinstance(lines, list):
        event["exception"] = "\n".join(lines)
    return event


def _raised(info: object) -> BaseException | None:
    if isinstance(info, BaseException):
        return info
    if info is True:
        return sys.exc_info()[1]
    if isinstance(info, tuple) and len(info) == 3:
        return cast("Raised", info)[1]
    return None


def _described(error: BaseException) -> list[str]:
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < FRAMES_MAX:
        shown = f": {cause}" if isinstance(cause, GatewayError) and cause.detail else ""
        lines.append(f"{type(cause).__name__}{shown}")
        frames = extract_tb(cause.__traceback__, limit=-FRAMES_MAX)
        lines.extend(f"  {frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return lines
