"""Reports as servers and programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.report import (
    MAX_OCTETS,
    MAX_RECIPIENTS,
    Recipient,
    Typed,
    delivery_status,
    disposition_notification,
)
from tests.effort import linear

HEAD = b"Reporting-MTA: dns; mx.example.org\r\nArrival-Date: Fri, 20 Nov 2026 09:13:58 +0100\r\n"
GONE = b"Final-Recipient: rfc822; gone@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"


GONE_ADDRESS = Typed("rfc822", "gone@example.org")


def recipient(
    final: Typed | None = GONE_ADDRESS,
    action: str | None = "failed",
    status: str | None = "5.1.1",
    diagnostic: Typed | None = None,
    remote: Typed | None = None,
) -> Recipient:
    return Recipient(final, None, action, status, remote, diagnostic, None, None)


SAID: list[tuple[bytes, tuple[Recipient, ...]]] = [
    (HEAD + b"\r\n" + GONE, (recipient(),)),
    (HEAD.replace(b"\r\n", b"\n") + b"\n" + GONE.replace(b"\r\n", b"\n"), (recipient(),)),
    (HEAD + b"\r\n\r\n \r\n" + GONE + b"\r\n" + GONE + b"\r\n\r\n", (recipient(), recipient())),
    (HEAD + b"\r\n" + GONE + GONE, (recipient(), recipient())),
    (GONE, (recipient(),)),
    (b"Final-Recipient: gone@example.org\r\nAction: FAILED (really)\r\nStatus: 5.1.1 (no such user)\r\n",
     (recipient(final=Typed(None, "gone@example.org")),)),
    (b"Final-Recipient: RFC822;<gone@example.org>\r\nAction: failed\r\nStatus: 5 . 1 . 1\r\n", (recipient(),)),
    (b"final-recipient: rfc822; gone@example.org\r\nACTION:Failed\r\nstatus:5.1.1\r\n"
     b"Diagnostic-Code: smtp; 550 5.1.1\r\n <gone@example.org>: unknown; sorry\r\nRemote-MTA: dns; mx.example.net\r\n",
     (recipient(diagnostic=Typed("smtp", "550 5.1.1 <gone@example.org>: unknown; sorry"),
                remote=Typed("dns", "mx.example.net")),)),
    ("Final-Recipient: utf-8; gegangen@bücher.example\r\nAction: failed\r\nStatus: 5.1.1\r\n".encode(),
     (recipient(final=Typed("utf-8", "gegangen@bücher.example")),)),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "recipients"), SAID)
def test_delivery(octets: bytes, recipients: tuple[Recipient, ...]) -> None:
    found = delivery_status(octets)
    assert found.recipients == recipients
    assert found.problems == ()


def test_delivery_head() -> None:
    found = delivery_status(HEAD + b"Original-Envelope-Id: 12+AB\r\n\r\n" + GONE)
    assert found.reporting_mta == Typed("dns", "mx.example.org")
    assert found.arrived_at == "2026-11-20T09:13:58+01:00"
    assert found.envelope_id == "12+AB"


@pytest.mark.parametrize(
    ("octets", "problems"),
    [
        (b"", ("no-recipient",)),
        (HEAD, ("no-recipient",)),
        (b"Final-Recipient: rfc822; a@b\r\nAction: failed\r\n", ("unreadable-status",)),
        (b"Final-Recipient: rfc822; a@b\r\nStatus: 9.9\r\n", ("unreadable-status",)),
        (GONE + b"Will-Retry-Until: soon\r\n", ("unreadable-will-retry-until",)),
        (GONE + b"what is this\r\n", ("report-lines-unreadable",)),
        ((GONE + b"\r\n") * (MAX_RECIPIENTS + 1), ("report-truncated",)),
        (GONE + b" " * MAX_OCTETS, ("report-truncated",)),
    ],
)
def test_what_is_wrong_is_said(octets: bytes, problems: tuple[str, ...]) -> None:
    found = delivery_status(octets)
    assert found.problems == problems
    assert len(found.recipients) <= MAX_RECIPIENTS


@pytest.mark.parametrize(
    ("said", "modes", "kind", "modifiers"),
    [
        (b"manual-action/MDN-sent-manually; displayed", ("manual-action", "mdn-sent-manually"), "displayed", ()),
        (b"automatic-action/MDN-sent-automatically;deleted/error, failed",
         ("automatic-action", "mdn-sent-automatically"), "deleted", ("error", "failed")),
        (b"MANUAL-ACTION / MDN-SENT-MANUALLY ; (seen) Displayed", ("manual-action", "mdn-sent-manually"),
         "displayed", ()),
        (b"displayed", (None, None), "displayed", ()),
        (b"manual-action;processed", ("manual-action", None), "processed", ()),
    ],
)  # fmt: skip
def test_disposition(said: bytes, modes: tuple[str | None, str | None], kind: str, modifiers: tuple[str, ...]) -> None:
    found = disposition_notification(
        b"Reporting-UA: pc.example.org; Reader 1.0\r\nFinal-Recipient: rfc822;me@example.org\r\n"
        b"Original-Message-ID: <one@example.org>\r\nDisposition: " + said + b"\r\nError: it broke\r\n"
    )
    assert (found.action_mode, found.sending_mode) == modes
    assert (found.type, found.modifiers) == (kind, modifiers)
    assert found.original_message_id == "one@example.org"
    assert found.final_recipient == Typed("rfc822", "me@example.org")
    assert found.reporting_ua == "pc.example.org; Reader 1.0"
    assert found.texts == ("it broke",)
    assert found.problems == ()


def test_no_disposition_is_said() -> None:
    assert disposition_notification(b"").problems == ("unreadable-disposition",)


_OCTETS = st.one_of(
    st.binary(max_size=120),
    st.lists(st.sampled_from([b"\r\n", b"\n", b" ", HEAD, GONE, b"Status: ", b"Disposition: a/b;c/d", b";", b"\xe4\0"]))
    .map(b"".join),
)  # fmt: skip


@given(_OCTETS)
def test_anything_is_read(octets: bytes) -> None:
    for one in delivery_status(octets).recipients:
        assert one.final_recipient is None or one.final_recipient.value
    disposition_notification(octets)


@pytest.mark.parametrize("unit", [b"\n", b"a:\n\n", b"Action: x\n", b"(", b"Status: 5.", b"\r", b"Disposition: (;/\n"])
def test_time_is_linear(unit: bytes) -> None:
    assert linear(delivery_status, unit, 131_072)
    assert linear(disposition_notification, unit, 131_072)
