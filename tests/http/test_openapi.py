"""The OpenAPI document is well-formed, and the answers are what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from gateway.errors import Refused
from gateway.http.table import openapi, table
from gateway.settings.model import Limits

from .conftest import Gateway

DOCUMENT = openapi()
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
STORE = Registry().with_resource("urn:openapi", Resource.from_contents(DOCUMENT, default_specification=DRAFT202012))


def every(value: Any, key: str) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name == key:
                yield member
            yield from every(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from every(member, key)


def schema_errors(schema: dict[str, Any], value: object) -> list[str]:
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:openapi#/'))
    return [error.message for error in Draft202012Validator(absolute, registry=STORE).iter_errors(value)]


def test_the_document_has_what_openapi_asks_for() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(DOCUMENT["info"])
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids)) == len(table(Limits()))
    for _, method, operation in OPERATIONS:
        assert method in ("get", "post", "put", "patch", "delete")
        assert operation["responses"]
        for parameter in operation["parameters"]:
            assert parameter["in"] in ("path", "query", "header")
            assert parameter["required"] is True or parameter["in"] != "path"
            assert "schema" in parameter
        assert len({(p["name"], p["in"]) for p in operation["parameters"]}) == len(operation["parameters"])
        for status, answer in operation["responses"].items():
            assert 200 <= int(status) <= 599
            assert answer["description"]


def test_every_reference_leads_somewhere() -> None:
    for reference in every(DOCUMENT, "$ref"):
        node: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        assert node


def test_every_schema_is_a_schema() -> None:
    schemas = [*DOCUMENT["components"]["schemas"].values(), *every(DOCUMENT["paths"], "schema")]
    assert len(schemas) > 100
    for schema in schemas:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)


def test_examples_fit_their_schemas() -> None:
    checked = 0
    for content in every(DOCUMENT["paths"], "content"):
        for media in content.values():
            if "example" in media:
                assert not schema_errors(media["schema"], media["example"])
                checked += 1
    problem = {"$ref": "#/components/schemas/Problem"}
    for example in DOCUMENT["components"]["examples"].values():
        assert not schema_errors(problem, example["value"])
    assert checked > 15


def test_bounds_are_those_of_the_settings() -> None:
    described = openapi(Limits(page_max=77))["paths"]["/v1/accounts/{account}/folders/{folder}/messages"]["get"]
    (limit,) = [parameter for parameter in described["parameters"] if parameter["name"] == "limit"]
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 77)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/accounts",
        "/v1/accounts/{account}",
        "/v1/accounts/{account}/folders",
        "/v1/accounts/{account}/folders/{folder}",
        "/v1/accounts/{account}/folders/{folder}/messages",
        "/v1/accounts/{account}/messages/{message}",
        "/v1/accounts/{account}/messages/{message}/body",
        "/v1/accounts/{account}/messages/{message}/flags",
        "/v1/accounts/{account}/messages/{message}/calendar",
        "/v1/accounts/{account}/messages/{message}/report",
        "/.well-known/oauth-protected-resource",
        "/problems/{slug}",
    ],
)
async def test_answers_fit_their_schemas(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path.format(account="me", folder="inbox", message="m1", slug="conflict"))
    described = DOCUMENT["paths"][path]["get"]["responses"]["200"]
    schema = described["content"]["application/json"]["schema"]
    assert not schema_errors(schema, answer.json())
    for name in described["headers"]:
        assert name.lower() in answer.headers or name == "Link"


async def test_problems_fit_their_schema(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.fails = Refused("no", code="OVERQUOTA")
    answer = await client.get("/v1/accounts/me/folders")
    assert not schema_errors({"$ref": "#/components/schemas/Problem"}, answer.json())
