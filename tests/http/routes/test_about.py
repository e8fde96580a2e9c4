"""What the gateway says of itself."""

from __future__ import annotations

import httpx

from tests.http.conftest import Gateway


async def test_metadata(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        answer = await client.get("/.well-known/oauth-protected-resource")
    assert answer.json()["resource"] == "https://mail.example.org"
    assert answer.json()["authorization_servers"] == ["https://issuer.example.org"]
    assert "mail.read" in answer.json()["scopes_supported"]


async def test_the_page_loads_only_from_here(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        page = await client.get("/docs")
        script, style = await client.get("/docs/docs.js"), await client.get("/docs/docs.css")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert script.headers["content-type"].startswith("text/javascript")
    assert style.headers["content-type"].startswith("text/css")
    for text in (page.text, script.text, style.text):
        assert "://" not in text
        assert "innerHTML" not in text
    assert " style=" not in page.text
    assert "<script>" not in page.text


async def test_other_files_are_not_there(client: httpx.AsyncClient) -> None:
    for name in ("docs.py", "..%2Fapp.py", "passwd"):
        assert (await client.get(f"/docs/{name}")).status_code in (400, 404)


async def test_the_document_is_served(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        answer = await client.get("/openapi.json")
        assert answer.json()["openapi"] == "3.1.0"
        again = await client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
