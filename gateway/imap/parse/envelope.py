"""ENVELOPE (RFC 9051 section 7.5.2; section 9: ``envelope``, ``address``).

::

    envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP
               env-bcc SP env-in-reply-to SP env-message-id ")"
    address  = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
"""

from __future__ import annotations

from gateway.errors import ProtocolViolation
from gateway.imap.envelope import Envelope, EnvelopeAddress
from gateway.imap.parse.value import nstring
from gateway.imap.tokenizer import Node


def envelope(node: Node) -> Envelope | None:
    """NIL is None. Trailing fields may be missing; anything in a wrong place raises ProtocolViolation."""
    if node is None:
        return None
    if type(node) is not list or not 8 <= len(node) <= 10:
        raise ProtocolViolation("not an envelope")
    date, subject, from_, sender, reply_to, to, cc, bcc, *rest = node
    return Envelope(
        nstring(date),
        nstring(subject),
        _addresses(from_),
        _addresses(sender),
        _addresses(reply_to),
        _addresses(to),
        _addresses(cc),
        _addresses(bcc),
        nstring(rest[0]) if rest else None,
        nstring(rest[1]) if len(rest) > 1 else None,
    )


def _addresses(node: Node) -> tuple[EnvelopeAddress, ...]:
    if node is None:
        return ()
    if type(node) is not list:
        raise ProtocolViolation("not a list of addresses")
    return tuple([_address(each) for each in node if each is not None])


def _address(node: Node) -> EnvelopeAddress:
    if type(node) is not list:
        raise ProtocolViolation("not an address")
    fields = [nstring(each) for each in node]
    if len(fields) != 4:
        fields = [*fields, None, None, None, None][:4]
    return EnvelopeAddress(*fields)
