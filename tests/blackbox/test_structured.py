"""Invitations, reports, mailing lists and authentication results, as typed values, on every server."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from .mail import plain, stored

INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:1@example.org
SUMMARY:Besprechung über
  alles
DTSTART;TZID=Europe/Berlin:20261120T090000
DTEND;TZID=Europe/Berlin:20261120T100000
ORGANIZER;CN=Chair:mailto:chair@example.org
ATTENDEE;PARTSTAT=ACCEPTED;CN=Me:mailto:me@example.org
LOCATION:Room 1
RRULE:FREQ=WEEKLY;BYDAY=FR
SEQUENCE:3
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")

REPORT = """Reporting-MTA: dns; mx.example.org
Arrival-Date: Fri, 20 Nov 2026 09:13:58 +0100

Final-Recipient: rfc822; gone@example.org
Action: failed
Status: 5.1.1 (no such user)
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1
 no such user
"""
NOTICE = """Reporting-UA: pc.example.org; Reader 1.0
Final-Recipient: rfc822; me@example.org
Original-Message-ID: <first@example.org>
Disposition: manual-action/MDN-sent-manually; displayed
"""
ORIGINAL = (
    "From: Me <me@example.org>\nTo: gone@example.org\nSubject: =?utf-8?Q?=C3=BCber?=\nMessage-ID: <first@example.org>\n"
)


def multipart(kind: str, *parts: tuple[str, str]) -> bytes:
    """A message of parts, each its header fields and its body."""
    body = "".join(
        f"--cut\n{fields}\n\n{content}\n" for fields, content in (("Content-Type: text/plain", "see"), *parts)
    )
    head = f"From: a@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=cut\n\n"
    return (head + body + "--cut--\n").replace("\r\n", "\n").replace("\n", "\r\n").encode()


async def told(client: httpx.AsyncClient, message: bytes, what: str) -> dict[str, Any]:
    made = await stored(client, message)
    answer = await client.get(f"/messages/{made}/{what}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.pop("id") == made
    return found


@pytest.mark.parametrize("encoding", ["base64", "8bit"])
@pytest.mark.parametrize("kind", ["text/calendar; charset=utf-8", "application/ics; name=i.ics"])
async def test_an_invitation(client: httpx.AsyncClient, kind: str, encoding: str) -> None:
    octets = INVITATION.encode()
    content = base64.encodebytes(octets).decode() if encoding == "base64" else INVITATION
    part = (f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}", content)
    found = await told(client, multipart("mixed", part), "calendar")
    assert found == {
        "events": [
            {
                "partId": "2",
                "method": "request",
                "uid": "1@example.org",
                "summary": "Besprechung über alles",
                "description": None,
                "location": "Room 1",
                "status": "confirmed",
                "sequence": 3,
                "start": {
                    "local": "2026-11-20T09:00:00",
                    "allDay": False,
                    "zone": "Europe/Berlin",
                    "utc": "2026-11-20T08:00:00Z",
                },
                "end": {
                    "local": "2026-11-20T10:00:00",
                    "allDay": False,
                    "zone": "Europe/Berlin",
                    "utc": "2026-11-20T09:00:00Z",
                },
                "recurrenceId": None,
                "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=FR"],
                "organizer": {
                    "name": "Chair", "email": "chair@example.org", "status": None, "role": None, "rsvp": None
                },
                "attendees": [
                    {"name": "Me", "email": "me@example.org", "status": "accepted", "role": None, "rsvp": None}
                ],
                "problems": [],
            }
        ],
        "problems": [],
    }  # fmt: skip


async def test_the_same_invitation_attached_again_is_one_event(client: httpx.AsyncClient) -> None:
    parts = (("Content-Type: text/calendar", INVITATION), ("Content-Type: application/ics", INVITATION))
    found = await told(client, multipart("mixed", *parts), "calendar")
    assert len(found["events"]) == 1


async def test_a_message_without_a_calendar_and_one_that_is_broken(client: httpx.AsyncClient) -> None:
    assert await told(client, plain(1), "calendar") == {"events": [], "problems": []}
    broken = multipart("mixed", ("Content-Type: text/calendar", "BEGIN:VEVENT\nDTSTART:soon\nUID:x\njunk"))
    found = await told(client, broken, "calendar")
    assert found["problems"] == ["calendar-not-ended", "line-unreadable"]
    (event,) = found["events"]
    assert (event["uid"], event["start"], event["problems"]) == ("x", None, ["unreadable-dtstart"])


async def test_a_calendar_bomb_is_cut_and_the_gateway_goes_on(client: httpx.AsyncClient) -> None:
    bomb = "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nUID:x\nATTENDEE;CN=a:mailto:a@b\nEND:VEVENT\n" * 40_000
    found = await told(client, multipart("mixed", ("Content-Type: text/calendar", bomb)), "calendar")
    assert "calendar-truncated" in found["problems"]
    assert len(found["events"]) == 100
    assert (await client.get("/folders/inbox")).status_code == 200


RECIPIENT = {
    "finalRecipient": {"type": "rfc822", "value": "gone@example.org"},
    "originalRecipient": None,
    "action": "failed",
    "status": "5.1.1",
    "remoteMta": {"type": "dns", "value": "mx.example.net"},
    "diagnosticCode": {"type": "smtp", "value": "550 5.1.1 no such user"},
    "lastAttemptAt": None,
    "willRetryUntil": None,
}


@pytest.mark.parametrize("original", [("text/rfc822-headers", ORIGINAL), ("message/rfc822", ORIGINAL + "\nbody")])
async def test_a_delivery_report(client: httpx.AsyncClient, original: tuple[str, str]) -> None:
    parts = (("Content-Type: message/delivery-status", REPORT), (f"Content-Type: {original[0]}", original[1]))
    found = await told(client, multipart("report; report-type=delivery-status", *parts), "report")
    assert found == {
        "delivery": {
            "partId": "2",
            "reportingMta": {"type": "dns", "value": "mx.example.org"},
            "receivedFromMta": None,
            "envelopeId": None,
            "arrivedAt": "2026-11-20T09:13:58+01:00",
            "recipients": [RECIPIENT],
            "problems": [],
        },
        "disposition": None,
        "original": {
            "partId": "3",
            "messageId": ["first@example.org"],
            "subject": "über",
            "from": [{"name": "Me", "email": "me@example.org"}],
            "to": [{"name": None, "email": "gone@example.org"}],
            "sentAt": None,
        },
    }


async def test_a_disposition_notification(client: httpx.AsyncClient) -> None:
    part = ("Content-Type: message/disposition-notification", NOTICE)
    found = await told(client, multipart("report; report-type=disposition-notification", part), "report")
    assert found["delivery"] is None
    assert found["original"] is None
    assert found["disposition"] == {
        "partId": "2",
        "reportingUa": "pc.example.org; Reader 1.0",
        "finalRecipient": {"type": "rfc822", "value": "me@example.org"},
        "originalRecipient": None,
        "originalMessageId": "first@example.org",
        "actionMode": "manual-action",
        "sendingMode": "mdn-sent-manually",
        "type": "displayed",
        "modifiers": [],
        "texts": [],
        "problems": [],
    }


async def test_a_message_that_reports_nothing(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    answer = await client.get(f"/messages/{made}/report")
    assert (answer.status_code, answer.json()["field"]) == (404, "report")


async def test_a_report_in_a_forwarded_message_is_not_this_message_s(client: httpx.AsyncClient) -> None:
    inner = multipart("report", ("Content-Type: message/delivery-status", REPORT)).decode()
    made = await stored(
        client,
        multipart(
            "mixed",
            ("Content-Type: message/rfc822", inner.replace("--cut", "--in").replace("boundary=cut", "boundary=in")),
        ),
    )
    assert (await client.get(f"/messages/{made}/report")).status_code == 404


async def test_list_and_authentication(client: httpx.AsyncClient) -> None:
    fields = (
        "List-Id: A list <list.example.org>\r\n"
        "List-Unsubscribe: <mailto:off@example.org>,\r\n <https://example.org/off?1>, <javascript:alert(1)>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "List-Post: NO\r\n"
        "Authentication-Results: mx.example.org;\r\n"
        '\tdkim=pass (good; really) header.i=@example.net header.b="a/+=";\r\n'
        '\tspf=fail reason="no; way" smtp.mailfrom=example.net\r\n'
        "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a@example.net;\r\n"
        " dmarc=none action=none\r\n"
    )
    made = await stored(client, fields.encode() + plain(1))
    found = (await client.get(f"/messages/{made}", params={"fields": "list,authentication"})).json()
    assert found["list"] == {
        "id": "list.example.org",
        "name": "A list",
        "help": [],
        "unsubscribe": ["mailto:off@example.org", "https://example.org/off?1"],
        "subscribe": [],
        "post": [],
        "owner": [],
        "archive": [],
        "posting": False,
        "oneClick": "https://example.org/off?1",
        "problems": ["unsafe-link"],
    }
    first, second = found["authentication"]
    assert (first["authservId"], first["problems"]) == ("mx.example.org", [])
    assert [(each["method"], each["result"], each["reason"]) for each in first["results"]] == [
        ("dkim", "pass", None),
        ("spf", "fail", "no; way"),
    ]
    assert first["results"][0]["properties"] == [
        {"type": "header", "name": "i", "value": "@example.net"},
        {"type": "header", "name": "b", "value": "a/+="},
    ]
    assert (second["authservId"], second["problems"]) == (None, ["authserv-id-missing"])
    assert second["results"][1]["properties"] == [{"type": None, "name": "action", "value": "none"}]
