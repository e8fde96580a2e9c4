"""As much of SMTP as it takes to see whether an account may send: EHLO, STARTTLS, AUTH (RFC 5321, 3207, 4954)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gateway.accounts.verify.talk import Talk
from gateway.errors import ProtocolViolation, Refused, SignInRefused
from gateway.imap.connection_states import shown
from gateway.imap.credential import Bearer, Credential
from gateway.imap.endpoint import Endpoint
from gateway.imap.sasl import exchange, mechanisms_for

LINES_MAX: Final = 100  # of one reply
NAME: Final = "[127.0.0.1]"  # a client without a name of its own (RFC 5321 section 4.1.3)
# What says nothing against the credentials (RFC 4954 section 6): 421, 432 and 454 are for later.
_LATER: Final = frozenset({421, 432, 450, 451, 452, 454})


class Reply(Struct, frozen=True):
    """``lines`` without the code and the separator."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return shown(" ".join(self.lines))


async def reply(talk: Talk) -> Reply:
    """One reply, of several lines perhaps (RFC 5321 section 4.2.1). Raises ProtocolViolation, ConnectionLost."""
    lines: list[str] = []
    while len(lines) < LINES_MAX:
        line = (await talk.line()).decode("utf-8", "replace")
        if not (line[:3].isascii() and line[:3].isdigit() and line[3:4] in ("", " ", "-")):
            raise ProtocolViolation("what answers is no SMTP server")
        lines.append(line[4:])
        if line[3:4] != "-":
            return Reply(int(line[:3]), tuple(lines))
    raise ProtocolViolation("the server's reply has no end")


async def ask(talk: Talk, command: str) -> Reply:
    """A command and its reply."""
    await talk.say(command.encode() + b"\r\n")
    return await reply(talk)


async def greeting(talk: Talk) -> Reply:
    """Raises Refused where the server turns the connection away."""
    said = await reply(talk)
    if said.code != 220:
        raise refused(said, "greeting")
    return said


async def ehlo(talk: Talk) -> dict[str, str]:
    """What the server offers: parameters by keyword, both in upper case. Raises Refused."""
    said = await ask(talk, f"EHLO {NAME}")
    if said.code != 250:
        raise refused(said, "EHLO")
    offers = {}
    for line in said.lines[1:]:
        keyword, _, parameters = line.upper().partition(" ")
        offers[keyword] = parameters
    return offers


def mechanisms(offers: dict[str, str]) -> tuple[str, ...]:
    """The SASL mechanisms offered."""
    return tuple(offers.get("AUTH", "").split())


async def sign_in(talk: Talk, credential: Credential, offered: tuple[str, ...], endpoint: Endpoint) -> None:
    """Raises SignInRefused; Refused where it is not the credentials' fault."""
    mechanism = next((name for name in mechanisms_for(credential) if name in offered), None)
    if mechanism is None:
        raise SignInRefused("the server offers no way to sign in with these credentials")
    conversation = exchange(credential, mechanism, endpoint.host, endpoint.port)
    first = conversation.first()
    said = await ask(talk, f"AUTH {mechanism}" + (f" {first.decode('ascii')}" if first is not None else ""))
    for _ in range(4):
        if said.code != 334:
            break
        answer = conversation.answer(said.lines[0].encode())
        said = await ask(talk, answer.decode("ascii"))
    if said.code == 235:
        return
    if said.code in _LATER:
        raise refused(said, "AUTH")
    own = isinstance(credential, Bearer) and credential.own_token
    raise SignInRefused("the server refused the sign-in", own_token=own, challenge=conversation.challenge)


def refused(said: Reply, command: str) -> Refused:
    """The error for a reply; 4yz is for later (RFC 5321 section 4.2.1)."""
    return Refused(said.text, code="UNAVAILABLE" if said.code // 100 == 4 else None, command=command)
