"""A secret that is kept outside the configuration: in a file, read again when it changes, or in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from gateway.errors import ConfigurationError, Unavailable
from gateway.secret import Secret

SECRET_MAX = 1024  # octets


class KeptSecret(Protocol):
    def read(self) -> Secret:
        """The secret as it is now. Raises Unavailable where it can't be had."""
        ...


class Place(Struct, frozen=True):
    """Where a secret is kept; ``key`` is its setting, ``what`` its name in errors: `the master user's password`."""

    key: str
    what: str
    file: str | None
    variable: str | None

    def open(self, environ: Mapping[str, str]) -> KeptSecret:
        """Raises ConfigurationError where there is no usable secret, or two places are named."""
        if self.file is not None and self.variable is None:
            return SecretFile(self.file, f"{self.key}_file", self.what)
        if self.variable is not None and self.file is None:
            return SecretVariable(self.variable, environ, f"{self.key}_env", self.what)
        name = self.key.rpartition(".")[2]
        raise ConfigurationError(f"one of {name}_file and {name}_env is needed", key=self.key, where="the settings")


class SecretFile:
    """One line of UTF-8. A trailing line break is not part of the secret."""

    def __init__(self, path: str, key: str, what: str) -> None:
        self._path = Path(path)
        self._what = what
        self._stamp: tuple[int, int, int] | None = None
        self._secret = Secret("")
        try:
            self.read()
        except Unavailable as error:
            raise ConfigurationError(error.detail, key=key, where=path) from error

    def read(self) -> Secret:
        """The secret as it is now. Raises Unavailable where the file can't be read or holds none."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if stamp != self._stamp:
                with self._path.open("rb") as file:
                    self._secret = _secret(file.read(SECRET_MAX + 3), self._what)
                self._stamp = stamp
        except OSError as error:
            raise Unavailable(f"the file of {self._what} can't be read") from error
        return self._secret


class SecretVariable:
    """An environment variable, read once: it can't change while the process runs."""

    def __init__(self, name: str, environ: Mapping[str, str], key: str, what: str) -> None:
        try:
            self._secret = _secret(environ.get(name, "").encode(), what)
        except Unavailable as error:
            raise ConfigurationError(error.detail, key=key, where=f"environment variable {name}") from error

    def read(self) -> Secret:
        return self._secret


def _secret(octets: bytes, what: str) -> Secret:
    try:
        text = octets.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise Unavailable(f"{what} is not UTF-8") from error
    if not text or len(octets) > SECRET_MAX or any(each in text for each in "\r\n\0"):
        raise Unavailable(f"{what} is empty, too long or more than one line")
    return Secret(text)
