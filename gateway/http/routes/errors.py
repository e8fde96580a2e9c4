"""Which problems the mail server's side may add to an endpoint's own."""

from __future__ import annotations

from typing import Final

MAIL: Final = (
    "account-reauth-required",
    "contact-admin",
    "forbidden",
    "gateway-fault",
    "id-expired",
    "in-use",
    "not-found",
    "too-many-requests",
    "unavailable",
    "upstream-failed",
    "upstream-limit",
    "upstream-lost",
    "upstream-malformed",
    "upstream-refused",
    "upstream-timeout",
    "upstream-tls-failed",
    "upstream-tls-required",
    "upstream-token-refused",
    "upstream-unavailable",
    "upstream-unreachable",
)
"""Any endpoint that asks the mail server something."""

WRITE: Final = (*MAIL, "cannot", "over-quota", "unprocessable", "write-in-doubt")
"""Any endpoint that changes something."""

SEARCH: Final = ("cannot", "charset-unsupported")
"""Where a filter is carried out by the mail server."""

TRANSFER: Final = (*WRITE, "conflict", "destination-missing")
DOWNLOAD: Final = (*MAIL, "encoding-unknown", "precondition-failed", "range-not-satisfiable")
