"""Signing in at a certified OpenID provider in a real browser, and from there to the mailbox.

The page redirects to the provider, whose form is filled in; its code is redeemed with PKCE; the gateway passes the
token on by OAUTHBEARER, and Dovecot checks it by itself: opaque ones by asking the same provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.blackbox.mail import plain
from tests.blackbox.test_openid_provider import AUDIENCE, PASS_THROUGH
from tests.demo.conftest import Demo, start_demo
from tests.servers import openid_provider
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.tokens import TokenIssuer

from .test_page import LIVE, SIGN_IN, picture
from .webdriver import MISSING, Page

SECRETS = {"TEST_CLIENT": "gateway-secret"}
SUBJECTS = "return [...document.querySelectorAll('#rows .row:not(.ghost) .subject')].map((each) => each.textContent)"
SHOWN = f"{SUBJECTS}.includes(arguments[0])"
WELCOME = "return !document.querySelector('#welcome').hidden && document.querySelector('#welcome-text').textContent"
FORM = "return document.querySelector('[name=password]') !== null"
FILL_IN = """
document.querySelector('[name=user]').value = arguments[0];
document.querySelector('[name=password]').value = arguments[0] + 'pw';
document.querySelector('button').click()"""
OPEN = """
const row = [...document.querySelectorAll('#rows .row')].find((each) => each.textContent.includes(arguments[0]));
row.click()"""
BODY = "return document.querySelector('#reader iframe')?.contentDocument?.body?.textContent.includes(arguments[0])"
BACK = f"return location.origin === arguments[0] && performance.timeOrigin > arguments[1] && (() => {{ {LIVE} }})()"
STORED = "return [location.href, {...sessionStorage}, {...localStorage}, document.cookie]"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    if not Page.available():
        pytest.skip(MISSING)
    found = openid_provider.installed()
    if found is None:
        pytest.skip(openid_provider.MISSING)
    with OpenIdProvider(found, audience=AUDIENCE, typ="JWT") as provider:  # Dovecot 2.3 knows no at+jwt
        yield provider


@pytest.fixture(scope="module")
def mail(needs_dovecot: None, provider: OpenIdProvider) -> Iterator[Dovecot]:
    place = f"http://dovecot:dovecot-secret@127.0.0.1:{provider.port}/token/introspection"
    with Dovecot(DovecotOptions(oauth=OAuth(provider.pem, (provider.issuer,), introspection_url=place))) as server:
        yield server


@pytest.fixture(scope="module")
def configured(provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer) -> GatewayProcess:
    """A gateway that trusts the provider, and passes tokens on: its configuration, in a place of its own."""
    issuer = {
        "issuer": provider.issuer,
        "audience": AUDIENCE,
        "profile": "auth0",  # signed tokens of the type JWT, with a client
        "leeway_seconds": 0,
        "introspection": {"client_id": "gateway", "client_secret_env": "TEST_CLIENT"},
    }
    settings = {"server": {"public_url": AUDIENCE}, "audit": {"to": "off"}}
    upstream = Upstream("localhost", mail.tls_port, mail.ca_file, PASS_THROUGH)
    return GatewayProcess(upstream, tokens, settings=settings, issuer=issuer)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with Page() as browser:
        yield browser


@contextmanager
def page_of(folder: Path, configured: GatewayProcess, client: str, port: int = 0) -> Iterator[Demo]:
    """The page in front of the configured gateway."""
    (folder / "ready.json").unlink(missing_ok=True)
    arguments = ("--config", str(configured.config), "--client-id", client, "--port", str(port))
    demo = start_demo(folder, *arguments, environ=SECRETS)
    try:
        yield demo
    finally:
        assert demo.stop() == 0


async def sign_in(page: Page, provider: OpenIdProvider, url: str, user: str) -> None:
    """From the page's button over the provider's form to the live mailbox."""
    await page.until(SIGN_IN)
    await page.until(FORM)
    assert await page.run("return location.origin") == provider.issuer
    await page.run(FILL_IN, user)
    await page.until(BACK, url, 0)


def deliver(mail: Dovecot, user: str, number: int, subject: str) -> None:
    with mail.client(user) as imap:
        assert imap.append("INBOX", "", "", plain(number, subject=subject))[0] == "OK"


async def test_opaque_tokens_that_are_renewed_as_they_end(
    page: Page, provider: OpenIdProvider, mail: Dovecot, configured: GatewayProcess, tmp_path: Path
) -> None:
    """Each lives for four seconds, and so does what it opens."""
    deliver(mail, "alice", 1, "Before the sign-in")
    deliver(mail, "bob", 2, "Of somebody else")
    with page_of(tmp_path, configured, "brief") as demo:
        assert provider.issuer in demo.printed
        await page.open(demo.url)
        await sign_in(page, provider, demo.url, "alice")
        await page.until(SHOWN, "Before the sign-in")
        assert "Of somebody else" not in await page.run(SUBJECTS)
        assert await page.run("return document.querySelector('#account').textContent") == "alice@example.org"
        await page.run(OPEN, "Before the sign-in")
        await page.until(BODY, "body of 1")
        await nothing_is_left_of_the_token(page, f"{demo.url}/")
        number = 10
        while provider.served("token brief refresh_token 200") < 2:
            number += 1
            deliver(mail, "alice", number, f"Live {number}")
            await page.until(SHOWN, f"Live {number}")
            await asyncio.sleep(0.5)  # as letters come, over several lives of a token
        assert await page.run(WELCOME) is False
        assert provider.served("introspection dovecot - 200") > 2
        await picture(page, "signed-in")
        await who_is_known_needs_no_form(page, provider, demo.url)
        await an_answer_that_nobody_asked_for_is_none(page, provider, demo.url)


async def nothing_is_left_of_the_token(page: Page, url: str) -> None:
    """Neither in the address nor in what the browser stores."""
    href, session, local, cookie = await page.run(STORED)
    assert (href, local, cookie) == (url, {}, "")
    assert session.pop("gateway-demo-signed-in") == "yes"
    assert session.keys() <= {"gateway-demo-outbox"}


async def who_is_known_needs_no_form(page: Page, provider: OpenIdProvider, url: str) -> None:
    """After the page was loaded anew, which forgets the token; and after a sign-out, which tells the issuer."""
    before = await page.run("return performance.timeOrigin")
    await page.run("location.reload()")
    await page.until(BACK, url, before)
    await page.run("document.querySelector('#sign-out').click()")
    assert await page.run(WELCOME)
    assert "gateway-demo-signed-in" not in (await page.run(STORED))[1]
    async with asyncio.timeout(10):
        while not provider.served("revocation brief - 200"):
            await asyncio.sleep(0.05)
    before = await page.run("return performance.timeOrigin")
    await page.until(SIGN_IN)
    await page.until(BACK, url, before)


async def an_answer_that_nobody_asked_for_is_none(page: Page, provider: OpenIdProvider, url: str) -> None:
    redeemed = provider.served("token brief authorization_code 200")
    await page.open(f"{url}/?code=theirs&state=theirs&iss={provider.issuer}")
    assert "no sign-in that was begun here" in await page.until(WELCOME)
    assert provider.served("token brief authorization_code 200") == redeemed
    assert await page.run("return location.href") == f"{url}/"


async def test_keys_are_rotated_and_withdrawn_while_somebody_reads(
    page: Page, provider: OpenIdProvider, mail: Dovecot, configured: GatewayProcess, tmp_path: Path
) -> None:
    """The gateway is started anew in between: it looks for unknown keys once in 30 seconds only."""
    deliver(mail, "bob", 1, "First")
    with page_of(tmp_path, configured, "signed") as demo:
        await page.open(demo.url)
        await sign_in(page, provider, demo.url, "bob")
        await page.until(SHOWN, "First")
        provider.restart("rotate")
    with page_of(tmp_path, configured, "signed", urlsplit(demo.url).port or 0) as demo:
        deliver(mail, "bob", 2, "By the old key")
        await page.until(SHOWN, "By the old key")
        await page.run(OPEN, "By the old key")
        await page.until(BODY, "body of 2")

        provider.restart("forget")
        headers = {"Authorization": f"Bearer {provider.sign_in('carol', 'signed')['access_token']}"}
        assert httpx.get(f"{demo.url}/v1/accounts/me", headers=headers, trust_env=False).status_code == 200
        deliver(mail, "bob", 3, "By no key")
        assert "session has ended" in await page.until(WELCOME)
        await picture(page, "withdrawn")
        await sign_in(page, provider, demo.url, "bob")
        await page.until(SHOWN, "By no key")
