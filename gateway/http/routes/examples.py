"""Values that the OpenAPI document shows."""

from __future__ import annotations

from typing import Final

from gateway.mail.resource import (
    AccountChanges,
    Address,
    Body,
    BodyValue,
    Changes,
    Coverage,
    EmbeddedMessage,
    FlagUpdate,
    Folder,
    FolderChanges,
    MailboxRights,
    Message,
    MessagePage,
    MessageSummary,
    Part,
)

INBOX: Final = "AUlOQk9Y"
MESSAGE_ID: Final = "AgAAAAEAAAAqSU5CT1g"
STATE: Final = "AwEBKwMqAQ"

RIGHTS: Final = MailboxRights(
    may_read_items=True,
    may_add_items=True,
    may_remove_items=True,
    may_set_seen=True,
    may_set_keywords=True,
    may_create_child=True,
    may_rename=True,
    may_delete=True,
    may_submit=True,
    may_admin=True,
    letters="lrswipkxtea",
)
FOLDER: Final = Folder(
    id=INBOX,
    name="INBOX",
    path=["INBOX"],
    role="inbox",
    total_messages=2,
    unread_messages=1,
    is_subscribed=True,
    has_children=False,
    state=STATE,
    my_rights=RIGHTS,
)
SUMMARY: Final = MessageSummary(
    id=MESSAGE_ID,
    folder_id=INBOX,
    flags=["$seen"],
    size=48213,
    received_at="2026-11-20T08:14:03Z",
    sent_at="2026-11-20T09:13:58+01:00",
    subject="Minutes of the meeting",
    from_=[Address(name="Secretary", email="secretary@example.org")],
    to=[Address(name=None, email="members@example.org")],
    message_id=["minutes.20261120@example.org"],
    has_attachment=True,
)
PAGE: Final = MessagePage(messages=[SUMMARY], next_cursor="BAEqAAAAAA", state=STATE, total=2)
_TEXT: Final = Part(part_id="1", type="text/plain", size=1180, charset="utf-8", encoding="quoted-printable")
MESSAGE: Final = Message(
    id=SUMMARY.id,
    folder_id=SUMMARY.folder_id,
    flags=SUMMARY.flags,
    size=SUMMARY.size,
    received_at=SUMMARY.received_at,
    subject=SUMMARY.subject,
    body_structure=_TEXT,
)
BODY: Final = Body(id=MESSAGE_ID, text=BodyValue(value="Dear members, ..."), text_body=[_TEXT])
EMBEDDED: Final = EmbeddedMessage(
    part_id="2",
    size=9120,
    sent_at="2026-11-19T18:02:11+01:00",
    subject="Agenda",
    from_=[Address(name="Secretary", email="secretary@example.org")],
    has_attachment=False,
    body_structure=Part(part_id="2.1", type="text/plain", size=640, charset="utf-8"),
)
CHANGES: Final = Changes(
    folder_id=INBOX,
    old_state=STATE,
    new_state="AwEBLAQrAQ",
    mode="qresync",
    coverage=Coverage(),
    created=[SUMMARY],
    updated=[FlagUpdate(id=MESSAGE_ID, flags=["$seen", "$flagged"])],
    destroyed=["AgAAAAEAAAApSU5CT1g"],
    total_messages=2,
)
ACCOUNT_CHANGES: Final = AccountChanges(
    old_state="HAEBAA", new_state="HAEBBQ", folders=FolderChanges(updated=[FOLDER]), changes=[CHANGES]
)
