"""From a block of header fields to the members that `fields=` asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, TypeAlias

from gateway.mail.fields import Fields
from gateway.mail.header_resource import (
    AddressGroup,
    AuthenticationProperty,
    AuthenticationResults,
    AuthenticationVerdict,
    HeaderField,
    ListInfo,
)
from gateway.mail.resource import Address
from gateway.message.address import MAX_ADDRESSES, parse_addresses, parse_groups
from gateway.message.authentication import Authentication, authentication
from gateway.message.form import Form, HeaderProperty, raw_text, read_as
from gateway.message.header import MAX_BLOCK, Block, last, read_block
from gateway.message.ids import message_ids
from gateway.message.mailing_list import MailingList, mailing_list

MOST: Final = MAX_BLOCK
"""Octets of header fields of one message that are read."""
MOST_ON_PAGE: Final = 32_768
"""The same for each message of a page."""
INLINE_WORK: Final = 20_000
"""Octets that are read on the event loop; more goes to a thread."""

_SHOWN: Final = 4 * MOST  # octets of values that are turned into properties: many may name the same field
_MAX_INSTANCES: Final = 50  # Authentication-Results fields of one message

Value: TypeAlias = object
Members: TypeAlias = dict[str, Value]


async def header_members(octets: Sequence[bytes], most: int, wanted: Fields) -> list[Members]:
    """Of each block the members asked for, ``problems`` among them where there are any.

    A block longer than ``most`` was cut. Never raises.
    """

    def read() -> list[Members]:
        return [_members(each, most, wanted) for each in octets]

    if sum(map(len, octets)) > INLINE_WORK:
        return await asyncio.to_thread(read)
    return read()


def _members(octets: bytes, most: int, wanted: Fields) -> Members:
    block = read_block(octets[:most])
    problems = _problems(block, octets, most)
    members: Members = {}
    if "headers" in wanted.names:
        members["headers"] = [
            HeaderField(name=field.spelled.decode("ascii"), value=raw_text(field.value)) for field in block.fields
        ]
    if "references" in wanted.names:
        members["references"] = message_ids(last(block.fields, b"references"))
    if "list" in wanted.names:
        members["list"] = _list_info(mailing_list(block.fields))
    if "authentication" in wanted.names:
        members["authentication"] = _authentications(block, problems)
    members |= _asked(block, wanted.headers, problems)
    if problems:
        members["problems"] = sorted(problems)
    return members


def _problems(block: Block, octets: bytes, most: int) -> set[str]:
    problems: set[str] = set()
    if block.cut or len(octets) > most:
        problems.add("headers-truncated")
    if block.junk:
        problems.add("header-lines-unreadable")
    if b"\0" in octets:
        problems.add("nul-in-headers")
    if not octets.isascii() and not _is_utf8(octets):
        problems.add("headers-not-utf-8")
    return problems


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # cut within a character
    return True


def _asked(block: Block, properties: Sequence[HeaderProperty], problems: set[str]) -> Members:
    members: Members = {}
    room = _SHOWN
    values: dict[bytes, list[bytes]] = {each.field: [] for each in properties}
    for field in block.fields:
        if field.name in values:
            values[field.name].append(field.value)
    for wanted in properties:
        found = values[wanted.field] if wanted.every else values[wanted.field][-1:]
        shown: list[Value] = []
        for value in found:
            if len(value) > room:
                problems.add("headers-truncated")
                break
            room -= len(value)
            shown.append(_read(value, wanted, problems))
        members[wanted.asked] = shown if wanted.every else next(iter(shown), None)
    return members


def _read(value: bytes, wanted: HeaderProperty, problems: set[str]) -> Value:
    match wanted.form:
        case Form.ADDRESSES:
            people = parse_addresses(value)
            shown: Value = [Address(name=name, email=email) for name, email in people]
            count = len(people)
        case Form.GROUPED:
            groups = parse_groups(value)
            shown = [
                AddressGroup(name=name, addresses=[Address(name=who, email=email) for who, email in members])
                for name, members in groups
            ]
            count = sum(len(members) for _, members in groups)
        case _:
            shown, count = read_as(value, wanted.form), 0
            if shown is None:
                problems.add(f"unreadable-{wanted.asked}")
    if count >= MAX_ADDRESSES:
        problems.add("too-many-addresses")
    return shown


def _list_info(found: MailingList | None) -> ListInfo | None:
    if found is None:
        return None
    return ListInfo(
        id=found.id,
        name=found.name,
        help=list(found.help),
        unsubscribe=list(found.unsubscribe),
        subscribe=list(found.subscribe),
        post=list(found.post),
        owner=list(found.owner),
        archive=list(found.archive),
        posting=found.posting,
        one_click=found.one_click,
        problems=list(found.problems),
    )


def _authentications(block: Block, problems: set[str]) -> list[AuthenticationResults]:
    values = [field.value for field in block.fields if field.name == b"authentication-results"]
    if len(values) > _MAX_INSTANCES:
        problems.add("too-many-authentication-results")
    return [_authentication(authentication(value)) for value in values[:_MAX_INSTANCES]]


def _authentication(found: Authentication) -> AuthenticationResults:
    return AuthenticationResults(
        authserv_id=found.server,
        version=found.version,
        results=[
            AuthenticationVerdict(
                method=verdict.method,
                version=verdict.version,
                result=verdict.result,
                reason=verdict.reason,
                properties=[
                    AuthenticationProperty(type=each.ptype, name=each.name, value=each.value)
                    for each in verdict.properties
                ],
            )
            for verdict in found.results
        ],
        problems=list(found.problems),
    )
