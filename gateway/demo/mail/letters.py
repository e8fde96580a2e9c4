"""Everyday mail: work, bills, an invitation, a thread with its replies, drafts and what was sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.demo.mail.compose import OWNER, Attachment, Sample, Who
from gateway.demo.mail.files import calendar, csv, pdf

DESK: Who = ("Front Desk", "desk@example.org")
BILLING: Who = ("Tideline Billing", "billing@tideline.example.com")
OPERATIONS: Who = ("Operations", "operations@example.org")
DESIGN: Who = ("Design Team", "design@example.org")
TREASURER: Who = ("Treasurer", "treasurer@example.org")
LIBRARY: Who = ("City Library", "loans@library.example.org")
CHOIR: Who = ("Tuesday Choir", "choir@example.org")

PROJECT = "Projects/Lighthouse"


def letters(start: datetime) -> list[Sample]:
    return [*_inbox(start), *_thread(), *_project(), *_filed(), *_own()]


def _inbox(start: datetime) -> list[Sample]:
    meeting = (start + timedelta(days=2)).replace(hour=9, minute=30, second=0, microsecond=0)
    return [
        Sample(
            "INBOX",
            BILLING,
            "Invoice 2210 for last month",
            timedelta(hours=6, minutes=40),
            "Hello,\n\nplease find the invoice for last month attached. It is paid from your card in seven days; "
            "there is nothing to do.\n\nTideline Billing",
            flags=("\\Flagged",),
            attachments=(
                Attachment(
                    "invoice-2210.pdf",
                    "application/pdf",
                    pdf(
                        "Invoice 2210",
                        ["Hosting, one month        38.00", "Backup, 200 GB             9.50", "Total  47.50"],
                    ),
                ),
            ),
        ),
        Sample(
            "INBOX",
            OPERATIONS,
            "Invitation: disaster rehearsal, room 4",
            timedelta(hours=20),
            "We pull the plug on one data hall and see who notices. Please accept or decline.\n\nBring a torch.",
            flags=(),
            attachments=(
                Attachment(
                    "rehearsal.ics",
                    "text/calendar",
                    calendar("Disaster rehearsal", "Room 4", meeting, timedelta(hours=1)),
                ),
            ),
        ),
        Sample(
            "INBOX",
            TREASURER,
            "Figures for the quarter",
            timedelta(days=1, hours=2),
            "The figures as agreed, one row a month. The last column is in thousands.\n\nThe treasurer",
            attachments=(
                Attachment(
                    "quarter.csv",
                    "text/csv",
                    csv(
                        [
                            ("month", "members", "income"),
                            ("July", "412", "18.2"),
                            ("August", "418", "17.9"),
                            ("September", "431", "19.4"),
                        ]
                    ),
                ),
            ),
            flags=("\\Seen", "\\Answered"),
            key="figures",
        ),
        Sample(
            "INBOX",
            LIBRARY,
            "Two loans end on Friday",
            timedelta(days=2, hours=9),
            "Two of your loans end on Friday:\n\n  A Short History of Rope\n  Bread, Slowly\n\n"
            "You can renew each of them once.",
        ),
        Sample(
            "INBOX",
            DESK,
            "A parcel waits for you",
            timedelta(minutes=48),
            "A parcel came for you this morning. It is behind the counter, it is heavy, and it ticks a little.\n\n"
            "The desk is staffed until six.",
            flags=(),
        ),
        Sample(
            "INBOX",
            CHOIR,
            "No rehearsal on Tuesday",
            timedelta(days=3, hours=4),
            "The hall is being painted, so there is no rehearsal on Tuesday. Please practise the second page at home, "
            "quietly.",
        ),
        Sample(
            "INBOX",
            ("Build Server", "builds@ci.example.org"),
            "[lighthouse] main is green again",
            timedelta(hours=1, minutes=30),
            "Build 1882 passed in 6 min 12 s.\n\n  4112 tests passed\n     3 skipped\n     0 failed\n",
            flags=(),
        ),
    ]


def _thread() -> list[Sample]:
    subject = "Which colour for the new lamp room?"
    return [
        Sample(
            "INBOX",
            DESIGN,
            subject,
            timedelta(days=1, hours=8),
            "Two proposals: harbour grey, or the yellow of the old buoys. What do you think?",
            key="lamp-1",
        ),
        Sample(
            "INBOX",
            OPERATIONS,
            f"Re: {subject}",
            timedelta(days=1, hours=6),
            "Yellow. Grey things get lost in fog.\n\n> Two proposals: harbour grey, or the yellow of the old buoys.",
            key="lamp-2",
            replies_to=("lamp-1",),
        ),
        Sample(
            "INBOX",
            TREASURER,
            f"Re: {subject}",
            timedelta(days=1, hours=3),
            "Grey paint is in stock. I only mention it.\n\n> Yellow. Grey things get lost in fog.",
            key="lamp-3",
            replies_to=("lamp-1", "lamp-2"),
        ),
        Sample(
            "INBOX",
            DESIGN,
            f"Re: {subject}",
            timedelta(hours=2, minutes=5),
            "Yellow it is, then, with a grey door for the treasurer.\n\n> Grey paint is in stock. I only mention it.",
            key="lamp-5",
            flags=(),
            replies_to=("lamp-1", "lamp-2", "lamp-3", "lamp-4"),
        ),
        Sample(
            "Sent",
            OWNER,
            f"Re: {subject}",
            timedelta(days=1, hours=1),
            "Yellow, and we use the grey for the door.",
            to=(DESIGN,),
            cc=(OPERATIONS, TREASURER),
            key="lamp-4",
            replies_to=("lamp-1", "lamp-2", "lamp-3"),
        ),
    ]


def _project() -> list[Sample]:
    return [
        Sample(
            PROJECT,
            OPERATIONS,
            "Site visit: notes and measures",
            timedelta(days=6),
            "Stairs: 114. Height of the lamp: 31 m. Gulls: many.\n\nThe drawing is attached.",
            attachments=(
                Attachment(
                    "lamp-room.pdf",
                    "application/pdf",
                    pdf("Lamp room", ["Diameter 3.20 m", "Height 2.75 m", "Door 0.80 m, grey"]),
                ),
            ),
        ),
        Sample(
            PROJECT,
            DESIGN,
            "Sketches, second round",
            timedelta(days=5, hours=3),
            "The gallery is wider now and the handrail has lost its dolphins.",
            flags=(),
        ),
        Sample(
            PROJECT,
            TREASURER,
            "Budget approved",
            timedelta(days=5),
            "Approved as presented, less the dolphins.",
            flags=("\\Seen", "\\Flagged"),
        ),
        Sample(
            PROJECT,
            ("Harbour Office", "permits@harbour.example.org"),
            "Permit 88-14 granted",
            timedelta(days=8),
            "The permit for works on the lamp room is granted until the end of next year.",
        ),
        Sample(
            PROJECT,
            OPERATIONS,
            "Crane on the 14th",
            timedelta(days=2, hours=5),
            "The crane comes on the 14th if the wind is below 6.",
            flags=(),
        ),
    ]


def _filed() -> list[Sample]:
    archive = [
        (DESK, "Welcome to the house", 90, "Keys, lockers and where the good coffee is: all in here."),
        (LIBRARY, "Your library card", 80, "Your card is ready. Bring something that proves that you are you."),
        (BILLING, "Invoice 2101", 62, "The invoice of the month before last. Paid, thank you."),
        (CHOIR, "Concert: thank you all", 45, "Two hundred came, and most of them stayed. Thank you."),
        (OPERATIONS, "Report of the summer rehearsal", 40, "We were down for nine minutes. Last year it was forty."),
        (TREASURER, "Figures for the quarter before", 38, "As promised, late."),
    ]
    return [
        *(Sample("Archive", sender, subject, timedelta(days=days), text) for sender, subject, days, text in archive),
        Sample("Trash", CHOIR, "Lost: one left glove", timedelta(days=11), "Grey, woollen, sings alto."),
        Sample("Trash", DESK, "Fire alarm test at ten", timedelta(days=12), "It is a test. Please stay where you are."),
    ]


def _own() -> list[Sample]:
    return [
        Sample(
            "Sent",
            OWNER,
            "Re: Figures for the quarter",
            timedelta(days=1),
            "Thank you; June is missing, I think.",
            to=(TREASURER,),
            replies_to=("figures",),
        ),
        Sample("Sent", OWNER, "Keys to room 4", timedelta(days=7), "I left them with the desk.", to=(OPERATIONS,)),
        Sample(
            "Drafts",
            OWNER,
            "Proposal: a quieter doorbell",
            timedelta(hours=5),
            "Dear all,\n\nthe present doorbell can be heard on the mainland. I propose",
            to=(DESK,),
            flags=("\\Seen", "\\Draft"),
        ),
    ]
