"""What the IMAP server wants to hear as user name: a provider's template filled in for one caller."""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.accounts.address import Address
from gateway.errors import Forbidden

_PLACEHOLDER = re.compile(r"\{(address|local|sub)\}")
_USERNAME = re.compile(r"[!#-\[\]-~]{1,255}")  # visible ASCII but quote and backslash


@lru_cache(maxsize=4096)
def username(template: str, address: Address, subject: str) -> str:
    """Raises Forbidden where the outcome is no user name that can be sent safely.

    Placeholders are replaced in one pass: what a claim holds is never read as a template.
    """
    values = {"address": str(address), "local": address.local, "sub": subject}
    name = _PLACEHOLDER.sub(lambda found: values[found[1]], template)
    if not _USERNAME.fullmatch(name):
        raise Forbidden("the token's claims make no user name that the mail server could be told")
    return name
