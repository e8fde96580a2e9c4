"""What a parser names when it refuses."""

from __future__ import annotations

from collections.abc import Callable

from gateway.errors import InvalidRequest

PARSED = "(parsed)"


def refused_field(parse: Callable[[], object]) -> str | None:
    """The field named by the InvalidRequest that ``parse`` raises; ``PARSED`` where it raises nothing."""
    try:
        parse()
    except InvalidRequest as error:
        return error.field
    return PARSED
