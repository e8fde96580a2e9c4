"""What is tallied is told as the library's own metrics tell it."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from gateway.tally import Counts, Levels, Spreads

BOUNDS = (0.001, 0.01, 1.0, 30.0)
LABELS = st.sampled_from([("a", "x"), ("a", "y"), ("b", "x")])


def told(registry: CollectorRegistry) -> Iterator[str]:
    """But for the times at which the library made its children."""
    return (line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)


@given(st.lists(st.tuples(LABELS, st.sampled_from([*BOUNDS, 0.0, 0.5]) | st.floats(0, 100))))
def test_a_histogram(values: list[tuple[tuple[str, str], float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    spreads = Spreads("name", "meaning", ["one", "two"], ours, bounds=BOUNDS)
    histogram = Histogram("name", "meaning", ["one", "two"], buckets=BOUNDS, registry=theirs)
    for labels, value in values:
        spreads.of(*labels).observe(value)
        histogram.labels(*labels).observe(value)
    assert sorted(told(ours)) == sorted(told(theirs))


@given(st.lists(st.tuples(LABELS, st.integers(0, 10))))
def test_a_counter_and_a_gauge(values: list[tuple[tuple[str, str], int]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts, levels = Counts("name", "meaning", ["one", "two"], ours), Levels("level", "height", ["one", "two"], ours)
    counter = Counter("name", "meaning", ["one", "two"], registry=theirs)
    gauge = Gauge("level", "height", ["one", "two"], registry=theirs)
    for labels, value in values:
        counts.of(*labels).value += value
        counter.labels(*labels).inc(value)
        levels.of(*labels).value += 5 - value
        gauge.labels(*labels).inc(5 - value)
    assert sorted(told(ours)) == sorted(told(theirs))
