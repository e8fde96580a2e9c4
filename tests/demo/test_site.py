"""The page's files and what they are allowed to do."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

import gateway.demo
from gateway.demo.client import Client
from gateway.demo.site import Site
from gateway.settings.model import Issuer

PAGE = Path(gateway.demo.__file__).parent / "page"
ISSUER = "https://login.example.org/realms/a"


def client(host: str = "127.0.0.1:8080") -> httpx.AsyncClient:
    issuer = Issuer(issuer=ISSUER, audience="https://mail.example.org", scopes={"mail.read": "Mail.Read"})
    site = Site(
        PlainTextResponse("the gateway"), Client.at(issuer, "page", "https://tokens.example.org/realms/a/token")
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=site), base_url=f"http://{host}")


async def test_every_file_that_the_page_names_is_served_and_nothing_comes_from_elsewhere() -> None:
    async with client() as ours:
        page = await ours.get("/")
        named = set(re.findall(r'(?:src|href)="([^"#]+)"', page.text))
        for script in PAGE.glob("*.js"):
            named |= {f"/page/{name}" for name in re.findall(r'from "\./([^"]+)"', script.read_text())}
        for path in named:
            assert path.startswith("/")
            assert (await ours.get(path)).status_code == 200


async def test_the_page_is_told_where_it_signs_in_and_for_what_in_the_issuers_words() -> None:
    async with client() as ours:
        config = (await ours.get("/page/config.json")).json()
    assert config == {
        "issuer": ISSUER,
        "clientId": "page",
        "scope": "Mail.Read mail.modify mail.delete mail.events",
    }


def test_no_script_makes_elements_out_of_text() -> None:
    for script in PAGE.glob("*.js"):
        assert not re.search(r"\.innerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(", script.read_text())


async def test_the_policy_lets_no_foreign_and_no_inline_script_run() -> None:
    async with client() as ours:
        page = await ours.get("/")
    policy = dict(rule.strip().split(" ", 1) for rule in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == "'self' https://login.example.org https://tokens.example.org"
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=", page.text)


async def test_the_frame_of_a_mail_can_run_no_script() -> None:
    sandbox = re.search(r'sandbox: "([^"]+)"', (PAGE / "reader.js").read_text())
    assert sandbox is not None
    assert "allow-scripts" not in sandbox[1]
    assert "allow-forms" not in sandbox[1]


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8080", "127.0.0.1.example.com:80", "[::1]:80"])
async def test_a_name_that_is_not_the_loopbacks_is_refused(host: str) -> None:
    async with client() as ours:
        for path in ("/", "/v1/accounts"):
            assert (await ours.get(path, headers={"Host": host})).status_code == 421


async def test_other_paths_are_the_gateways() -> None:
    async with client("localhost:8080") as ours:
        assert (await ours.get("/v1/accounts")).text == "the gateway"
        assert (await ours.get("/page/../site.py")).text == "the gateway"
        assert (await ours.post("/")).status_code == 405
