"""Verify against made faults: each names its own step, says its code, and gives a hint that fits."""

from __future__ import annotations

import ssl
from pathlib import Path

import dns.rcode
import pytest

from gateway.settings.model import PassThrough
from tests.servers.certificates import Authority, self_signed
from tests.servers.faultproxy import FaultProxy
from tests.servers.ports import free_port
from tests.servers.tiny_imap import TinyImap, serving
from tests.servers.tiny_smtp import TinySmtp
from tests.servers.tokens import TokenIssuer

from .gateway_here import endpoint, gateway_before
from .servers import HOST, SECRET, Place, Verified, place


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def good(authority: Authority) -> ssl.SSLContext:
    return serving(authority.issue(HOST))


def rest_is_skipped(found: dict[str, dict[str, object]], after: str) -> bool:
    """Nothing behind the step was tried, and all that is before it went well."""
    outcomes = [step["outcome"] for step in found.values() if step["service"] == "imap"]
    at = list(found).index(f"imap {after}")
    return set(outcomes[:at]) <= {"ok"} and set(outcomes[at + 1 :]) == {"skipped"}


async def test_all_is_well(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    async with TinyImap(good, password=SECRET) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.body["ok"]
    steps = ["dns", "tcp", "tls", "greeting", "capability", "auth", "select", "idle", "quota"]
    assert list(found.told) == [f"imap {step}" for step in steps]
    assert {step["outcome"] for step in found.told.values()} == {"ok"}
    tls = found.told["imap tls"]["detail"]
    assert "TLSv1.3" in tls
    assert HOST in tls
    assert "Test authority" in tls
    assert "in 19 days" in tls
    assert found.told["imap dns"]["detail"] == "127.0.0.1"


async def test_starttls(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    async with TinyImap(good, starttls=True, password=SECRET) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, tls="starttls", password=SECRET)
    assert found.body["ok"]
    assert list(found.told)[:5] == [f"imap {step}" for step in ("dns", "tcp", "connect", "greeting", "tls")]


async def test_without_credentials_all_before_the_sign_in_is_tried(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer
) -> None:
    async with TinyImap(good) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port)
    assert found.body["ok"]
    assert found.outcome("auth") == ("skipped", None)
    assert "password" in found.told["imap auth"]["hint"]


@pytest.mark.parametrize(
    ("fate", "code"),
    [("missing", "no-such-host"), ("servfail", "dns-failed"), ("silent", "dns-timeout"), ("empty", "no-such-host")],
)
async def test_dns(
    authority: Authority, tokens: TokenIssuer, monkeypatch: pytest.MonkeyPatch, fate: str, code: str
) -> None:
    monkeypatch.setattr("gateway.accounts.resolver.SECONDS", 0.3)
    async with place(authority, tokens, (993,)) as here:
        here.names.zone |= {HOST: {}}
        if fate == "missing":
            del here.names.zone[HOST]
        elif fate != "empty":
            here.names.failing[HOST] = dns.rcode.SERVFAIL if fate == "servfail" else None
        found = await here.verify(993, password=SECRET)
    assert found.outcome("dns") == ("failed", code)
    assert rest_is_skipped(found.told, "dns")


async def test_refused_port(authority: Authority, tokens: TokenIssuer) -> None:
    port = free_port()
    async with place(authority, tokens, (port,)) as here:
        found = await here.verify(port, password=SECRET)
    assert found.outcome("tcp") == ("failed", "port-refused")
    assert "993" in found.told["imap tcp"]["hint"]
    assert rest_is_skipped(found.told, "tcp")


async def test_plain_port_where_tls_is_expected(authority: Authority, tokens: TokenIssuer) -> None:
    async with TinyImap() as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("tls") == ("failed", "not-tls")
    assert "STARTTLS" in found.told["imap tls"]["hint"]
    assert rest_is_skipped(found.told, "tls")


async def test_tls_port_where_plain_text_is_expected(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer
) -> None:
    async with TinyImap(good) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, tls="starttls", password=SECRET)
    assert found.outcome("greeting") == ("failed", "greeting-timeout")
    assert "TLS" in found.told["imap greeting"]["hint"]


async def test_no_starttls(authority: Authority, tokens: TokenIssuer) -> None:
    async with TinyImap() as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, tls="starttls", password=SECRET)
    assert found.outcome("tls") == ("failed", "starttls-missing")
    assert not any("AUTHENTICATE" in command or "LOGIN" in command for command in imap.commands)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_expired_certificate(authority: Authority, tokens: TokenIssuer, tls: str) -> None:
    context = serving(authority.issue(HOST, expired=True))
    async with TinyImap(context, tls == "starttls") as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, tls=tls, password=SECRET)
    assert found.outcome("tls") == ("failed", "certificate-expired")
    assert "days ago" in found.told["imap tls"]["detail"]
    assert "renew" in found.told["imap tls"]["hint"]
    assert not any("AUTHENTICATE" in command or "LOGIN" in command for command in imap.commands)


