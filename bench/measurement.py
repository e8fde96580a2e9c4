"""The whole run: every work at every concurrency, the subjects taking turns so that all meet the same machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.figures import Figures, Spent, figures
from bench.round import Bounds, Round, run_round
from bench.work import Client, Subject, Work


@dataclass(frozen=True, slots=True)
class Meter:
    """What a subject's own process has used since it started; to tell of octets costs it some itself."""

    cpu_seconds: Callable[[], float]
    imap_octets: Callable[[], float] | None = None


class Contestant:
    """A subject with its clients, made once. ``meter`` reads its own process, where it has one that can be read.

    ``in_thread``: all its work is done by its clients' threads, whose processor time is counted instead.
    """

    def __init__(self, subject: Subject, clients: int, meter: Meter | None = None, *, in_thread: bool = False) -> None:
        self.name = subject.name
        self.clients: list[Client] = [subject.client(number) for number in range(clients)]
        self.can = self.clients[0].can
        self._meter, self._in_thread = meter, in_thread
        self._rounds: list[Round] = []
        self._spent: list[Spent] = []

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def warm(self, work: Work, concurrency: int, seconds: float) -> None:
        """Caches filled, connections open, code compiled, on both sides; nothing of it is counted."""
        self._rounds, self._spent = [], []
        run_round(self.clients[:concurrency], work, Bounds(1, seconds, 50 * concurrency))

    def take_turn(self, work: Work, concurrency: int, bounds: Bounds) -> None:
        clients = self.clients[:concurrency]
        if self._meter is None:
            done = run_round(clients, work, bounds)
            self._spent += [Spent(done.cpu_seconds)] if self._in_thread else []
        else:
            octets = self._octets()
            used = self._meter.cpu_seconds()
            done = run_round(clients, work, bounds)
            used = self._meter.cpu_seconds() - used
            self._spent.append(Spent(used, None if octets is None else (self._octets() or 0) - octets))
        self._rounds.append(done)

    def _octets(self) -> float | None:
        return self._meter.imap_octets() if self._meter and self._meter.imap_octets else None

    def figures(self, work: Work, concurrency: int) -> Figures:
        return figures(self.name, work, concurrency, self._rounds, self._spent)


def measure(
    contestants: Sequence[Contestant],
    works: Iterable[Work],
    concurrencies: Sequence[int],
    bounds: Bounds,
    say: Callable[[str], None],
) -> list[Figures]:
    """The figures in the order of works, concurrencies and contestants, told as they come.

    Who can't do a work has no figure of it.
    """
    every: list[Figures] = []
    with ExitStack() as stack:
        for contestant in contestants:
            stack.callback(contestant.close)
        for work in works:
            able = [contestant for contestant in contestants if work in contestant.can]
            for concurrency in concurrencies:
                found = _together(able, work, concurrency, bounds)
                say(f"{work.value} x{concurrency}: " + ", ".join(f"{f.subject} {f.median_ms:.2f} ms" for f in found))
                every += found
    return every


def _together(contestants: Sequence[Contestant], work: Work, concurrency: int, bounds: Bounds) -> list[Figures]:
    for contestant in contestants:
        contestant.warm(work, concurrency, bounds.seconds / 2)
    for turn in range(bounds.rounds):
        for place in range(len(contestants)):
            contestants[(turn + place) % len(contestants)].take_turn(work, concurrency, bounds)
    return [contestant.figures(work, concurrency) for contestant in contestants]
