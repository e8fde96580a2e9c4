"""Searching over HTTP: what is passed on, and to whom what is shown."""

from __future__ import annotations

import httpx
import pytest

from gateway.mail.search_request import Search, SearchFilter
from tests.http.conftest import Gateway

SEARCH = "/v1/accounts/me/search"


async def test_a_search_is_passed_on(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.next_cursor = "c2"
    answer = await client.post(SEARCH, json={"filter": {"from": "x"}, "limit": 7, "folders": ["inbox"]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    page = answer.json()
    assert (page["nextCursor"], page["complete"], page["messages"][0]["preview"]) == ("c2", True, "the body begins")
    assert "total" not in page
    wanted = Search(filter=SearchFilter(from_="x"), limit=7, folders=["inbox"])
    assert gateway.verbs.calls == [("search", (wanted,))]


async def test_the_largest_page_is_configured(client: httpx.AsyncClient) -> None:
    assert (await client.post(SEARCH, json={"limit": 200})).status_code == 200
    answer = await client.post(SEARCH, json={"limit": 201})
    assert (answer.status_code, answer.json()["field"]) == (400, "limit")


@pytest.mark.parametrize(
    "wanted",
    [
        {"filter": {"text": "x"}},
        {"filter": {"operator": "NOT", "conditions": [{}, {"body": "x"}]}},
        {"snippets": True, "filter": {"subject": "x"}},
    ],
)
async def test_metadata_is_no_body(gateway: Gateway, wanted: dict[str, object]) -> None:
    async with gateway.client("mail.metadata") as client:
        refused = await client.post(SEARCH, json=wanted)
        allowed = await client.post(SEARCH, json={"filter": {"subject": "x"}})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope")
    assert allowed.status_code == 200
    assert "preview" not in allowed.text


async def test_a_type_that_is_wrong_is_named_with_its_place(client: httpx.AsyncClient) -> None:
    filter = {"operator": "OR", "conditions": [{}, {"operator": "AND", "conditions": [{"minSize": "5"}]}]}
    answer = await client.post(SEARCH, json={"filter": filter})
    assert (answer.status_code, answer.json()["field"]) == (400, "filter.conditions[1].conditions[0].minSize")
