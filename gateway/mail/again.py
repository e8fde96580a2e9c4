"""What a lost connection means for a verb: a read is tried once more, a write never by itself if it may have happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from gateway.errors import ConnectionLost, WriteInDoubt

P = ParamSpec("P")
T = TypeVar("T")


def reading(verb: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Once more, on another connection: a server that restarts or hangs up costs the client nothing."""

    @wraps(verb)
    async def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await verb(*args, **kwargs)
        except ConnectionLost:
            return await verb(*args, **kwargs)

    return tried


def writing(verb: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Once more only where the loss came before any change was sent; else WriteInDoubt."""

    @wraps(verb)
    async def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await verb(*args, **kwargs)
        except ConnectionLost as lost:
            if lost.maybe_done:
                raise in_doubt() from lost
        try:
            return await verb(*args, **kwargs)
        except ConnectionLost as lost:
            if lost.maybe_done:
                raise in_doubt() from lost
            raise

    return tried


def in_doubt() -> WriteInDoubt:
    return WriteInDoubt("the mail server hung up while the change was being made; look before trying again")
