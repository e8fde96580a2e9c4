"""Steps of a verification: each is timed, bounded, and told with a hint where it did not go well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from gateway.accounts.verify.explain import explain
from gateway.errors import DeadlinePassed, GatewayError

Service: TypeAlias = Literal["imap", "smtp"]
StepName: TypeAlias = Literal[
    "dns", "tcp", "connect", "tls", "greeting", "capability", "account", "auth", "select", "idle", "quota"
]
Outcome: TypeAlias = Literal["ok", "failed", "skipped", "warning"]


class Step(Struct, rename="camel", kw_only=True, frozen=True):
    """What came of one step."""

    service: Service
    step: StepName
    outcome: Outcome
    milliseconds: Annotated[int, Meta(ge=0)]
    code: Annotated[str | None, Meta(description="what went wrong, in a word; null where nothing did")] = None
    detail: str
    hint: Annotated[str | None, Meta(description="what a person can do about it")] = None


class Seen(Struct, frozen=True):
    """What a step found. With ``code`` and ``hint`` it is a warning."""

    detail: str
    code: str | None = None
    hint: str | None = None


class Overtime(DeadlinePassed):
    """The time for the whole is over."""


class Steps:
    """Gathers the steps of one service. ``until``: when the whole has to end, on the loop's clock.

    ``hide`` takes secrets out of what a server said.
    """

    def __init__(
        self,
        service: Service,
        until: float,
        hide: Callable[[str], str] = str,
        on_step: Callable[[Step], object] | None = None,
    ) -> None:
        self._service: Service = service
        self._until = until
        self._hide = hide
        self._on_step = on_step
        self.done: list[Step] = []

    @property
    def failed(self) -> Step | None:
        """The step that failed, if one did."""
        return next((step for step in self.done if step.outcome == "failed"), None)

    async def run(self, name: StepName, work: Awaitable[Seen]) -> bool:
        """Whether it went well; what ``work`` raises of the error tree is the failure."""
        began = time.monotonic()
        outcome: Outcome
        try:
            seen = await self._in_time(work)
            outcome = "ok" if seen.code is None else "warning"
        except GatewayError as error:
            fault = explain(name, error)
            seen, outcome = Seen(error.detail or error.answer().title, fault.code, fault.hint), "failed"
        milliseconds = round(1000 * (time.monotonic() - began))
        self._add(name, outcome, milliseconds, seen)
        return outcome != "failed"

    async def run_all(self, order: Sequence[tuple[StepName, Callable[[], Awaitable[Seen]]]]) -> bool:
        """One after the other; what is behind one that failed is skipped."""
        for n, (name, work) in enumerate(order, 1):
            if not await self.run(name, work()):
                self.skip([later for later, _ in order[n:]], f"not tried, since {name} failed")
                return False
        return True

    def skip(self, names: Sequence[StepName], why: str, hint: str | None = None) -> None:
        """These are not tried."""
        for name in names:
            self._add(name, "skipped", 0, Seen(why, None, hint))

    async def _in_time(self, work: Awaitable[Seen]) -> Seen:
        try:
            async with asyncio.timeout_at(self._until):
                return await work
        except TimeoutError as error:
            raise Overtime("the time for the whole verification is over") from error

    def _add(self, name: StepName, outcome: Outcome, milliseconds: int, seen: Seen) -> None:
        step = Step(
            service=self._service,
            step=name,
            outcome=outcome,
            milliseconds=milliseconds,
            code=seen.code,
            detail=self._hide(seen.detail),
            hint=seen.hint,
        )
        self.done.append(step)
        if self._on_step is not None:
            self._on_step(step)
