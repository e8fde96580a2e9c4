"""``gateway check`` against a real server: what works, what doesn't, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from gateway.check import check
from gateway.settings import model

from .servers.dovecot import Dovecot
from .servers.ports import free_ports
from .servers.tokens import TokenIssuer

Marks = dict[str, str]


def settings(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path, **imap: object) -> model.Settings:
    password = tmp_path / "master"
    password.write_text("masterpw")
    endpoint = {"host": "localhost", "port": dovecot.tls_port, "ca_file": str(dovecot.ca_file), **imap}
    issuer = {
        "issuer": tokens.issuer,
        "audience": tokens.audience,
        "jwks_file": str(tokens.jwks_file),
        "algorithms": ["RS256", "ES256"],
    }
    auth = {"method": "master_user", "user": "gateway", "password_file": str(password)}
    provider = {"name": "test", "imap": endpoint, "auth": auth}
    return msgspec.convert({"issuers": [issuer], "providers": [provider]}, model.Settings)


def run(settings: model.Settings, account: str | None = None, token: Path | None = None) -> tuple[int, Marks, str]:
    """The status, each step's outcome, and the whole text."""
    written: list[str] = []
    status = check(settings, account=account, token_file=token, write=written.append)
    text = "".join(written)
    return status, {name: mark for mark, name in re.findall(r"^  (ok|FAIL) +(\w+)", text, re.MULTILINE)}, text


def test_all_is_well(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    status, marks, text = run(settings(dovecot, tokens, tmp_path), account="alice")

    steps = ["keys", "dns", "tcp", "tls", "greeting", "capability", "account", "auth", "select", "idle"]
    assert list(marks) == steps
    assert set(marks.values()) == {"ok"}
    assert status == 0
    assert "masterpw" not in text


def test_starttls_is_a_step_of_its_own(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    status, marks, _ = run(settings(dovecot, tokens, tmp_path, port=dovecot.port, tls="starttls"))

    assert list(marks) == ["keys", "dns", "tcp", "connect", "greeting", "starttls", "capability"]
    assert status == 0


def test_a_token_is_verified_and_names_the_account(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(tokens.token("bob") + "\n")
    status, marks, text = run(settings(dovecot, tokens, tmp_path), token=file)

    assert (marks["token"], marks["auth"], status) == ("ok", "ok", 0)
    assert "mail.read" in text
    assert file.read_text().strip() not in text


def test_an_expired_token_is_told(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(tokens.token("bob", ttl=-3600))
    status, marks, _ = run(settings(dovecot, tokens, tmp_path), token=file)

    assert (marks["token"], status) == ("FAIL", 1)
    assert "auth" not in marks


def test_an_unknown_authority_stops_at_tls_with_a_hint(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    status, marks, text = run(settings(dovecot, tokens, tmp_path, ca_file=None))

    assert (marks["tcp"], marks["tls"], status) == ("ok", "FAIL", 1)
    assert "greeting" not in marks
    assert "imap.ca_file" in text


def test_a_closed_port_stops_at_tcp(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    status, marks, text = run(settings(dovecot, tokens, tmp_path, port=free_ports(1)[0]))

    assert (marks["dns"], marks["tcp"], status) == ("ok", "FAIL", 1)
    assert "tls" not in marks
    assert "refused" in text or "none of its addresses" in text


def test_a_name_that_is_no_name_stops_at_dns(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    status, marks, _ = run(settings(dovecot, tokens, tmp_path, host="no-such-host.invalid"))

    assert (marks["dns"], status) == ("FAIL", 1)
    assert "tcp" not in marks


def test_refused_credentials_are_told_without_showing_them(
    dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path
) -> None:
    wrong = settings(dovecot, tokens, tmp_path)
    (tmp_path / "master").write_text("a wrong password")
    status, marks, text = run(wrong, account="alice")

    assert (marks["auth"], status) == ("FAIL", 1)
    assert "select" not in marks
    assert "a wrong password" not in text


def test_keys_that_are_not_there_are_told(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> None:
    good = settings(dovecot, tokens, tmp_path)
    lost = msgspec.structs.replace(good.issuers[0], jwks_file=str(tmp_path / "nowhere.json"))
    status, marks, _ = run(msgspec.structs.replace(good, issuers=(lost,)))

    assert (marks["keys"], marks["capability"], status) == ("FAIL", "ok", 1)


def test_an_issuer_that_does_not_answer_is_named_with_its_urls(
    dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path
) -> None:
    issuer = f"http://127.0.0.1:{free_ports(1)[0]}/realms/x"
    found = settings(dovecot, tokens, tmp_path)
    silent = msgspec.structs.replace(found.issuers[0], issuer=issuer, jwks_file=None)
    status, marks, text = run(msgspec.structs.replace(found, issuers=(silent,)))

    assert (marks["keys"], status) == ("FAIL", 1)
    assert f"{issuer.removesuffix('/realms/x')}/.well-known/oauth-authorization-server/realms/x: " in text
    assert f"{issuer}/.well-known/openid-configuration: " in text
