"""Signing in: the way that is taken, and what a refusal says."""

from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.errors import Refused, SignInRefused, TlsRequired
from gateway.imap.credential import Bearer, Credential, ProxyPassword
from gateway.imap.session import Session
from gateway.secret import Secret
from tests.imap.conftest import ALICE, DEADLINES
from tests.imap.scripted import GREETING, Eof, Expect, Send, Step, scripted
from tests.imap.test_session_open import refused_by


def answering(answer: bytes, *after: Step) -> list[Step]:
    return [Send(GREETING), Expect("AUTHENTICATE PLAIN .+"), Send(b"{tag} " + answer + b"\r\n"), *after, Eof()]


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (b"NO [AUTHENTICATIONFAILED] alicepw", "AUTHENTICATIONFAILED", "; they are wrong"),
        (b"NO alicepw", None, ""),
        (b"NO [EXPIRED] alicepw", "EXPIRED", "; they have expired"),
        (b"NO [AUTHORIZATIONFAILED] alicepw", "AUTHORIZATIONFAILED", "; they are good, but not for this account"),
        (b"NO [ALERT] Please log in with a browser", "ALERT", "; Please log in with a browser"),
        (b"NO [ALERT] " + b"a\x07" * 400, "ALERT", "; " + "a" * 200),
        (b"BAD alicepw", None, ""),
    ],
)
async def test_refused_credentials(answer: bytes, code: str | None, reason: str) -> None:
    error = await refused_by(*answering(answer))
    assert isinstance(error, SignInRefused)
    assert (error.imap_code, error.detail) == (code, f"the mail server refused the sign-in{reason}")


@pytest.mark.parametrize(("code", "status"), [("UNAVAILABLE", 503), ("LIMIT", 429), ("INUSE", 409)])
async def test_a_refusal_that_is_not_of_the_credentials(code: str, status: int) -> None:
    error = await refused_by(*answering(f"NO [{code}] later".encode()))
    assert isinstance(error, Refused)
    assert not isinstance(error, SignInRefused)
    assert (error.imap_code, error.answer().status) == (code, status)


async def test_privacy_required() -> None:
    assert isinstance(await refused_by(*answering(b"NO [PRIVACYREQUIRED] tls")), TlsRequired)


async def test_login_where_there_is_no_better() -> None:
    script: list[Step] = [
        Send(b"* OK [CAPABILITY IMAP4rev1] ready\r\n"),
        Expect('LOGIN "alice" "alicepw"'),
        Send(b"{tag} OK\r\n"),
        Expect("CAPABILITY"),
        Send(b"* CAPABILITY IMAP4rev1 IDLE\r\n{tag} OK\r\n"),
        Eof(),
    ]
    async with scripted(*script) as server:
        session = await Session.open(server.endpoint, ALICE, deadlines=DEADLINES)
        assert session.capabilities.has("IDLE")
        session.abort()
        await server.finished.wait()


def offering(capabilities: bytes) -> list[Step]:
    """The same in the greeting and when asked, which is done before a server is given up."""
    return [
        Send(b"* OK [CAPABILITY " + capabilities + b"] ready\r\n"),
        Expect("CAPABILITY"),
        Send(b"* CAPABILITY " + capabilities + b"\r\n{tag} OK\r\n"),
        Eof(),
    ]


async def test_logindisabled_without_tls() -> None:
    assert isinstance(await refused_by(*offering(b"IMAP4rev1 LOGINDISABLED STARTTLS")), TlsRequired)


@pytest.mark.parametrize("credential", [Bearer("alice", Secret("t")), ProxyPassword("bob", "alice", Secret("pw"))])
async def test_capabilities_that_are_pushed_before_all_are_known_end_no_sign_in(credential: Credential) -> None:
    script: list[Step] = [
        Send(b"* OK Still here\r\n* CAPABILITY IMAP4rev1\r\n"),
        Expect("CAPABILITY"),
        Send(b"* CAPABILITY IMAP4rev1\r\n* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=OAUTHBEARER\r\n{tag} OK\r\n"),
        Expect("AUTHENTICATE (PLAIN|OAUTHBEARER) .+"),
        Send(b"{tag} OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"),
        Eof(),
    ]
    async with scripted(*script) as server:
        session = await Session.open(server.endpoint, credential, deadlines=DEADLINES)
        assert session.capabilities.has("IDLE")
        session.abort()
        await server.finished.wait()


