"""Health and metrics, on a port of their own that the public never reaches."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.metrics import CONTENT_TYPE, Metrics

_NO_STORE = {"Cache-Control": "no-store"}


def create_management_app(metrics: Metrics, ready: Callable[[], bool]) -> Starlette:
    """``/healthz``: the process runs. ``/readyz``: it takes requests, 503 while ``ready()`` is false. ``/metrics``."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=_NO_STORE)

    async def readyz(request: Request) -> Response:
        if ready():
            return PlainTextResponse("ready\n", headers=_NO_STORE)
        return PlainTextResponse("not ready\n", 503, headers=_NO_STORE)

    async def exposition(request: Request) -> Response:
        return Response(metrics.exposition(), headers=_NO_STORE | {"Content-Type": CONTENT_TYPE})

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)],
    )
