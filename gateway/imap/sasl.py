"""SASL mechanisms: what is said first, and the answer to what the server asks after that.

Everything here is octets before base64; ``Exchange`` wraps them for the wire.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from gateway.errors import InvalidRequest
from gateway.imap.credential import Bearer, Password, ProxyPassword

CHALLENGE_SHOWN = 1024  # characters of a server's JSON reason that are kept: the field's are about 100


def plain(user: str, password: str, authzid: str = "") -> bytes:
    """``[authzid] NUL authcid NUL passwd`` (RFC 4616 section 2)."""
    for name, value in (("authzid", authzid), ("user", user), ("password", password)):
        if "\0" in value:
            raise InvalidRequest("a sign-in name or password may not contain NUL", field=name)
    return b"\0".join(value.encode() for value in (authzid, user, password))


def oauthbearer(user: str, token: str, host: str, port: int) -> bytes:
    """GS2 header with the user as authzid, then key-value pairs, each ended by 0x01 (RFC 7628 section 3.1)."""
    _bearer_safe(user, token)
    saslname = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={saslname},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01".encode()


def xoauth2(user: str, token: str) -> bytes:
    """Google's and Microsoft's older form of the same."""
    _bearer_safe(user, token)
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def _bearer_safe(user: str, token: str) -> None:
    if not user or any(ord(char) < 32 for char in user):
        raise InvalidRequest("a sign-in name may not contain control characters", field="user")
    if not token.isascii() or any(ord(char) <= 32 or ord(char) == 127 for char in token):
        raise InvalidRequest("a bearer token is visible ASCII", field="token")


@dataclass(slots=True, repr=False)
class Exchange:
    """One AUTHENTICATE: ``answers`` in turn, then ``on_failure`` to whatever else the server asks."""

    mechanism: str
    answers: list[bytes]
    on_failure: bytes | None = None
    initial: bool = True  # the first answer may travel with the command (RFC 4959 section 3)
    challenge: str | None = None
    _next: int = field(default=0)

    def first(self) -> bytes | None:
        """The initial response in base64 (``=`` if empty), or None where the mechanism has none."""
        if not self.initial:
            return None
        self._next = 1
        return b64encode(self.answers[0]) or b"="

    def answer(self, challenge: bytes) -> bytes:
        """The line, without CRLF, that answers ``challenge`` (base64, as after ``+ ``).

        ``*`` cancels the exchange (RFC 9051 section 6.2.2), so that a server which asks for more than
        its mechanism allows gets an end rather than silence.
        """
        if self._next < len(self.answers):
            self._next += 1
            return b64encode(self.answers[self._next - 1])
        if self.on_failure is None or self.challenge is not None:
            return b"*"
        self.challenge = reason(challenge)
        return b64encode(self.on_failure)


def reason(challenge: bytes) -> str:
    """The server's JSON reason (RFC 7628 section 3.2.2) as text; what is not base64 is shown as it came."""
    try:
        octets = b64decode(challenge, validate=True)
    except (binascii.Error, ValueError):
        octets = challenge
    text = octets.decode("utf-8", "replace")
    return "".join(char for char in text if char.isprintable())[:CHALLENGE_SHOWN]


def exchange(credential: Password | ProxyPassword | Bearer, mechanism: str, host: str, port: int) -> Exchange:
    """The exchange that signs ``credential`` in by ``mechanism``, one that ``mechanisms_for()`` names."""
    match credential:
        case Password(user, password):
            if mechanism == "LOGIN":
                return Exchange("LOGIN", [user.encode(), password.reveal().encode()], initial=False)
            return Exchange("PLAIN", [plain(user, password.reveal())])
        case ProxyPassword(authzid, user, password):
            return Exchange("PLAIN", [plain(user, password.reveal(), authzid)])
        case Bearer(user, token) if mechanism == "OAUTHBEARER":
            # The dummy answer to a failure is one 0x01 (RFC 7628 section 3.2.3).
            return Exchange("OAUTHBEARER", [oauthbearer(user, token.reveal(), host, port)], on_failure=b"\x01")
        case Bearer(user, token):
            return Exchange("XOAUTH2", [xoauth2(user, token.reveal())], on_failure=b"")


def mechanisms_for(credential: Password | ProxyPassword | Bearer) -> tuple[str, ...]:
    """The mechanisms that can carry ``credential``, the best one first."""
    match credential:
        case Password():
            return ("PLAIN", "LOGIN")
        case ProxyPassword():
            return ("PLAIN",)
        case Bearer(mechanism="auto"):
            return ("OAUTHBEARER", "XOAUTH2")
        case Bearer(mechanism=mechanism):
            return (mechanism,)
