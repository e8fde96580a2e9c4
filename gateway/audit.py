"""The audit: one JSON line for what somebody may have to answer for. Who, what, when and how it ended; never content.

What may stand in a line is decided here, not by whoever records: a value that is no plain word (an address, a folder's
name, a sentence) is written as its digest. Lines are numbered from 1 at each start, so that one that is missing shows.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Final, Protocol, TypeAlias

import msgspec
from structlog.contextvars import get_contextvars

Detail: TypeAlias = str | int | bool | None

TEXT_MAX: Final = 256  # characters of a value that is written as it is
_PLAIN: Final = re.compile(r"[A-Za-z0-9:][A-Za-z0-9._~:/|+-]*")
_NAME: Final = re.compile(r"[a-z][a-zA-Z]{0,31}")


class Audit(Protocol):
    """Never blocks and never raises for what happens to the line afterwards."""

    def record(self, event: str, *, issuer: str, subject: str, account: str | None = None, **details: Detail) -> None:
        """Note ``event`` (words with hyphens, such as `account-linked`), done by ``subject`` of ``issuer``.

        ``details`` are ids, fixed words, numbers: their names in camel case, `outcome` among them where it is not `ok`.
        """
        ...

    def asked_from(self, client: str | None) -> AbstractContextManager[None]:
        """Lines that are recorded within, or in tasks that are started within, tell this address of the client's."""
        ...


class NoAudit:
    """Nothing is noted."""

    def record(self, event: str, *, issuer: str, subject: str, account: str | None = None, **details: Detail) -> None:
        return None

    def asked_from(self, client: str | None) -> AbstractContextManager[None]:
        return nullcontext()


class Trail:
    """Makes lines and hands them to ``write``, which must not block. ``clock`` gives seconds since the epoch.

    A line names the request in which it was recorded, or that started the task which recorded it, as the log does;
    and its client, where :meth:`asked_from` tells.
    """

    def __init__(self, write: Callable[[bytes], None], clock: Callable[[], float], process: str | None = None) -> None:
        self._write = write
        self._clock = clock
        self._process = process or secrets.token_hex(4)
        self._numbers = count(1)
        self._client: ContextVar[str | None] = ContextVar("client", default=None)

    @contextmanager
    def asked_from(self, client: str | None) -> Iterator[None]:
        """See :meth:`Audit.asked_from`."""
        before = self._client.set(client)
        try:
            yield
        finally:
            self._client.reset(before)

    def record(self, event: str, *, issuer: str, subject: str, account: str | None = None, **details: Detail) -> None:
        """See :meth:`Audit.record`."""
        line: dict[str, Detail] = {
            "time": _time(self._clock()),
            "process": self._process,
            "number": next(self._numbers),
            "event": shown(event),
            "issuer": shown(issuer),
            "subject": shown(subject),
        }
        if account is not None:
            line["account"] = shown(account)
        line["outcome"] = "ok"
        for name, value in {**details, "client": self._client.get()}.items():
            if _NAME.fullmatch(name) and value is not None:
                line[name] = shown(value) if isinstance(value, str) else value
        request = get_contextvars().get("request_id")
        if isinstance(request, str):
            line["requestId"] = shown(request)
        self._write(msgspec.json.encode(line) + b"\n")


def shown(value: str) -> str:
    """The value where it is a plain word, an id or an issuer's URL; else its digest, by which it can be recognised."""
    return value if len(value) <= TEXT_MAX and _PLAIN.fullmatch(value) else digest(value)


def digest(value: str) -> str:
    """What stands for a value that may not be written, such as the name of a folder: the same for the same value."""
    return f"sha256:{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
