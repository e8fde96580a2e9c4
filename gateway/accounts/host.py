"""A host as a user names it: a name of the DNS, or an address in its one standard spelling."""

from __future__ import annotations

import re
from typing import Final

from gateway.accounts.network import Address, read_address
from gateway.errors import Unprocessable

HOST_MAX: Final = 253

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
# What resolvers read as an address, such as 127.1, 0x7f000001 or 2130706433: no top-level domain is a number.
_NUMBER: Final = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")


class HostRefused(Unprocessable):
    """A host that is not to be reached for a user."""


def read_host(text: str, field: str = "host") -> str | Address:
    """The address, or the name in lower case and without a dot at its end. Raises HostRefused.

    Nothing is guessed: every other spelling of an address is refused, whatever it stands for.
    """
    try:
        return read_address(text.removeprefix("[").removesuffix("]") if ":" in text else text)
    except ValueError:
        pass
    if not 0 < len(text) <= HOST_MAX or not _NAME.fullmatch(text):
        raise HostRefused("this is neither a host name nor an IP address", field=field)
    name = text.lower().removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise HostRefused("this is an unusual spelling of an IP address", field=field)
    return name
