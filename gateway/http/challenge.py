"""The WWW-Authenticate header of a bearer-token resource (RFC 6750 section 3, RFC 9728 section 5.1)."""

from __future__ import annotations

import re
from typing import Final

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"

# error-description: %x20-21 / %x23-5B / %x5D-7E, so neither quotes nor backslashes (RFC 6750 section 3)
_UNSAFE: Final = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


def challenge(base: str, error: str | None, description: str, scope: str | None) -> str:
    """``base`` is the URL clients reach the API by; ``error`` is None where no token was sent."""
    parts: list[tuple[str, str]] = []
    if error:
        parts.append(("error", error))
        if description:
            parts.append(("error_description", _UNSAFE.sub("'", description)))
    if scope:
        parts.append(("scope", scope))
    parts.append(("resource_metadata", base + METADATA_PATH))
    return "Bearer " + ", ".join(f'{name}="{_UNSAFE.sub("", value)}"' for name, value in parts)
