"""Health and metrics."""

from __future__ import annotations

import httpx

from gateway.http.management import create_management_app
from gateway.metrics import Metrics


async def test_health_readiness_and_metrics() -> None:
    ready = True
    metrics = Metrics()
    metrics.request("/x", "GET", 200, 0.1)
    app = create_management_app(metrics, lambda: ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        ready = False
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        exposition = await client.get("/metrics")
    assert exposition.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "imapgw_http_requests_total" in exposition.text
