"""What of a request stands in the audit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from gateway.audit import Trail, digest
from gateway.errors import SignInRefused, Unsupported
from gateway.http.app import create_app
from gateway.http.services import Services, serving
from gateway.settings.model import Audit, Settings

from . import doubles, doubles_access
from .conftest import with_state

ACCOUNT = "/v1/accounts/me"
RIGHTS = f"{ACCOUNT}/folders/f1/rights/bob"
PROOF = {"ids": ["m1"], "count": 1, "sha256": "0" * 64}
Send = Callable[..., Awaitable[httpx.Response]]


class Site:
    """The application over doubles, with its audit."""

    def __init__(self, verbs: doubles.Verbs, audit: Audit | None = None) -> None:
        self.written: list[bytes] = []
        clock = doubles.Clock()
        settings = replaced(doubles.settings(), audit or Audit())
        made: Services = doubles.services(clock, doubles.Hub(), doubles_access.Authenticator(), settings)
        self.services = replace(made, audit=Trail(self.written.append, clock, process="p"))
        self.verbs = verbs
        self.app = with_state(create_app(settings, serving(self.services)), self.services)

    async def send(self, method: str, path: str, scopes: str = doubles.ALL_SCOPES, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=("192.0.2.1", 999))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.example.org") as client:
            headers = {"Authorization": f"Bearer {scopes}", "X-Request-Id": "r1"} | more.pop("headers", {})
            return await client.request(method, path, headers=headers, **more)

    def line(self) -> dict[str, Any]:
        (written,) = self.written
        line: dict[str, Any] = json.loads(written)
        for name, value in {"process": "p", "number": 1, "issuer": "https://issuer.example.org"}.items():
            assert line.pop(name) == value
        assert (line.pop("requestId"), line.pop("subject")) == ("r1", "subject-1")
        assert line.pop("time").endswith("Z")
        return line


def replaced(settings: Settings, audit: Audit) -> Settings:
    return msgspec.structs.replace(settings, audit=audit)


@pytest.fixture
def site(verbs: doubles.Verbs) -> Site:
    return Site(verbs)


async def test_rights_that_change(site: Site) -> None:
    assert (await site.send("PUT", RIGHTS, json={"rights": ["mayReadItems", "mayAdmin"]})).status_code == 200
    assert site.line() == {
        "event": "rights-changed",
        "account": doubles_access.ACCOUNT.id,
        "outcome": "ok",
        "folder": digest("f1"),
        "who": digest("bob"),
        "granted": "mayReadItems+mayAdmin",
    }


async def test_rights_that_the_server_keeps_none_of(site: Site) -> None:
    site.verbs.fails = Unsupported("no ACL")
    assert (await site.send("DELETE", RIGHTS)).status_code == 422
    line = site.line()
    assert (line["event"], line["outcome"], line["who"]) == ("rights-removed", "unsupported", digest("bob"))


@pytest.mark.parametrize(
    ("method", "path", "body", "event"),
    [
        ("GET", "/folders/f1/export", None, "export-started"),
        ("POST", "/folders/f1/delete", {"ids": ["m1"], "permanent": True}, "messages-deleted"),
        ("DELETE", "/messages/m1?permanent=true", None, "messages-deleted"),
    ],
)
async def test_what_takes_mail_away(site: Site, method: str, path: str, body: object, event: str) -> None:
    answer = await site.send(method, f"{ACCOUNT}{path}", json=body)
    assert answer.status_code == 200, answer.text
    line = site.line()
    assert (line["event"], line["outcome"], line["account"]) == (event, "ok", doubles_access.ACCOUNT.id)
    assert event != "messages-deleted" or line["messages"] == 1


@pytest.mark.parametrize("path", ["/folders/f1/export/confirm", "/exports/confirm"])
async def test_a_proof_that_proves_nothing(site: Site, path: str) -> None:
    assert (await site.send("POST", f"{ACCOUNT}{path}?thenDelete=true", json=PROOF)).status_code == 400
    line = site.line()
    assert (line["event"], line["outcome"], line["thenDelete"]) == ("export-confirmed", "invalid-request", True)
    assert "messages" not in line


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/folders/f1/messages", None),
        ("POST", "/folders/f1/delete", {"ids": ["m1"]}),
        ("DELETE", "/messages/m1", None),
    ],
)
async def test_what_can_be_taken_back_is_not_noted(site: Site, method: str, path: str, body: object) -> None:
    assert (await site.send(method, f"{ACCOUNT}{path}", json=body)).status_code == 200
    assert site.written == []


async def test_a_scope_that_is_missing(site: Site) -> None:
    assert (await site.send("GET", f"{ACCOUNT}/messages/m1/body", "mail.metadata")).status_code == 403
    assert site.line() == {
        "event": "scope-refused",
        "outcome": "refused",
        "method": "GET",
        "route": "v1/accounts/account/messages/message/body",
        "scope": "mail.read",
    }


async def test_a_scope_that_is_missing_in_a_batch(site: Site) -> None:
    operations = [{"id": "a", "method": "GET", "path": "messages/m1/body"}]
    await site.send("POST", f"{ACCOUNT}/batch", "mail.metadata", json={"operations": operations})
    assert (site.line()["event"], len(site.written)) == ("scope-refused", 1)


async def test_a_sign_in_that_is_refused(site: Site) -> None:
    site.verbs.fails = SignInRefused("the mail server refused the sign-in", code="EXPIRED")
    assert (await site.send("GET", f"/v1/accounts/{doubles_access.ACCOUNT.id}/folders")).status_code == 403
    assert site.line() == {
        "event": "sign-in-refused",
        "account": doubles_access.ACCOUNT.id,
        "outcome": "refused",
        "method": "GET",
        "route": "v1/accounts/account/folders",
        "code": "EXPIRED",
    }


@pytest.mark.parametrize(
    ("told", "forwarded", "client"),
    [
        ("peer", "198.51.100.9", "192.0.2.1"),
        ("forwarded", "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        ("forwarded", "2001:DB8::1", "2001:db8::1"),
        ("forwarded", "alice@example.org", "192.0.2.1"),
        ("forwarded", "", "192.0.2.1"),
    ],
)
async def test_the_address_of_the_client(verbs: doubles.Verbs, told: Any, forwarded: str, client: str) -> None:
    site = Site(verbs, Audit(client=told))
    await site.send("DELETE", RIGHTS, headers={"X-Forwarded-For": forwarded})
    assert site.line()["client"] == client
