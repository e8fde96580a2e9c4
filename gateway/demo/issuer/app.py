"""The issuer's endpoints: metadata (RFC 8414), keys, consent and token."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from string import Template
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.issuer.grants import Denied, Grants
from gateway.demo.issuer.tokens import LIFETIME_SECONDS, SCOPES, TokenMaker

LOOPBACK_HOSTS = ["127.0.0.1", "localhost"]
_LARGEST_FORM = 8192  # octets
_CODE_FIELD = '<label>Code shown in the terminal <input name="typed" autocomplete="off" required autofocus></label>'
_CONSENT = Template("""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><style>
body{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:95vh;margin:0;background:Canvas}
main{max-width:22rem;padding:2rem;border:1px solid #8884;border-radius:16px;margin:1rem}h1{font-size:1.25rem;margin:0}
button{font:inherit;font-weight:600;width:100%;padding:.7rem;border:0;border-radius:10px;background:#2456d6;color:#fff}
button:focus-visible,input:focus-visible{outline:3px solid #7aa2ff}p{color:GrayText}label{display:block;margin:0 0 1rem}
input{font:inherit;display:block;width:100%;box-sizing:border-box;padding:.5rem;margin-top:.25rem}
</style></head><body><main><h1>Development issuer</h1><p>The demo page asks to read and change the mail of
<b>$address</b> until you close the demo.</p><form method="post" action="/authorize?$query">$field
<button>Sign in as $address</button></form></main></body></html>""")


def issuer_app(maker: TokenMaker, grants: Grants, page_origins: Sequence[str]) -> Starlette:
    """``page_origins`` are the web origins that may redeem codes from a script: those of the page, by all its names."""
    endpoints = _Endpoints(maker, grants, page_origins)
    return Starlette(
        routes=[
            Route("/.well-known/oauth-authorization-server", endpoints.metadata),
            Route("/.well-known/openid-configuration", endpoints.metadata),
            Route("/jwks.json", endpoints.jwks),
            Route("/authorize", endpoints.ask, methods=["GET"]),
            Route("/authorize", endpoints.agree, methods=["POST"]),
            Route("/token", endpoints.token, methods=["POST"]),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS),
            Middleware(CORSMiddleware, allow_origins=page_origins, allow_methods=["GET", "POST"]),
        ],
    )


class _Endpoints:
    def __init__(self, maker: TokenMaker, grants: Grants, page_origins: Sequence[str]) -> None:
        self._maker = maker
        self._grants = grants
        self._pages = " ".join(f"http://{urlsplit(origin).netloc}" for origin in page_origins)

    async def metadata(self, _: Request) -> Response:
        issuer = self._maker.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/jwks.json",
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def jwks(self, _: Request) -> Response:
        return JSONResponse(self._maker.jwks(), headers={"Cache-Control": "max-age=300"})

    async def ask(self, request: Request) -> Response:
        try:
            self._grants.check(request.query_params)
        except Denied as denied:
            return self._page(f"<p>{escape(denied.description)}</p>", 400)
        return self._page(
            _CONSENT.substitute(
                address=escape(self._maker.subject.address),
                query=escape(request.url.query),
                field=_CODE_FIELD if self._grants.wants_code else "",
            )
        )

    async def agree(self, request: Request) -> Response:
        form = await _form(request)
        try:
            asked = self._grants.check(request.query_params)
            code = self._grants.grant(asked, form.get("typed", ""))
        except Denied as denied:
            return self._page(f"<p>{escape(denied.description)}</p>", 403)
        answer = urlencode({"code": code, "state": asked.state, "iss": self._maker.issuer})
        return RedirectResponse(f"{asked.redirect_uri}?{answer}", 303, {"Referrer-Policy": "no-referrer"})

    async def token(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-store"}
        try:
            asked = self._grants.redeem(await _form(request))
        except Denied as denied:
            body = {"error": denied.error, "error_description": denied.description}
            return JSONResponse(body, 400, headers)
        token = self._maker.make(client_id="demo-page", scopes=asked.scopes)
        return JSONResponse(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": LIFETIME_SECONDS,
                "scope": " ".join(asked.scopes),
            },
            headers=headers,
        )

    def _page(self, html: str, status: int = 200) -> Response:
        policy = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {self._pages}"
        )
        return HTMLResponse(html, status, {"Content-Security-Policy": policy, "X-Frame-Options": "DENY"})


async def _form(request: Request) -> dict[str, str]:
    """The fields of a urlencoded body; none where it is too large or something else."""
    octets = b""
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > _LARGEST_FORM:
            return {}
    return dict(parse_qsl(octets.decode("utf-8", "replace"), keep_blank_values=True))
