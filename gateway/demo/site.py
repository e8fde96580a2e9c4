"""The page at ``/`` in front of the gateway: its files, its configuration, and nothing of the mail."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.demo.client import Client
from gateway.demo.issuer.app import LOOPBACK_HOSTS

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
}


class Site:
    """An ASGI application: the page's paths are answered here, all others by the gateway.

    A Host that is no loopback name is refused, so that no web site can reach the demo through a name of its own
    (DNS rebinding).
    """

    def __init__(self, gateway: ASGIApp, client: Client) -> None:
        self._gateway = gateway
        # The mail's own styles are inline, and a srcdoc frame inherits the page's policy; its scripts never run.
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
            f"connect-src 'self' {' '.join(client.origins)}; frame-src 'self'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-cache",
        }
        config = {"issuer": client.issuer, "clientId": client.client_id, "scope": client.scope}
        self._files = {"/page/config.json": (msgspec.json.encode(config), _TYPES["json"])}
        for file in files("gateway.demo").joinpath("page").iterdir():
            kind = _TYPES.get(file.name.rpartition(".")[2])
            if kind:
                self._files[f"/page/{file.name}"] = (file.read_bytes(), kind)
        self._files["/"] = self._files["/page/index.html"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._gateway(scope, receive, send)
        elif not _is_local(scope):
            await Response("This demo answers to loopback names only.\n", 421)(scope, receive, send)
        elif scope["path"] in self._files:
            content, kind = self._files[scope["path"]]
            allowed = scope["method"] in {"GET", "HEAD"}
            answer = (
                Response(content, 200, self._headers, kind) if allowed else Response("", 405, {"Allow": "GET, HEAD"})
            )
            await answer(scope, receive, send)
        else:
            await self._gateway(scope, receive, send)


def _is_local(scope: Scope) -> bool:
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    return host.rpartition(":")[0] in LOOPBACK_HOSTS or host in LOOPBACK_HOSTS
