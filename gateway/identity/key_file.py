"""An issuer's keys in a file: without network, or where another tool keeps them."""

from __future__ import annotations

import os
from pathlib import Path

from gateway.errors import Unavailable
from gateway.identity.fetch import DOCUMENT_MAX
from gateway.identity.keyset import KeySet, KeySetUnreadable, SigningKey, read_key_set
from gateway.log import logger

_log = logger("gateway.identity.keys")


class FileKeys:
    """A JWK set in a file, read again when the file changes. An unreadable new version leaves the old set in force."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._name = str(path)  # looked at for each request
        self._stamp: tuple[int, int, int] | None = None
        self._set: KeySet | None = None

    @property
    def version(self) -> str:
        self._reload()
        return self._set.version if self._set else ""

    @property
    def algorithms(self) -> frozenset[str]:
        return self._set.algorithms if self._set else frozenset()

    def at_hand(self, kid: str | None, alg: str) -> tuple[SigningKey, ...]:
        return self._set.fitting(kid, alg) if self._set else ()

    async def prepare(self, kid: str | None, alg: str) -> None:
        self._reload()
        if self._set is None:
            raise Unavailable("the issuer's key file can't be read")

    async def start(self) -> None:
        self._reload()

    async def close(self) -> None:
        """Nothing is held open."""

    def _reload(self) -> None:
        try:
            stat = os.stat(self._name)
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self._set = read_key_set(self._read())
        except (OSError, KeySetUnreadable) as error:
            _log.warning("key file not usable", reason=type(error).__name__, kept=self._set is not None)
            return
        _log.info("keys loaded", keys=len(self._set.keys), skipped=self._set.skipped)

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            content = file.read(DOCUMENT_MAX + 1)
        if len(content) > DOCUMENT_MAX:
            raise KeySetUnreadable("too large")
        return content