async def test_certificate_that_ends_soon(authority: Authority, tokens: TokenIssuer) -> None:
    context = serving(authority.issue(HOST, days=3))
    async with TinyImap(context, password=SECRET) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.body["ok"]
    assert found.outcome("tls") == ("warning", "certificate-ends-soon")
    assert "within 2 days" in found.told["imap tls"]["hint"]


async def test_wrong_name(authority: Authority, tokens: TokenIssuer) -> None:
    context = serving(authority.issue("mail.example.net"))
    async with TinyImap(context) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("tls") == ("failed", "certificate-wrong-name")
    assert "mail.example.net" in found.told["imap tls"]["detail"]


async def test_self_signed(authority: Authority, tokens: TokenIssuer, tmp_path: Path) -> None:
    context = serving(self_signed(tmp_path / "self", HOST))
    async with TinyImap(context) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("tls") == ("failed", "certificate-self-signed")
    assert "ca_file" in found.told["imap tls"]["hint"]


async def test_unknown_authority(authority: Authority, tokens: TokenIssuer, tmp_path: Path) -> None:
    context = serving(Authority(tmp_path / "other", common_name="Nobody's authority").issue(HOST))
    async with TinyImap(context) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("tls") == ("failed", "certificate-untrusted")
    assert "Nobody's authority" in found.told["imap tls"]["detail"]
    assert "chain" in found.told["imap tls"]["hint"]


async def test_connection_ended_in_the_middle_of_tls(authority: Authority, tokens: TokenIssuer) -> None:
    async with FaultProxy("127.0.0.1", free_port()) as proxy, place(authority, tokens, (proxy.port,)) as here:
        found = await here.verify(proxy.port, password=SECRET)
    assert found.outcome("tls") == ("failed", "tls-closed")


async def test_slow_greeting(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    async with TinyImap(good, greeting=None) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("greeting") == ("failed", "greeting-timeout")
    assert rest_is_skipped(found.told, "greeting")


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x00\xff\r\n", b"220 smtp\r\n"]
)
async def test_garbage_greeting(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer, greeting: bytes
) -> None:
    async with TinyImap(good, greeting=greeting) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("greeting") == ("failed", "not-a-mail-server")


@pytest.mark.parametrize(
    ("greeting", "code"), [(b"* BYE go away\r\n", "turned-away"), (b"* BYE [UNAVAILABLE] busy\r\n", "throttled")]
)
async def test_turned_away(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer, greeting: bytes, code: str
) -> None:
    async with TinyImap(good, greeting=greeting) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("greeting") == ("failed", code)


