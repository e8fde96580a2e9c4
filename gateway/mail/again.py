"""What a lost connection means for a verb: a read is tried again, a write only where it can't have happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from gateway.errors import ConnectionLost, FolderStale, UpstreamError, WriteInDoubt

P = ParamSpec("P")
T = TypeVar("T")

STALE = 8
"""Connections of one account that may all have a folder open that was rebuilt meanwhile: each is found out once."""


def reading(verb: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Once more, on another connection: a server that restarts or hangs up costs the client nothing."""

    @wraps(verb)
    async def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await _fresh(verb, *args, **kwargs)
        except ConnectionLost:
            return await _fresh(verb, *args, **kwargs)

    return tried


def writing(verb: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Once more only where the loss came before any change was sent; else WriteInDoubt."""

    @wraps(verb)
    async def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await _told(verb, *args, **kwargs)
        except ConnectionLost:
            return await _told(verb, *args, **kwargs)

    return tried


@contextmanager
def changed() -> Iterator[None]:
    """What follows a change in the same verb: a loss here must not have the change made once more."""
    try:
        yield
    except UpstreamError as failed:
        failed.maybe_done = True
        raise


async def _told(verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """A loss, a silence or nonsense after a change was sent says nothing of the change: WriteInDoubt does."""
    try:
        return await _fresh(verb, *args, **kwargs)
    except UpstreamError as failed:
        if failed.maybe_done:
            raise in_doubt() from failed
        raise


async def _fresh(verb: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Past every connection whose open folder turns out to be stale; a refusal, so nothing was changed."""
    for _ in range(STALE):
        try:
            return await verb(*args, **kwargs)
        except FolderStale:
            continue
    return await verb(*args, **kwargs)


def in_doubt() -> WriteInDoubt:
    return WriteInDoubt("the mail server did not say whether the change was made; look before trying again")
