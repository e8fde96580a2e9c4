"""A password that is kept outside the configuration: in a file, read again when it changes, or in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.errors import ConfigurationError, Unavailable
from gateway.secret import Secret

PASSWORD_MAX = 1024  # octets


class PasswordFile:
    """One line of UTF-8. A trailing line break is not part of the password."""

    def __init__(self, path: str, key: str) -> None:
        self._path = Path(path)
        self._stamp: tuple[int, int, int] | None = None
        self._password = Secret("")
        try:
            self.read()
        except Unavailable as error:
            raise ConfigurationError(error.detail, key=key, where=path) from error

    def read(self) -> Secret:
        """The password as it is now. Raises Unavailable where the file can't be read or holds none."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if stamp != self._stamp:
                with self._path.open("rb") as file:
                    self._password = _password(file.read(PASSWORD_MAX + 3))
                self._stamp = stamp
        except OSError as error:
            raise Unavailable("the master user's password file can't be read") from error
        return self._password


class PasswordVariable:
    """An environment variable, read once: it can't change while the process runs."""

    def __init__(self, name: str, environ: Mapping[str, str], key: str) -> None:
        try:
            self._password = _password(environ.get(name, "").encode())
        except Unavailable as error:
            raise ConfigurationError(error.detail, key=key, where=f"environment variable {name}") from error

    def read(self) -> Secret:
        return self._password


def _password(octets: bytes) -> Secret:
    try:
        text = octets.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise Unavailable("the master user's password is not UTF-8") from error
    if not text or len(octets) > PASSWORD_MAX or any(each in text for each in "\r\n\0"):
        raise Unavailable("the master user's password is empty, too long or more than one line")
    return Secret(text)