async def test_sasl_login_where_login_is_disabled() -> None:
    script: list[Step] = [
        Send(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=LOGIN] ready\r\n"),
        Expect("AUTHENTICATE LOGIN"),
        Send(b"+ VXNlcm5hbWU6\r\n"),
        Expect(b64encode(b"alice").decode(), tagless=True),
        Send(b"+ UGFzc3dvcmQ6\r\n"),
        Expect(b64encode(b"alicepw").decode(), tagless=True),
        Send(b"{tag} NO\r\n"),
        Eof(),
    ]
    assert isinstance(await refused_by(*script), SignInRefused)


@pytest.mark.parametrize("credential", [Bearer("alice", Secret("t")), ProxyPassword("bob", "alice", Secret("pw"))])
async def test_a_mechanism_that_is_not_offered(credential: Credential) -> None:
    error = await refused_by(*offering(b"IMAP4rev1 AUTH=X"), credential=credential)
    assert isinstance(error, SignInRefused)


JSON = b'{"status":"400","schemes":"Bearer"}'


@pytest.mark.parametrize(("mechanism", "dummy"), [("OAUTHBEARER", "AQ=="), ("XOAUTH2", "")])
@pytest.mark.parametrize("hangs_up", [False, True])
async def test_the_reason_of_a_refused_token_reaches_the_error(mechanism: str, dummy: str, hangs_up: bool) -> None:
    script: list[Step] = [
        Send(f"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH={mechanism}] ready\r\n".encode()),
        Expect(f"AUTHENTICATE {mechanism} .+", as_="sign"),
        Send(b"+ " + b64encode(JSON) + b"\r\n"),
        Expect(dummy, tagless=True),
    ]
    script += [] if hangs_up else [Send(b"{sign} NO [AUTHENTICATIONFAILED] no\r\n"), Eof()]
    error = await refused_by(*script, credential=Bearer("alice", Secret("t"), mechanism, True))  # type: ignore[arg-type]
    assert isinstance(error, SignInRefused)
    assert error.challenge == JSON.decode()
    assert error.answer().status == 401
    wrong = "" if hangs_up else "; they are wrong"
    assert error.detail == f"the mail server refused the sign-in{wrong}; status 400"


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (b'{"status":"invalid_token","scope":"imap other"}', "; status invalid_token; it wants the scope imap other"),
        (b'{"status":"a b","scope":"a\\nb"}', ""),
        (b'{"status":7,"scope":[]}', ""),
        (b'["status"]', ""),
        (b"no JSON", ""),
        (b"[" * 900, ""),
        (b'{"status":"' + b"x" * 65 + b'"}', ""),
    ],
)
async def test_of_a_tokens_reason_only_words_are_shown(reason: bytes, shown: str) -> None:
    script: list[Step] = [
        Send(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready\r\n"),
        Expect("AUTHENTICATE XOAUTH2 .+", as_="sign"),
        Send(b"+ " + b64encode(reason) + b"\r\n"),
        Expect("", tagless=True),
        Send(b"{sign} NO no\r\n"),
        Eof(),
    ]
    error = await refused_by(*script, credential=Bearer("alice", Secret("t"), "auto"))
    assert error.detail == f"the mail server refused the sign-in{shown}"


@pytest.mark.parametrize(
    ("offered", "mechanism"),
    [
        ("AUTH=XOAUTH2 AUTH=OAUTHBEARER", "OAUTHBEARER"),
        ("AUTH=PLAIN AUTH=OAUTHBEARER", "OAUTHBEARER"),
        ("AUTH=XOAUTH2 AUTH=PLAIN", "XOAUTH2"),
    ],
)
@pytest.mark.parametrize("initial", [True, False])
async def test_a_token_is_shown_the_way_the_server_offers(offered: str, mechanism: str, initial: bool) -> None:
    ir, line = ("SASL-IR ", f"AUTHENTICATE {mechanism} .+") if initial else ("", f"AUTHENTICATE {mechanism}")
    script: list[Step] = [
        Send(f"* OK [CAPABILITY IMAP4rev1 {ir}{offered}] ready\r\n".encode()),
        Expect(line, as_="sign"),
    ]
    script += [] if initial else [Send(b"+ \r\n"), Expect("[A-Za-z0-9+/=]+", tagless=True)]
    script += [Send(b"{sign} NO [UNAVAILABLE] no\r\n"), Eof()]
    error = await refused_by(*script, credential=Bearer("alice", Secret("t"), "auto"))
    assert error.imap_code == "UNAVAILABLE"
