"""Why a server refused to sign somebody in, in words that may be shown to him: few, short, and none of the secret's."""

from __future__ import annotations

import json
import re
from typing import Final

from gateway.errors import SignInRefused
from gateway.imap.credential import Bearer, Credential
from gateway.imap.response import Tagged

# What a code says of the credentials (RFC 5530 section 3).
_CODES: Final = {
    "AUTHENTICATIONFAILED": "they are wrong",
    "AUTHORIZATIONFAILED": "they are good, but not for this account",
    "EXPIRED": "they have expired",
}
TEXT_SHOWN: Final = 200  # characters
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SCOPE: Final = re.compile(r"[!#-\[\]-~]{1,128}(?: [!#-\[\]-~]{1,128}){0,9}")


def refusal_of(credential: Credential, tagged: Tagged | None, challenge: str | None) -> SignInRefused:
    """The error for a NO, or (None) a connection that ended in the exchange, after the ``challenge`` if there was one.

    The text of a NO is shown where the server wants it seen (ALERT, RFC 9051 section 7.1); what else it says is for
    its own log. Of a token's JSON reason, ``status`` and ``scope`` are shown (RFC 7628 section 3.2.2).
    """
    code = tagged.code.name if tagged is not None and tagged.code is not None else None
    reasons = []
    if code in _CODES:
        reasons.append(_CODES[code])
    if challenge is not None:
        reasons += _of_token(challenge)
    if tagged is not None and code == "ALERT" and tagged.text:
        reasons.append("".join(char for char in tagged.text if char.isprintable())[:TEXT_SHOWN])
    detail = "; ".join(["the mail server refused the sign-in", *reasons])
    own = isinstance(credential, Bearer) and credential.own_token
    return SignInRefused(detail, code=code, own_token=own, challenge=challenge)


def _of_token(challenge: str) -> list[str]:
    try:
        told = json.loads(challenge)
    except (ValueError, RecursionError):
        return []
    if not isinstance(told, dict):
        return []
    status, scope = told.get("status"), told.get("scope")
    found = [f"status {status}"] if isinstance(status, str) and _WORD.fullmatch(status) else []
    return found + ([f"it wants the scope {scope}"] if isinstance(scope, str) and _SCOPE.fullmatch(scope) else [])
