"""Messages with a canary in all that can hold one."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from .canary import Canaries


def letter(c: Canaries) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{c['fromname']} <{c['from']}@example.org>"
    message["To"] = f"{c['toname']} <{c['to']}@{c['domain']}.example.org>"
    message["Cc"] = f"{c['cc']}@example.org"
    message["Subject"] = f"about {c['subject']} and ünïcode"
    message["Message-ID"] = f"<{c['messageid']}@example.org>"
    message["In-Reply-To"] = f"<{c['inreplyto']}@example.org>"
    message.set_content(f"text {c['text']}\n")
    message.add_alternative(
        f'<p title="{c["title"]}">{c["html"]} <a href="https://{c["link"]}.example/">x</a></p>', subtype="html"
    )
    message.add_attachment(c["attached"].encode(), maintype="image", subtype="png", filename=f"{c['filename']}.png")
    return message.as_bytes()


def invitation(c: Canaries) -> bytes:
    """With a message in it, and a calendar."""
    inner = EmailMessage(policy=SMTP)
    inner["From"] = f"{c['innerfrom']}@example.org"
    inner["Subject"] = c["innersubject"]
    inner.set_content(f"{c['innertext']}\n")
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{c['host']}@example.org"
    message["Subject"] = c["invited"]
    message["List-Id"] = f"<{c['list']}.example.org>"
    message.set_content("see\n")
    message.add_attachment(inner)
    event = f"BEGIN:VEVENT\r\nUID:{c['uid']}\r\nSUMMARY:{c['event']}\r\nDTSTART:{c['soon']}\r\nEND:VEVENT\r\n"
    message.add_attachment(f"BEGIN:VCALENDAR\r\n{event}END:VCALENDAR\r\n", subtype="calendar")
    return message.as_bytes()


def bounce(c: Canaries) -> bytes:
    lines = (
        "Subject: returned", 'Content-Type: multipart/report; report-type=delivery-status; boundary="cut"', "",
        "--cut", "Content-Type: text/plain", "", c["returned"],
        "--cut", "Content-Type: message/delivery-status", "", f"Reporting-MTA: dns; {c['mta']}.example.org", "",
        f"Final-Recipient: rfc822; {c['recipient']}@example.org", "Action: failed", f"Status: {c['status']}",
        f"Diagnostic-Code: smtp; 550 {c['diagnosis']}", "--cut--", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()
