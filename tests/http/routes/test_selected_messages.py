"""`fields=` over doubles: what is asked for is what is checked and passed on."""

from __future__ import annotations

import httpx
import pytest

from tests.http.conftest import Gateway
from tests.http.test_openapi import DOCUMENT, schema_errors

MESSAGE = "/v1/accounts/me/messages/m1"
MESSAGES = "/v1/accounts/me/folders/inbox/messages"


async def test_one_message(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(MESSAGE, params={"fields": "subject,header:X:asText:all,subject"})
    assert answer.json() == {"id": "m1", "subject": "chosen", "header:X:asText:all": ["one", "two"]}
    assert answer.headers["etag"] == '"tag-1"'
    assert gateway.verbs.calls == [
        ("get_selected", ("m1", "header:X:asText:all,subject", "/v1/accounts/me/messages/m1/parts/1.2", False))
    ]
    same = await client.get(MESSAGE, params={"fields": "subject"}, headers={"If-None-Match": '"tag-1"'})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get(MESSAGES, params={"fields": "header:X", "limit": "7", "unseen": "true"})
    assert answer.json()["messages"] == [{"id": "m1", "header:X": " one"}]
    assert 'rel="next"' in answer.headers["link"]
    assert "fields=header" in answer.headers["link"]
    same = await client.get(MESSAGES, params={"fields": "header:X"}, headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


@pytest.mark.parametrize("path", [MESSAGE, MESSAGES])
async def test_answers_are_as_described(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, params={"fields": "subject"})
    template = path.replace("/me/", "/{account}/").replace("m1", "{message}").replace("inbox", "{folder}")
    schema = DOCUMENT["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    name = schema["anyOf"][1]["$ref"].rpartition("/")[2]
    assert name.startswith("Selected")
    assert not schema_errors({"$ref": schema["anyOf"][1]["$ref"]}, answer.json())


@pytest.mark.parametrize(
    "fields",
    [
        *(
            "",
            "colour",
            "subject,colour",
            "Subject",
            "subject,,size",
            "subject,",
            " subject",
            "header:",
            "header:X:asFoo",
        ),
        *("header:From:asText", "header:Subject:asDate", "header:X:all:asText", "from_", "bodyValues", "textBody"),
        *("header:a b", ",".join(f"header:X-{n}" for n in range(41)), ",".join(f"x{n}" for n in range(101))),
        *("header:" + "x" * 101, "a" * 300, "header:Ü"),
    ],
)
@pytest.mark.parametrize("path", [MESSAGE, MESSAGES])
async def test_what_there_is_not_is_refused_by_name(
    client: httpx.AsyncClient, gateway: Gateway, path: str, fields: str
) -> None:
    answer = await client.get(path, params={"fields": fields})
    assert (answer.status_code, answer.json()["field"].partition("[")[0]) == (400, "fields"), answer.text
    assert not gateway.verbs.calls


@pytest.mark.parametrize("member", ["headers", "bodyStructure"])
async def test_some_is_told_of_one_message_only(client: httpx.AsyncClient, member: str) -> None:
    assert (await client.get(MESSAGE, params={"fields": member})).status_code == 200
    refused = await client.get(MESSAGES, params={"fields": member})
    assert (refused.status_code, refused.json()["field"]) == (400, "fields")


@pytest.mark.parametrize("path", [MESSAGE, MESSAGES])
async def test_metadata_has_headers_but_no_preview(gateway: Gateway, path: str) -> None:
    async with gateway.client("mail.metadata") as client:
        assert (await client.get(path, params={"fields": "subject,header:X"})).status_code == 200
        refused = await client.get(path, params={"fields": "subject,preview"})
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/insufficient-scope")
