"""What a message says to programs: invitations and reports."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL
from gateway.http.routes.examples import MESSAGE_ID
from gateway.identity.scope import Scope
from gateway.mail import calendar, report
from gateway.mail.structured_resource import (
    CalendarEvent,
    CalendarTime,
    DeliveryRecipient,
    DeliveryReport,
    MessageCalendar,
    Participant,
    Report,
    TypedValue,
)


async def get_calendar(call: Call[NoQuery, None]) -> Response:
    return reply.hashed(call, await calendar.get_calendar(call.desk, await call.account(), call.message))


async def get_report(call: Call[NoQuery, None]) -> Response:
    return reply.hashed(call, await report.get_report(call.desk, await call.account(), call.message))


_MESSAGE: Final = "/v1/accounts/{account}/messages/{message}"
_CALENDAR: Final = MessageCalendar(
    id=MESSAGE_ID,
    events=[
        CalendarEvent(
            part_id="1.2",
            method="request",
            uid="20261120T080000Z-1@example.org",
            summary="Meeting of the members",
            start=CalendarTime(local="2026-11-27T19:00:00", zone="Europe/Berlin", utc="2026-11-27T18:00:00Z"),
            organizer=Participant(name="Secretary", email="secretary@example.org"),
            attendees=[Participant(email="members@example.org", status="needs-action", rsvp=True)],
        )
    ],
)
_REPORT: Final = Report(
    id=MESSAGE_ID,
    delivery=DeliveryReport(
        part_id="2",
        reporting_mta=TypedValue(type="dns", value="mx.example.org"),
        recipients=[
            DeliveryRecipient(
                final_recipient=TypedValue(type="rfc822", value="gone@example.org"), action="failed", status="5.1.1"
            )
        ],
    ),
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_MESSAGE + "/calendar",
        scope=Scope.READ,
        handler=get_calendar,
        summary="Events of the message's calendar parts",
        description="RFC 5545, from text/calendar parts, or a calendar file where there is none. Rules of recurrence "
        "are told as they stand; nothing is expanded.",
        tag="messages",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The events; none where there is no calendar.", MessageCalendar, example=_CALENDAR),),
        errors=MAIL,
    ),
    Endpoint(
        method="GET",
        path=_MESSAGE + "/report",
        scope=Scope.READ,
        handler=get_report,
        summary="What a delivery or disposition report says",
        description="RFC 3464 and RFC 8098. A message that is no report is 404. Anybody can write one.",
        tag="messages",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The report.", Report, example=_REPORT),),
        errors=MAIL,
    ),
)
