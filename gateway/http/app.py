"""The public application: the table's routes inside the layers that every request passes."""

from __future__ import annotations

from starlette.routing import Router as Lifecycle
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.access import Access
from gateway.http.boundary import Boundary
from gateway.http.cors import Cors
from gateway.http.router import Router
from gateway.http.serve import resources
from gateway.http.services import Lifespan
from gateway.http.table import table
from gateway.http.unread import Unread
from gateway.settings.model import Settings


def create_app(settings: Settings, lifespan: Lifespan) -> ASGIApp:
    """The API as an ASGI application. ``lifespan`` yields the state that holds its ``Services``."""
    layers: ASGIApp = Boundary(Router(resources(table(settings.limits))))
    layers = Unread(Access(Cors(layers, origins=settings.server.cors_origins)))
    lifecycle = Lifecycle(lifespan=lifespan)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await layers(scope, receive, send)
        elif scope["type"] == "lifespan":
            await lifecycle.lifespan(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000, "reason": ""})

    return app
