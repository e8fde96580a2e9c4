"""A message's envelope as the server read it: raw octets, nothing decoded (RFC 9051 section 7.5.2, ENVELOPE)."""

from __future__ import annotations

from msgspec import Struct


class EnvelopeAddress(Struct, frozen=True, gc=False):
    """One address. Group syntax is kept: ``host`` None opens a group named ``mailbox``, or ends it (both None)."""

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


class Envelope(Struct, frozen=True, gc=False):
    date: bytes | None = None
    subject: bytes | None = None
    from_: tuple[EnvelopeAddress, ...] = ()
    sender: tuple[EnvelopeAddress, ...] = ()
    reply_to: tuple[EnvelopeAddress, ...] = ()
    to: tuple[EnvelopeAddress, ...] = ()
    cc: tuple[EnvelopeAddress, ...] = ()
    bcc: tuple[EnvelopeAddress, ...] = ()
    in_reply_to: bytes | None = None
    message_id: bytes | None = None
