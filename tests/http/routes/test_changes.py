"""Changes over HTTP: by GET and by POST, of a folder and of an account, and what a token may see of them."""

from __future__ import annotations

import pytest

from tests.http.conftest import Gateway

ACCOUNT = "/v1/accounts/me/changes"
FOLDERS = "/v1/accounts/me/folders"


async def test_changes(gateway: Gateway) -> None:
    path = f"{FOLDERS}/inbox/changes"
    async with gateway.client() as client:
        answer = await client.get(path, params={"since": "s1", "maxChanges": "10"})
        assert answer.json()["newState"] == "s2"
        assert answer.json()["created"][0]["preview"] == "the body begins"
        assert gateway.verbs.calls == [("changes", ("inbox", "s1", 10))]
        missing = await client.get(path)
        assert (missing.status_code, missing.json()["field"]) == (400, "since")
    async with gateway.client("mail.metadata") as client:
        bare = await client.get(path, params={"since": "s1"})
        assert "preview" not in bare.json()["created"][0]


async def test_changes_of_an_account(gateway: Gateway) -> None:
    async with gateway.client() as client:
        started = await client.get(ACCOUNT)
        assert (started.status_code, started.json()["newState"], started.json()["oldState"]) == (200, "a2", None)
        asked = await client.get(ACCOUNT, params={"since": "a1", "maxChanges": "10"})
        posted = await client.post(ACCOUNT, json={"since": "a1" * 40, "maxChanges": 10})
        assert asked.json()["changes"][0]["created"][0]["preview"] == "the body begins"
        assert posted.status_code == 200
        assert gateway.verbs.calls == [
            ("account_changes", (None, 256)),
            ("account_changes", ("a1", 10)),
            ("account_changes", ("a1" * 40, 10)),
        ]
    async with gateway.client("mail.metadata") as client:
        for bare in (await client.get(ACCOUNT, params={"since": "a1"}), await client.post(ACCOUNT, json={})):
            assert "preview" not in bare.json()["changes"][0]["created"][0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"since": 1}, "since"),
        ({"maxChanges": 0}, "maxChanges"),
        ({"maxChanges": 1001}, "maxChanges"),
        ({"sinse": "x"}, "sinse"),
    ],
)
async def test_a_body_that_is_none_is_refused_by_its_member(
    gateway: Gateway, body: dict[str, object], field: str
) -> None:
    async with gateway.client() as client:
        answer = await client.post(ACCOUNT, json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
