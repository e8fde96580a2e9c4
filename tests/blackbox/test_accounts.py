"""The account itself, on every server."""

from __future__ import annotations

import httpx

from .conftest import Site


async def test_an_account_tells_what_it_can_do(client: httpx.AsyncClient, site: Site) -> None:
    (listed,) = (await client.get(f"{site.gateway.url}/v1/accounts")).json()["accounts"]
    by_id = (await client.get(f"{site.gateway.url}/v1/accounts/{listed['id']}")).json()
    mine = (await client.get(f"{site.gateway.url}/v1/accounts/me")).json()
    assert mine["id"] == by_id["id"] == listed["id"]
    assert mine["syncMode"] == ("window" if site.name == "plain" else "qresync")
    assert ("IDLE" in mine["capabilities"]) == (site.name != "plain")
    assert mine["limits"]["pageMax"] >= 100
    assert 1 <= mine["budget"]["inUse"] <= mine["budget"]["allowed"]


async def test_another_users_account_is_not_there(client: httpx.AsyncClient, site: Site) -> None:
    mine = (await client.get(f"{site.gateway.url}/v1/accounts/me")).json()["id"]
    async with site.gateway.client(site.guest()) as other:
        answer = await other.get(f"{site.gateway.url}/v1/accounts/{mine}/folders")
        assert answer.status_code == 404
        unknown = await other.get(f"{site.gateway.url}/v1/accounts/AAAAAAAAAAAAAAAAAAAAAA/folders")
        assert {**answer.json(), "instance": "", "requestId": ""} == {**unknown.json(), "instance": "", "requestId": ""}


async def test_without_a_good_token_there_is_nothing(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.gateway.url, trust_env=False) as client:
        none = await client.get("/v1/accounts/me/folders")
        assert none.status_code == 401
        assert none.headers["www-authenticate"].startswith("Bearer")
        assert "resource_metadata" in none.headers["www-authenticate"]
        assert "error=" not in none.headers["www-authenticate"]
        expired = await client.get("/v1/accounts/me/folders", headers=site.gateway.headers("alice", ttl=-600))
        assert expired.status_code == 401
        assert 'error="invalid_token"' in expired.headers["www-authenticate"]
        short = site.gateway.headers("alice", scope="mail.metadata")
        refused = await client.post("/v1/accounts/me/folders", json={"name": "x"}, headers=short)
        assert refused.status_code == 403
        assert 'scope="mail.folders"' in refused.headers["www-authenticate"]
        metadata = (await client.get("/.well-known/oauth-protected-resource")).json()
        assert "mail.read" in metadata["scopes_supported"]
