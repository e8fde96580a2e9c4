"""A sample as data, and the message that is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

Who = tuple[str, str]

OWNER: Who = ("Demo", "demo@example.org")


@dataclass(frozen=True, slots=True)
class Attachment:
    """``cid`` set: an inline image that the HTML shows."""

    name: str
    type: str
    data: bytes
    cid: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One message; ``age`` is how long before the demo's start it came."""

    folder: str
    sender: Who
    subject: str
    age: timedelta
    text: str
    html: str | None = None
    to: tuple[Who, ...] = (OWNER,)
    cc: tuple[Who, ...] = ()
    flags: tuple[str, ...] = ("\\Seen",)
    attachments: tuple[Attachment, ...] = ()
    key: str | None = None
    replies_to: tuple[str, ...] = ()


def compose(sample: Sample, *, sent: datetime, serial: str) -> bytes:
    """The message as RFC 5322 octets. ``serial`` makes its Message-ID unless the sample has a ``key`` of its own."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(sample.sender)
    message["To"] = [_address(who) for who in sample.to]
    if sample.cc:
        message["Cc"] = [_address(who) for who in sample.cc]
    message["Subject"] = sample.subject
    message["Date"] = format_datetime(sent)
    message["Message-ID"] = _message_id(sample.key or serial)
    if sample.replies_to:
        message["In-Reply-To"] = _message_id(sample.replies_to[-1])
        message["References"] = " ".join(_message_id(key) for key in sample.replies_to)
    message.set_content(sample.text)
    if sample.html is not None:
        message.add_alternative(sample.html, subtype="html")
        _inline_images(message, sample)
    for attachment in sample.attachments:
        if attachment.cid is None:
            kind, _, subtype = attachment.type.partition("/")
            message.add_attachment(attachment.data, kind, subtype, filename=attachment.name)
    return bytes(message)


def _inline_images(message: EmailMessage, sample: Sample) -> None:
    html = message.get_payload(1)
    if not isinstance(html, EmailMessage):
        return
    for attachment in sample.attachments:
        if attachment.cid is not None:
            kind, _, subtype = attachment.type.partition("/")
            html.add_related(
                attachment.data,
                kind,
                subtype,
                cid=f"<{attachment.cid}>",
                disposition="inline",
                filename=attachment.name,
            )


def _address(who: Who) -> Address:
    name, email = who
    local, _, domain = email.partition("@")
    return Address(name, local, domain)


def _message_id(key: str) -> str:
    return f"<{key}@mail.example.org>"
