"""Tasks that outlive the call that started them; none is lost, and none fails in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine


class Errands:
    """The running tasks. A task's unexpected exception goes to the event loop's handler."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, errand: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def finish(self) -> None:
        """Wait for all, also for those that they start."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "a connection's errand failed", "exception": error})

    def __len__(self) -> int:
        return len(self._tasks)
