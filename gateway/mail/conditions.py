"""The conditions of a filter tree, each with its place in the request: walked once, checked, without recursion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from gateway.errors import InvalidRequest, Unprocessable
from gateway.mail.search_request import SearchFilter
from gateway.mail.term import checked, words

MAX_DEPTH: Final = 16
MAX_CONDITIONS: Final = 100
MAX_TERMS: Final = 150
MAX_CHARACTERS: Final = 12_000
"""Of all terms together: they have to fit into one command line."""

_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,200}")
_THREAD: Final = ("all_in_thread_have_keyword", "some_in_thread_have_keyword", "none_in_thread_have_keyword")
_TEXTS: Final = ("text", "from_", "to", "cc", "bcc", "subject", "body")
_OPERATION: Final = frozenset({"operator", "conditions"})


class Condition(Struct, frozen=True):
    """One node of the tree. ``positive``: under an even number of NOTs. ``children`` are indices of nodes."""

    given: SearchFilter
    path: str
    positive: bool
    children: tuple[int, ...] = ()

    def words(self, member: str) -> tuple[str, ...]:
        """The terms of a text member, none where it is not given."""
        value = getattr(self.given, member)
        return () if value is UNSET else words(value, self.at(member))

    def at(self, member: str) -> str:
        """The member's name in an error."""
        return f"{self.path}.{_json_name(member)}"


class Conditions(Struct, frozen=True):
    """The nodes of a tree, a parent before its children; the first is the root."""

    nodes: tuple[Condition, ...]

    @classmethod
    def of(cls, tree: SearchFilter | UnsetType, path: str = "filter") -> Conditions:
        """Raises InvalidRequest or Unprocessable naming the member, such as ``filter.conditions[2].before``."""
        root = SearchFilter() if tree is UNSET else tree
        found: list[_Node] = [_Node(root, path, True, 1)]
        for node in found:  # it grows as it is walked
            if node.depth > MAX_DEPTH:
                raise InvalidRequest(f"conditions nest at most {MAX_DEPTH} deep", field=node.path)
            _check(node)
            inner = [] if node.given.conditions is UNSET else node.given.conditions
            if len(found) + len(inner) > MAX_CONDITIONS:
                raise InvalidRequest(f"at most {MAX_CONDITIONS} conditions", field=f"{node.path}.conditions")
            node.children = tuple(range(len(found), len(found) + len(inner)))
            positive = node.positive != (node.given.operator == "NOT")
            found += (
                _Node(child, f"{node.path}.conditions[{number}]", positive, node.depth + 1)
                for number, child in enumerate(inner)
            )
        made = cls(tuple(Condition(node.given, node.path, node.positive, node.children) for node in found))
        made._check_terms()
        return made

    @property
    def reads_bodies(self) -> bool:
        return any(node.given.text is not UNSET or node.given.body is not UNSET for node in self.nodes)

    def mailboxes(self) -> Iterator[tuple[str, str]]:
        """Every folder named, with the member that names it."""
        for node in self.nodes:
            if node.given.in_mailbox is not UNSET:
                yield node.given.in_mailbox, node.at("in_mailbox")
            if node.given.in_mailbox_other_than is not UNSET:
                for number, ref in enumerate(node.given.in_mailbox_other_than):
                    yield ref, f"{node.at('in_mailbox_other_than')}[{number}]"

    def shown(self, *members: str) -> tuple[str, ...]:
        """The terms that a message which was found may have in ``members``."""
        positive = (node for node in self.nodes if node.positive)
        return tuple(dict.fromkeys(word for node in positive for member in members for word in node.words(member)))

    def _check_terms(self) -> None:
        terms = [(word, node.path) for node in self.nodes for member in _TEXTS for word in node.words(member)]
        size = 0
        for number, (word, path) in enumerate(terms):
            size += len(word)
            if number >= MAX_TERMS or size > MAX_CHARACTERS:
                raise InvalidRequest(f"at most {MAX_TERMS} words, of {MAX_CHARACTERS} characters together", field=path)


class _Node(Struct):
    given: SearchFilter
    path: str
    positive: bool
    depth: int
    children: tuple[int, ...] = ()


def _check(node: _Node) -> None:
    given = node.given
    members = {name for name in given.__struct_fields__ if getattr(given, name) is not UNSET}
    operation = members & _OPERATION
    if operation and operation != _OPERATION:
        missing = next(iter(_OPERATION - operation))
        raise InvalidRequest("an operator and its conditions come together", field=f"{node.path}.{missing}")
    if operation and members != _OPERATION:
        odd = sorted(members - _OPERATION)[0]
        raise InvalidRequest("an operator has conditions only", field=f"{node.path}.{_json_name(odd)}")
    for name in _THREAD:
        if name in members:
            raise Unprocessable("conditions on threads are not supported", field=f"{node.path}.{_json_name(name)}")
    if given.header is not UNSET:
        _check_header(given.header, f"{node.path}.header")


def _check_header(header: list[str], path: str) -> None:
    if _FIELD_NAME.fullmatch(header[0]) is None:
        raise InvalidRequest("not the name of a header field", field=f"{path}[0]")
    if len(header) > 1 and header[1]:
        checked(header[1], f"{path}[1]")


def _json_name(member: str) -> str:
    head, *tail = member.rstrip("_").split("_")
    return head + "".join(word.capitalize() for word in tail)
