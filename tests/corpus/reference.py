"""What Python's own ``email`` package, as it was before its policies (compat32), makes of a message."""

from __future__ import annotations

import email
import email.header
from email.errors import HeaderParseError
from email.message import Message

_LINES = ("\r\n", "\r")


def parsed(octets: bytes) -> Message:
    return email.message_from_bytes(octets)


def subject(message: Message) -> str | None:
    """The subject with its encoded words decoded; None where there is none, or none that can be decoded."""
    value = message["Subject"]
    if value is None:
        return None
    try:
        pieces = email.header.decode_header(value)
        text = str(email.header.make_header(pieces))
    except (LookupError, ValueError, HeaderParseError):
        return None
    return None if "\ufffd" in text else " ".join(text.split())


def body(message: Message) -> tuple[str, str] | None:
    """Subtype and text of the first text part that is no attachment; None where it can't be read."""
    for part in message.walk():
        if part.get_content_maintype() != "text" or part.get_filename() or part.get_content_disposition():
            continue
        if part.get_content_subtype() not in ("plain", "html"):
            return None
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return None
        try:
            text = payload.decode(part.get_content_charset("us-ascii"))
        except (LookupError, UnicodeError):
            return None
        for line in _LINES:
            text = text.replace(line, "\n")
        return part.get_content_subtype(), text
    return None
