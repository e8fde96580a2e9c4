"""The whole run: every work at every concurrency, the subjects taking turns so that all meet the same machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

from bench.figures import Figures, Spent, figures
from bench.round import Bounds, Round, run_round
from bench.work import Client, Subject, Work

Meter = Callable[[], Spent]
"""What the gateway has used since it started."""


class Contestant:
    """A subject with its clients, made once. ``meter`` reads its own process, where it has one that can be read."""

    def __init__(self, subject: Subject, clients: int, meter: Meter | None = None) -> None:
        self.name = subject.name
        self.clients: list[Client] = [subject.client(number) for number in range(clients)]
        self._meter = meter
        self._rounds: list[Round] = []
        self._spent: list[Spent] = []

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def warm(self, work: Work, concurrency: int) -> None:
        """Caches filled and connections open, on both sides; nothing of it is counted."""
        self._rounds, self._spent = [], []
        run_round(self.clients[:concurrency], work, Bounds(1, 5.0, 3 * concurrency))

    def take_turn(self, work: Work, concurrency: int, bounds: Bounds) -> None:
        before = self._meter() if self._meter else None
        self._rounds.append(run_round(self.clients[:concurrency], work, bounds))
        if self._meter and before:
            after = self._meter()
            self._spent.append(Spent(after.cpu_seconds - before.cpu_seconds, after.imap_octets - before.imap_octets))

    def figures(self, work: Work, concurrency: int) -> Figures:
        return figures(self.name, work, concurrency, self._rounds, self._spent)


def measure(
    contestants: Sequence[Contestant],
    works: Iterable[Work],
    concurrencies: Sequence[int],
    bounds: Bounds,
    say: Callable[[str], None],
) -> list[Figures]:
    """The figures in the order of works, concurrencies and contestants, told as they come."""
    every: list[Figures] = []
    with ExitStack() as stack:
        for contestant in contestants:
            stack.callback(contestant.close)
        for work in works:
            for concurrency in concurrencies:
                found = _together(contestants, work, concurrency, bounds)
                say(f"{work.value} x{concurrency}: " + ", ".join(f"{f.subject} {f.median_ms:.2f} ms" for f in found))
                every += found
    return every


def _together(contestants: Sequence[Contestant], work: Work, concurrency: int, bounds: Bounds) -> list[Figures]:
    for contestant in contestants:
        contestant.warm(work, concurrency)
    for turn in range(bounds.rounds):
        for place in range(len(contestants)):
            contestants[(turn + place) % len(contestants)].take_turn(work, concurrency, bounds)
    return [contestant.figures(work, concurrency) for contestant in contestants]
