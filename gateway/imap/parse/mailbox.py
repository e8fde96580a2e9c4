"""Responses about mailboxes: LIST, LSUB, STATUS, NAMESPACE, quota and rights (RFC 9051 section 7.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame
from gateway.imap.name import MailboxName
from gateway.imap.parse import value
from gateway.imap.response import (
    Acl,
    Listed,
    ListRights,
    MyRights,
    Namespace,
    Namespaces,
    Quota,
    QuotaRoot,
    ServerId,
    Status,
)
from gateway.imap.tokenizer import Node, read, read_all

_LIST_LINE: Final = re.compile(rb'\(([^()"]*+)\) ++(NIL|"\\?[^"]"|"") ++(.+)', re.IGNORECASE | re.DOTALL)
_STATUS_LINE: Final = re.compile(rb"([^\"(){]++)\(([^()\"]*+(?:\([^()\"]*+\)[^()\"]*+)*+)\) *+", re.DOTALL)


def listed(frame: Frame, start: int, *, lsub: bool) -> Listed:
    """``mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox [SP extended]``."""
    reading = read(frame, start)
    nodes = reading.nodes
    if not reading.sound or len(nodes) not in (3, 4) or (len(nodes) == 4 and type(nodes[3]) is not list):
        nodes = _unquoted_list(frame, start)
    extended = _extended(nodes[3]) if len(nodes) == 4 else {}
    return Listed(
        attributes=frozenset([value.string(each).decode("utf-8", "replace").lower() for each in value.items(nodes[0])]),
        delimiter=value.delimiter(nodes[1]),
        name=value.mailbox(nodes[2]),
        lsub=lsub,
        childinfo=tuple([value.word(each) for each in _list_or_one(extended.get("CHILDINFO"))]),
        oldname=_oldname(extended.get("OLDNAME")),
        myrights=_rights(extended.get("MYRIGHTS")),
    )


def _unquoted_list(frame: Frame, start: int) -> list[Node]:
    """Quirk UNQUOTED_SPACES: everything after the delimiter is the name."""
    first = frame[0]
    match = _LIST_LINE.fullmatch(first[start:]) if len(frame) == 1 and isinstance(first, bytes) else None
    if match is None or match[3][:1] == b'"':
        raise ProtocolViolation("not a LIST response")
    attributes: list[Node] = [*match[1].split()]
    return [attributes, *read_all([match[2]]), match[3].strip()]


def _extended(node: Node) -> dict[str, Node]:
    """RFC 5258 section 6: ``mbox-list-extended``; names are case-insensitive."""
    nodes = value.items(node)
    return {value.word(nodes[at]): nodes[at + 1] for at in range(0, len(nodes) - 1, 2)}


def _list_or_one(node: Node) -> list[Node]:
    return [node] if type(node) is bytes else value.items(node)


def _oldname(node: Node) -> MailboxName | None:
    nodes = _list_or_one(node)
    return value.mailbox(nodes[0]) if nodes else None


def _rights(node: Node) -> str | None:
    return None if node is None else value.readable(value.string(node))


def status(frame: Frame, start: int) -> Status:
    """``"STATUS" SP mailbox SP "(" [status-att-list] ")"``."""
    reading = read(frame, start)
    nodes = reading.nodes
    if not reading.sound or len(nodes) != 2 or type(nodes[1]) is not list:
        nodes = _unquoted_status(frame, start)
    return Status(value.mailbox(nodes[0]), _status_values(value.items(nodes[1])))


def _unquoted_status(frame: Frame, start: int) -> list[Node]:
    """Quirk UNQUOTED_SPACES: everything before the list is the name."""
    first = frame[0]
    match = _STATUS_LINE.fullmatch(first[start:]) if len(frame) == 1 and isinstance(first, bytes) else None
    if match is None:
        raise ProtocolViolation("not a STATUS response")
    return [match[1].strip(), read_all([match[2]])]


def _status_values(nodes: list[Node]) -> Mapping[str, int | str]:
    """A value that is NIL or can't be read is left out: the others are still true."""
    values: dict[str, int | str] = {}
    for at in range(0, len(nodes) - 1, 2):
        name, node = value.word(nodes[at]), nodes[at + 1]
        try:
            if name == "MAILBOXID":
                values[name] = value.object_id(node) or ""
            elif node is not None:
                values[name] = value.number(node, limits.MAX_NUMBER64)
        except ProtocolViolation:
            continue
    return values