REFUSALS = {
    "NO [AUTHENTICATIONFAILED] no": ("wrong-credentials", "app password"),
    "NO wrong": ("wrong-credentials", "app password"),
    "NO [EXPIRED] too old": ("credentials-expired", "new one"),
    "NO [UNAVAILABLE] later": ("throttled", "wait"),
    "NO [LIMIT] too many": ("throttled", "wait"),
    "NO [INUSE] busy": ("throttled", "wait"),
    "NO [CONTACTADMIN] blocked": ("contact-admin", "support"),
    f"NO [UNAVAILABLE] you said {SECRET}": ("throttled", "wait"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_bad_password_and_throttling(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer, refusal: str
) -> None:
    async with TinyImap(good, refusal=refusal) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    code, word = REFUSALS[refusal]
    assert found.outcome("auth") == ("failed", code)
    assert word in found.told["imap auth"]["hint"]
    assert rest_is_skipped(found.told, "auth")
    assert sum("AUTHENTICATE" in command for command in imap.commands) == 1


async def test_no_way_to_sign_in(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    offered = "IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2"
    async with TinyImap(good, capabilities=offered) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("auth") == ("failed", "no-mechanism")
    assert "OAuth" in found.told["imap auth"]["hint"]


async def test_a_token_goes_by_the_mechanism_that_is_offered(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer
) -> None:
    async with TinyImap(good, password=SECRET) as imap, place(authority, tokens, (imap.port,)) as here:
        found = await here.verify(imap.port, token=SECRET)
    assert found.body["ok"]
    assert any("AUTHENTICATE XOAUTH2" in command for command in imap.commands)


async def test_an_account_is_tried_by_its_own_mechanism_as_when_it_signs_in(
    authority: Authority, tokens: TokenIssuer
) -> None:
    """Another one would do, and is not what the operator has set."""
    here = serving(authority.issue("localhost"))
    async with TinyImap(here, capabilities="IMAP4rev1 SASL-IR AUTH=XOAUTH2") as imap:
        server = endpoint(imap.port, tls="implicit", ca_file=authority.ca_file)
        way = PassThrough(mechanism="OAUTHBEARER")
        async with gateway_before(server, tokens, auth=way) as gateway, gateway.client("alice") as client:
            answer = await client.post("/verify")
            folders = await client.get("/folders")
    found = Verified(answer.status_code, answer.json(), answer.text)
    assert found.outcome("auth") == ("failed", "no-mechanism")
    assert folders.json()["detail"] == "the mail server offers no way to sign in with these credentials"
    assert not any("AUTHENTICATE" in command for command in imap.commands)


async def test_no_idle(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    offered = "IMAP4rev1 SASL-IR AUTH=PLAIN"
    async with (
        TinyImap(good, capabilities=offered, password=SECRET) as imap,
        place(authority, tokens, (imap.port,)) as here,
    ):
        found = await here.verify(imap.port, password=SECRET)
    assert found.body["ok"]
    assert found.outcome("idle") == ("warning", "no-idle")
    assert found.outcome("quota") == ("skipped", None)


async def test_quota_full(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    async with (
        TinyImap(good, quota=(1000, 1000), password=SECRET) as imap,
        place(authority, tokens, (imap.port,)) as here,
    ):
        found = await here.verify(imap.port, password=SECRET)
    assert found.body["ok"]
    assert found.outcome("quota") == ("warning", "over-quota")
    assert "100 percent" in found.told["imap quota"]["detail"]


async def test_the_whole_has_a_deadline(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    async with TinyImap(good, greeting=None) as imap, place(authority, tokens, (imap.port,), find_seconds=0.3) as here:
        found = await here.verify(imap.port, password=SECRET)
    assert found.outcome("greeting") == ("failed", "overtime")


async def smtp(here: Place, imap: TinyImap, port: int, tls: str = "implicit") -> dict[str, tuple[str, str | None]]:
    sending = {"host": HOST, "port": port, "tls": tls}
    found = await here.verify(imap.port, smtp=sending, password=SECRET)
    return {step: found.outcome(step) for step in found.told if step.startswith("smtp")}


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN"])
async def test_sending_is_verified_too(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer, tls: str, auth: str
) -> None:
    async with (
        TinyImap(good, password=SECRET) as imap,
        TinySmtp(good, tls == "starttls", auth=auth, password=SECRET) as sender,
        place(authority, tokens, (imap.port, sender.port)) as here,
    ):
        told = await smtp(here, imap, sender.port, tls)
    assert set(told.values()) == {("ok", None)}
    assert f"AUTH {auth}" in " ".join(sender.commands)
    assert not any(command.startswith("MAIL") for command in sender.commands)


async def test_sending_goes_on_where_receiving_failed(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer
) -> None:
    async with (
        TinyImap(good, refusal="NO no") as imap,
        TinySmtp(good, password=SECRET) as sender,
        place(authority, tokens, (imap.port, sender.port)) as here,
    ):
        told = await smtp(here, imap, sender.port)
    assert told["smtp auth"] == ("ok", None)


@pytest.mark.parametrize(
    ("settings", "step", "code"),
    [
        ({"greeting": b"554 no\r\n"}, "greeting", "turned-away"),
        ({"greeting": b"421 busy\r\n"}, "greeting", "throttled"),
        ({"greeting": b"* OK IMAP4rev1\r\n"}, "greeting", "not-a-mail-server"),
        ({"refusal": "535 5.7.8 no"}, "auth", "wrong-credentials"),
        ({"refusal": "454 4.7.0 later"}, "auth", "throttled"),
        ({"auth": "XOAUTH2"}, "auth", "no-mechanism"),
    ],
)
async def test_faults_of_sending(
    authority: Authority,
    good: ssl.SSLContext,
    tokens: TokenIssuer,
    settings: dict[str, object],
    step: str,
    code: str,
) -> None:
    async with (
        TinyImap(good, password=SECRET) as imap,
        TinySmtp(good, **settings) as sender,  # type: ignore[arg-type]
        place(authority, tokens, (imap.port, sender.port)) as here,
    ):
        told = await smtp(here, imap, sender.port)
    assert told[f"smtp {step}"] == ("failed", code)


async def test_what_comes_ahead_of_tls_is_not_believed(
    authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer
) -> None:
    async with (
        TinyImap(good, password=SECRET) as imap,
        TinySmtp(good, True, ahead=b"250 AUTH PLAIN\r\n", password=SECRET) as sender,
        place(authority, tokens, (imap.port, sender.port)) as here,
    ):
        told = await smtp(here, imap, sender.port, "starttls")
    assert told["smtp tls"] == ("failed", "tls-failed")
    assert told["smtp auth"] == ("skipped", None)
    assert not any(command.startswith("AUTH") for command in sender.commands)


async def test_no_sign_in_before_tls(authority: Authority, good: ssl.SSLContext, tokens: TokenIssuer) -> None:
    async with (
        TinyImap(good, password=SECRET) as imap,
        TinySmtp(password=SECRET) as sender,
        place(authority, tokens, (imap.port, sender.port)) as here,
    ):
        told = await smtp(here, imap, sender.port, "starttls")
    assert told["smtp tls"] == ("failed", "starttls-missing")
    assert not any(command.startswith("AUTH") for command in sender.commands)
