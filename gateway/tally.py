"""Counts, levels and spreads for what happens many times a request: the registry's own children take locks and checks.

They are kept by the event loop's thread alone, and become metric families when the registry is asked.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import ClassVar, Generic, Literal, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Number:
    """One count or level."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


class Spread:
    """How many values were at most each of the bounds, and their sum."""

    __slots__ = ("bounds", "buckets", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.total += value
        self.buckets[bisect_left(self.bounds, value)] += 1


C = TypeVar("C", Number, Spread)


class Family(Collector, Generic[C]):
    """One metric of a registry, with a child for each combination of labels."""

    type: ClassVar[Literal["counter", "gauge", "histogram"]]

    def __init__(self, name: str, documentation: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self.name, self.documentation, self.labels = name, documentation, tuple(labels)
        self._children: dict[tuple[str, ...], C] = {}
        registry.register(self)

    def of(self, *labels: str) -> C:
        """The child, to be held by who counts often."""
        found = self._children.get(labels)
        if found is None:
            found = self._children[labels] = self._new()
        return found

    def collect(self) -> Iterator[Metric]:
        """What the registry asks for."""
        yield self._gathered(self._children)

    @abstractmethod
    def _new(self) -> C: ...

    @abstractmethod
    def _gathered(self, children: dict[tuple[str, ...], C]) -> Metric: ...


class _Numbers(Family[Number]):
    """A number each."""

    _form: ClassVar[Callable[..., CounterMetricFamily | GaugeMetricFamily]]

    def _new(self) -> Number:
        return Number()

    def _gathered(self, children: dict[tuple[str, ...], Number]) -> Metric:
        family = type(self)._form(self.name, self.documentation, labels=self.labels)
        for labels, number in children.items():
            family.add_metric(labels, number.value)
        return family


class Counts(_Numbers):
    """A counter."""

    type = "counter"
    _form = CounterMetricFamily


class Levels(_Numbers):
    """A gauge."""

    type = "gauge"
    _form = GaugeMetricFamily


class Spreads(Family[Spread]):
    """A histogram. ``bounds`` ascend; one of infinity is added."""

    type = "histogram"

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str],
        registry: CollectorRegistry,
        *,
        bounds: Sequence[float],
    ) -> None:
        self._bounds = tuple(bounds)
        super().__init__(name, documentation, labels, registry)

    def _new(self) -> Spread:
        return Spread(self._bounds)

    def _gathered(self, children: dict[tuple[str, ...], Spread]) -> Metric:
        family = HistogramMetricFamily(self.name, self.documentation, labels=self.labels)
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for labels, spread in children.items():
            upto = zip(names, map(float, accumulate(spread.buckets)), strict=True)
            family.add_metric(labels, list(upto), spread.total)
        return family
