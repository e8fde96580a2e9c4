from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from gateway.metrics import OTHER, ROUTES_MAX, Metrics
from gateway.tally import Family

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(imapgw_\w+)` \| (\w+) \| ?(.*?) ?\| (.*) \|$", re.MULTILINE)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_the_page_lists_what_the_registry_has() -> None:
    metrics = Metrics()
    registered = {
        (metric._name, metric._type, ", ".join(f"`{label}`" for label in metric._labelnames), metric._documentation)
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
    } | {
        (metric.name, metric.type, ", ".join(f"`{label}`" for label in metric.labels), metric.documentation)
        for metric in vars(metrics).values()
        if isinstance(metric, Family)
    }
    described = {family.name for family in metrics.registry.collect()}
    assert {name for name, *_ in registered} == described
    assert set(ROW.findall(PAGE.read_text())) == registered


def test_requests_are_counted_by_template_method_and_status() -> None:
    metrics = Metrics()
    metrics.request("/v1/accounts/{a}", "GET", 200, 0.02)
    metrics.request("/v1/accounts/{a}", "GET", 200, 0.02)
    metrics.request("/v1/accounts/{a}", "BREW", 9999, 0.02)
    labels = {"route": "/v1/accounts/{a}", "method": "GET"}
    assert value(metrics, "imapgw_http_requests_total", **labels, status="200") == 2
    assert value(metrics, "imapgw_http_request_seconds_count", **labels) == 2
    labels = {"route": "/v1/accounts/{a}", "method": OTHER, "status": OTHER}
    assert value(metrics, "imapgw_http_requests_total", **labels) == 1


def test_what_is_in_no_closed_set_becomes_other() -> None:
    metrics = Metrics(["example"])
    metrics.open_attempt("canary", "refused")
    metrics.command("example", "X-canary", "ok", 0.1)
    metrics.command("example", "uid fetch", "ok", 0.1)
    for number in range(ROUTES_MAX + 50):
        metrics.request(f"/canary-{number}" if number >= ROUTES_MAX else f"/{number}", "GET", 200, 0.1)
    text = metrics.exposition().decode()
    assert "canary" not in text
    assert value(metrics, "imapgw_imap_sign_in_failures_total", provider=OTHER) == 1
    assert value(metrics, "imapgw_imap_commands_total", provider="example", command="FETCH", outcome="ok") == 1
    assert value(metrics, "imapgw_imap_commands_total", provider="example", command=OTHER, outcome="ok") == 1
    assert value(metrics, "imapgw_http_requests_total", route=OTHER, method="GET", status="200") == 50


def test_gauges_go_up_and_down() -> None:
    metrics = Metrics(["p"])
    metrics.connection_opened("p", "pool")
    metrics.connection_opened("p", "watcher")
    metrics.connection_closed("p", "pool")
    metrics.lease_taken("p")
    metrics.lease_taken("p")
    metrics.lease_returned("p")
    metrics.watcher_started("p", "idle")
    metrics.stream_opened()
    metrics.stream_opened()
    metrics.stream_closed()
    metrics.watcher_stopped("p", "idle")
    assert value(metrics, "imapgw_imap_connections", provider="p", kind="pool") == 0
    assert value(metrics, "imapgw_imap_connections", provider="p", kind="watcher") == 1
    assert value(metrics, "imapgw_leases_in_use", provider="p") == 1
    assert value(metrics, "imapgw_watchers", provider="p", mode="idle") == 0
    assert value(metrics, "imapgw_streams") == 1


def test_the_rest_is_counted() -> None:
    metrics = Metrics(["p"])
    metrics.traffic("p", 100, 7)
    metrics.traffic("p", 1, 0)
    metrics.lease_waited("p", "timeout", 10.0)
    metrics.event_sent("changes")
    metrics.loop_lag(-0.001)
    metrics.token_refused("invalid")
    metrics.keys_fetched("failed")
    metrics.introspected("inactive")
    assert value(metrics, "imapgw_imap_bytes_total", provider="p", direction="in") == 101
    assert value(metrics, "imapgw_imap_bytes_total", provider="p", direction="out") == 7
    assert value(metrics, "imapgw_lease_wait_seconds_sum", provider="p", outcome="timeout") == 10
    assert value(metrics, "imapgw_events_sent_total", kind="changes") == 1
    assert value(metrics, "imapgw_loop_lag_seconds_count") == 1
    assert value(metrics, "imapgw_token_refusals_total", reason="invalid") == 1
    assert value(metrics, "imapgw_key_fetches_total", outcome="failed") == 1
    assert value(metrics, "imapgw_introspections_total", outcome="inactive") == 1


def test_each_instance_has_a_registry_of_its_own() -> None:
    one, two = Metrics(), Metrics()
    one.stream_opened()
    assert value(two, "imapgw_streams") == 0
