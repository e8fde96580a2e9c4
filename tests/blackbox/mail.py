"""Messages for the black-box suite."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import httpx


def plain(number: int, *, subject: str | None = None, body: str | None = None, sender: str = "sender") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Sender {number} <{sender}{number}@example.org>"
    message["To"] = "Reader <reader@example.org>"
    message["Subject"] = subject if subject is not None else f"message {number}"
    message["Date"] = "Fri, 20 Nov 2026 09:13:58 +0100"
    message["Message-ID"] = f"<{number}.blackbox@example.org>"
    message.set_content(body if body is not None else f"body of {number}\n")
    return message.as_bytes()


def with_attachment(data: bytes, name: str = "Übersicht 1.bin") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Sender <sender@example.org>"
    message["To"] = "Reader <reader@example.org>"
    message["Subject"] = "with attachment"
    message.set_content("see attachment\n")
    message.add_alternative("<p>see <b>attachment</b><script>alert(1)</script></p>", subtype="html")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


async def stored(client: httpx.AsyncClient, message: bytes, folder: str = "inbox", flags: str | None = None) -> str:
    """Store a message through the gateway; its id."""
    answer = await client.post(
        f"/folders/{folder}/messages",
        content=message,
        headers={"Content-Type": "message/rfc822"},
        params={"flags": flags} if flags else None,
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def ids(client: httpx.AsyncClient, folder: str = "inbox", **params: str | int) -> list[str]:
    answer = await client.get(f"/folders/{folder}/messages", params=params)
    assert answer.status_code == 200, answer.text
    return [message["id"] for message in answer.json()["messages"]]
