"""Whether a token's claims name a mail account in a way that can be trusted, and which."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.accounts.account import Caller
from gateway.accounts.address import Address, read_address
from gateway.errors import Forbidden
from gateway.settings.model import Issuer


def named_address(issuer: Issuer, caller: Caller) -> Address:
    """Raises Forbidden where the issuer does not vouch for the address, or is not the one for its domain."""
    claim = issuer.naming_claim
    # `email` and `email_verified`, also under a name of one's own: `https://mail.example.org/email_verified`
    if caller.claims.get(f"{claim}_verified", True) not in (True, "true"):
        raise Forbidden(f"the token's {claim} claim is not verified by the issuer, so it names no mail account")
    if issuer.profile == "entra" and _is_guest(issuer, caller.claims):
        raise Forbidden("the token is a guest's, whose names the issuer does not vouch for")
    address = read_address(caller.claims.get(claim), claim)
    if "*" not in issuer.domains and address.domain not in map(str.lower, issuer.domains):
        raise Forbidden("the token's issuer may not name accounts of that domain")
    return address


def _is_guest(issuer: Issuer, claims: Mapping[str, object]) -> bool:
    """Entra tells of users of other tenants by ``idp``, and by ``acct`` where that is asked for."""
    return claims.get("idp", issuer.issuer) != issuer.issuer or claims.get("acct", 0) not in (0, "0")
