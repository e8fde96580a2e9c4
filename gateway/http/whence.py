"""Where a request comes from, for the audit."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.types import Scope

from gateway.http.base import field
from gateway.http.services import services_of


def client_of(scope: Scope) -> str | None:
    """The client's address, as the settings have it told."""
    told = services_of(scope).settings.audit.client
    if told == "off":
        return None
    client = scope.get("client")
    peer = None if client is None else str(client[0])
    if told == "peer":
        return peer
    last = (field(scope, b"x-forwarded-for") or "").rpartition(",")[2].strip()
    try:
        return str(ip_address(last))
    except ValueError:
        return peer
