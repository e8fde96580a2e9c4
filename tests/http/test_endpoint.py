"""The table: nothing is registered that is not declared, and every route is scoped and documented."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
from msgspec.structs import replace

from gateway.errors import replies
from gateway.http.endpoint import AnyEndpoint, Endpoint, Public
from gateway.http.routes import accounts
from gateway.http.serve import resources
from gateway.http.table import openapi, table
from gateway.identity.scope import Scope
from gateway.settings.model import Limits

from .conftest import Gateway
from .doubles import ALL_SCOPES

TABLE = table(Limits())
PUBLIC = {
    "/.well-known/oauth-protected-resource",
    "/openapi.json",
    "/docs",
    "/docs/{file}",
    "/problems/{slug}",
    "/v1/accounts/link/callback",
}
SAMPLE = {
    "account": "me",
    "folder": "inbox",
    "message": "m1",
    "part": "1",
    "flag": "$seen",
    "who": "bob",
    "slug": "not-found",
    "file": "docs.js",
}


def name(endpoint: AnyEndpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_a_route_without_a_scope_can_not_be_made() -> None:
    known = accounts.ENDPOINTS[0]
    with pytest.raises(TypeError, match="scope"):
        replace(known, scope=cast("Scope", None))
    fields = ("method", "path", "handler", "summary", "tag", "query", "body", "answers")
    arguments: dict[str, Any] = {field: getattr(known, field) for field in fields}
    with pytest.raises(TypeError, match="scope"):
        Endpoint(**arguments)


def test_unknown_errors_and_path_names_are_refused() -> None:
    known = accounts.ENDPOINTS[0]
    with pytest.raises(ValueError, match="no-such-problem"):
        replace(known, errors=("no-such-problem",))
    with pytest.raises(ValueError, match="nothing"):
        replace(known, path="/v1/{nothing}")
    with pytest.raises(ValueError, match="no answer"):
        replace(known, answers=())
    with pytest.raises(ValueError, match="twice"):
        resources([known, known])


def test_what_a_ticket_or_a_batch_may_not_open_is_refused() -> None:
    by_name = {name(endpoint): endpoint for endpoint in TABLE}
    store = by_name["POST /v1/accounts/{account}/folders/{folder}/messages"]
    for endpoint in (store, by_name["GET /openapi.json"]):
        with pytest.raises(ValueError, match="ticket"):
            replace(endpoint, by_ticket=True)
        with pytest.raises(ValueError, match="batch"):
            replace(endpoint, in_batch=True)
    assert [name(endpoint) for endpoint in TABLE if endpoint.by_ticket] == ["GET /v1/accounts/{account}/events"]


def test_only_these_are_public() -> None:
    assert {endpoint.path for endpoint in TABLE if isinstance(endpoint.scope, Public)} == PUBLIC


@pytest.mark.parametrize("endpoint", TABLE, ids=name)
def test_every_route_is_documented(endpoint: AnyEndpoint) -> None:
    operation = openapi()["paths"][endpoint.path][endpoint.method.lower()]
    assert operation["summary"]
    documented = {
        slug
        for entry in operation["responses"].values()
        for slug in entry.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert documented == set(endpoint.every_error())
    by_token = [{"bearer": [endpoint.scope]}] if isinstance(endpoint.scope, Scope) else []
    assert operation["security"] == [*by_token, *([{"ticket": []}] if endpoint.by_ticket else [])]
    if isinstance(endpoint.scope, Scope):
        assert {"unauthenticated", "insufficient-scope", "invalid-request"} <= documented
    names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert {f"{{{one}}}" for one in names} == {part for part in endpoint.path.split("/") if part.startswith("{")}
    assert all("description" in parameter for parameter in operation["parameters"])


@pytest.mark.parametrize("endpoint", [one for one in TABLE if isinstance(one.scope, Scope)], ids=name)
async def test_every_scope_is_enforced(gateway: Gateway, endpoint: AnyEndpoint) -> None:
    path = endpoint.path.format(**SAMPLE)
    others = "+".join(scope for scope in ALL_SCOPES.split("+") if scope not in (endpoint.scope, "mail.read"))
    for scopes, status in ((None, 401), ("bad", 401), (others, 403)):
        async with gateway.client(scopes) as client:
            answer = await client.request(endpoint.method, path)
        assert answer.status_code == status
        assert f'scope="{endpoint.scope}"' in answer.headers["www-authenticate"]
    assert not gateway.verbs.calls


async def test_every_path_has_head_and_options(client: httpx.AsyncClient) -> None:
    for endpoint in TABLE:
        path = endpoint.path.format(**SAMPLE)
        options = await client.options(path)
        assert options.status_code == 204
        assert endpoint.method in options.headers["allow"]
        if endpoint.method == "GET" and not path.endswith(("/changes", "/callback")):  # which need a query
            head = await client.head(path)
            assert (head.status_code, head.content) == (200, b""), path


def test_every_reply_is_documented_somewhere() -> None:
    documented = {slug for endpoint in TABLE for slug in endpoint.every_error()}
    assert set(replies()) - documented <= {
        "method-not-allowed",  # of the path, not of an operation
        "method-unknown",  # of no path at all
        "dependency-failed",  # of an operation of a batch, never of a whole answer
    }
