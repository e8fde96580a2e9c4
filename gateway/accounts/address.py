"""The address that names a caller's mail account, out of a claim.

Narrower than RFC 5322: what mail servers treat specially in user names is refused, so that no spelling of one address
reaches the account of another. ASCII only, since servers fold other letters together (RFC 4013); no quoting; none of
``* % ! /``, which separate master users, hosts and folders. The domain is folded to lower case, the local part is
kept as the issuer spells it (RFC 5321 section 2.4).
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.errors import Forbidden
from gateway.secret import Reticent

ADDRESS_MAX = 254
LOCAL_MAX = 64

_LOCAL = re.compile(r"[A-Za-z0-9#$&'+=?^_`{|}~-]++(?:\.[A-Za-z0-9#$&'+=?^_`{|}~-]++)*+")
_DOMAIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


class Address(Reticent, frozen=True):
    """``local@domain``; a bare user name has an empty ``domain``."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local


def read_address(value: object, claim: str) -> Address:
    """The address of a claim's value. Raises Forbidden, naming the claim and never its value."""
    if value is None:
        raise Forbidden(f"the token has no {claim} claim, which names the mail account")
    if not isinstance(value, str):
        raise Forbidden(f"the token's {claim} claim is not a string, so it names no mail account")
    return _read(value, claim)


@lru_cache(maxsize=4096)
def _read(value: str, claim: str) -> Address:
    if not 0 < len(value) <= ADDRESS_MAX:
        raise Forbidden(f"the token's {claim} claim is empty or too long for a mail account")
    local, at, domain = value.rpartition("@") if "@" in value else (value, "", "")
    if len(local) > LOCAL_MAX or not _LOCAL.fullmatch(local) or (at and not _DOMAIN.fullmatch(domain)):
        raise Forbidden(f"the token's {claim} claim is not an address that can name a mail account")
    return Address(local, domain.lower())