def namespaces(frame: Frame, start: int) -> Namespaces:
    """``namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace``."""
    nodes = read_all(frame, start)
    if len(nodes) < 3:
        raise ProtocolViolation("NAMESPACE has three parts")
    return Namespaces(*[tuple([_namespace(each) for each in value.items(node)]) for node in nodes[:3]])


def _namespace(node: Node) -> Namespace:
    fields = value.items(node)
    if len(fields) < 2:
        raise ProtocolViolation("a namespace has a prefix and a delimiter")
    return value.nstring(fields[0]) or b"", value.delimiter(fields[1])


def server_id(frame: Frame, start: int) -> ServerId:
    """RFC 2971 section 4: NIL or pairs; names in lower case, values for people."""
    nodes = value.items((read_all(frame, start) or [None])[0])
    fields: dict[str, str | None] = {}
    for at in range(0, len(nodes) - 1, 2):
        octets = value.nstring(nodes[at + 1])
        fields[value.word(nodes[at]).lower()] = None if octets is None else value.readable(octets)
    return ServerId(fields)


def quota(frame: Frame, start: int) -> Quota:
    """RFC 9208 section 4.2.1: ``"QUOTA" SP quota-root-name SP quota-list``.

    A resource whose numbers can't be read, such as a limit of -1 for none, is left out: it bounds nothing.
    """
    nodes = read_all(frame, start)
    if len(nodes) not in (1, 2):
        raise ProtocolViolation("not a QUOTA response")
    triples = value.items(nodes[1]) if len(nodes) == 2 else []
    resources: dict[str, tuple[int, int]] = {}
    for at in range(0, len(triples) - 2, 3):
        name, *numbers = triples[at : at + 3]
        with suppress(ProtocolViolation):
            used, limit = [value.number(number, limits.MAX_NUMBER64) for number in numbers]
            resources[value.word(name)] = (used, limit)
    return Quota(value.nstring(nodes[0]) or b"", resources)


def quota_root(frame: Frame, start: int) -> QuotaRoot:
    """RFC 9208 section 4.2.2."""
    name, *roots = read_all(frame, start) or _nothing()
    return QuotaRoot(value.mailbox(name), tuple([value.nstring(root) or b"" for root in roots]))


def acl(frame: Frame, start: int) -> Acl:
    """RFC 4314 section 3.6."""
    name, *pairs = read_all(frame, start) or _nothing()
    rights = {
        value.string(pairs[at]): value.readable(value.string(pairs[at + 1])) for at in range(0, len(pairs) - 1, 2)
    }
    return Acl(value.mailbox(name), rights)


def list_rights(frame: Frame, start: int) -> ListRights:
    """RFC 4314 section 3.7."""
    nodes = read_all(frame, start)
    if len(nodes) < 3:
        raise ProtocolViolation("not a LISTRIGHTS response")
    rights = [value.readable(value.nstring(node) or b"") for node in nodes[2:]]
    return ListRights(value.mailbox(nodes[0]), value.string(nodes[1]), rights[0], tuple(rights[1:]))


def my_rights(frame: Frame, start: int) -> MyRights:
    """RFC 4314 section 3.8."""
    nodes = read_all(frame, start)
    if len(nodes) != 2:
        raise ProtocolViolation("not a MYRIGHTS response")
    return MyRights(value.mailbox(nodes[0]), value.readable(value.nstring(nodes[1]) or b""))


def _nothing() -> list[Node]:
    raise ProtocolViolation("a response without its mailbox")
