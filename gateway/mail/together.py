"""Several waits at once, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")


async def together(work: Callable[[A], Awaitable[T]], on: Sequence[A], *, at_once: int) -> list[T]:
    """What ``work`` makes of each, in order. Where one fails the others are cancelled, and its error is raised."""
    if len(on) == 1:
        return [await work(on[0])]
    room = asyncio.Semaphore(at_once)

    async def one(each: A) -> T:
        async with room:
            return await work(each)

    tasks = [asyncio.create_task(one(each)) for each in on]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception() is not None]
        return [await task for task in failed or tasks]
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # looked at
