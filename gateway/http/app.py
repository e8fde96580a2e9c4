"""The public application: the table's routes inside the layers that every request passes."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from gateway.errors import NotFound
from gateway.http.access import Access
from gateway.http.boundary import Boundary
from gateway.http.cors import Cors
from gateway.http.serve import routes
from gateway.http.services import Lifespan
from gateway.http.table import table
from gateway.http.unread import Unread
from gateway.settings.model import Settings


def create_app(settings: Settings, lifespan: Lifespan) -> Starlette:
    """The API as an ASGI application. ``lifespan`` yields the state that holds its ``Services``."""
    app = Starlette(
        routes=routes(table(settings.limits)),
        middleware=[
            Middleware(Unread),
            Middleware(Access),
            Middleware(Cors, origins=settings.server.cors_origins),
            Middleware(Boundary),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.default = _no_route
    return app


async def _no_route(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000, "reason": ""})
        return
    raise NotFound("there is nothing here")
