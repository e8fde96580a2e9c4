from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.accounts.account import Account
from gateway.accounts.directory import Directory
from gateway.errors import ConfigurationError, Forbidden, NotFound, Unavailable, Unprocessable
from gateway.imap.credential import Bearer, Password, ProxyPassword
from gateway.secret import Secret
from gateway.settings.model import Auth, Endpoint, Issuer, Linked, MasterUser, PassThrough, Provider, Settings

ISSUER = "https://login.example.org"
AUDIENCE = "https://mail.example.org"


@dataclass(frozen=True)
class Caller:
    claims: Mapping[str, object]
    issuer: str = ISSUER
    subject: str = "subject-1"
    audiences: frozenset[str] = frozenset({AUDIENCE})
    token: Secret = field(default_factory=lambda: Secret("token-1"))
    expires_at: float = 1234.0
    key: str | None = None


def caller(email: object = "alice@example.org", **changes: object) -> Caller:
    return Caller({"email": email} | changes)


def provider(auth: Auth, name: str = "one", username: str = "{address}", *domains: str) -> Provider:
    imap = Endpoint(host=f"{name}.example.org", port=1993)
    return Provider(name=name, imap=imap, auth=auth, username=username, domains=domains or ("*",))


def directory(*providers: Provider, claim: str = "email", environ: Mapping[str, str] | None = None) -> Directory:
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, account_claim=claim)
    return Directory(Settings(issuers=(issuer,), providers=providers), environ or {"MASTER": "masterpw"})


MASTER = MasterUser(user="gateway", password_env="MASTER")


def only(accounts: list[Account]) -> Account:
    assert len(accounts) == 1
    return accounts[0]


async def test_the_callers_token_opens_the_account_and_ends_with_it() -> None:
    account = only(await directory(provider(PassThrough(mechanism="XOAUTH2"))).accounts(caller()))
    assert account.credential == Bearer("alice@example.org", Secret("token-1"), "XOAUTH2", own_token=True)
    assert account.expires_at == 1234.0
    assert str(account.endpoint) == "one.example.org:1993"
    assert account.address == "alice@example.org"


async def test_a_token_that_was_not_issued_for_the_mail_server_is_never_shown_to_it() -> None:
    with_audience = directory(provider(PassThrough(audience="imap://mail")))
    with pytest.raises(Forbidden, match="aud"):
        await with_audience.accounts(caller())
    both = Caller({"email": "alice@example.org"}, audiences=frozenset({AUDIENCE, "imap://mail"}))
    assert await with_audience.accounts(both)


async def test_a_token_that_is_bound_to_a_key_is_never_shown_to_it_either() -> None:
    bound = Caller({"email": "alice@example.org"}, key="0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    with pytest.raises(Forbidden, match="bound"):
        await directory(provider(PassThrough())).accounts(bound)
    assert await directory(provider(MASTER)).accounts(bound)


async def test_a_master_user_by_authzid() -> None:
    account = only(await directory(provider(MASTER)).accounts(caller()))
    assert account.credential == ProxyPassword("alice@example.org", "gateway", Secret("masterpw"))
    assert account.expires_at is None


async def test_a_master_user_by_separator() -> None:
    auth = MasterUser(user="gateway", password_env="MASTER", style="separator")
    account = only(await directory(provider(auth)).accounts(caller()))
    assert account.credential == Password("alice@example.org*gateway", Secret("masterpw"))


@pytest.mark.parametrize("separator", ["+", ".", "-", "@"])
async def test_a_user_name_with_the_separator_opens_nothing(separator: str) -> None:
    auth = MasterUser(user="gateway", password_env="MASTER", style="separator", separator=separator)
    served = directory(provider(auth))
    with pytest.raises(Forbidden):
        await served.accounts(caller(f"alice{separator}bob" if separator != "@" else "alice@example.org"))


@pytest.mark.parametrize("subject", ["bob*x", "bob%x", "bob/x", "bob!x", "gateway", "GATEWAY"])
async def test_a_subject_that_a_server_reads_otherwise_opens_nothing_with_a_master_user(subject: str) -> None:
    served = directory(provider(MASTER, "one", "{sub}"))
    with pytest.raises(Forbidden):
        await served.accounts(Caller({"email": "alice@example.org"}, subject=subject))


async def test_the_password_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes("pässword one\r\n".encode())
    served = directory(provider(MasterUser(user="gateway", password_file=str(file))))

    async def password() -> str:
        credential = only(await served.accounts(caller())).credential
        assert isinstance(credential, ProxyPassword)
        return credential.password.reveal()

    assert await password() == "pässword one"
    file.write_text("two")
    assert await password() == "two"
    file.write_text("")
    with pytest.raises(Unavailable):
        await password()
    file.unlink()
    with pytest.raises(Unavailable):
        await password()
    file.write_text("three\n")
    assert await password() == "three"


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb", b"a\0b", b"\xff\xfe", b"x" * 2000])
def test_a_password_that_can_not_be_meant_stops_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        directory(provider(MasterUser(user="gateway", password_file=str(file))))
    assert error.value.key == "providers[0].auth.password_file"


def test_an_absent_password_names_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="environment variable ABSENT"):
        directory(provider(MasterUser(user="gateway", password_env="ABSENT")))


def test_a_master_user_and_plain_text_are_warned_of(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = Provider(
        name="plain",
        imap=Endpoint(host="h", port=143, tls="none", allow_plaintext=True),
        auth=MASTER,
        domains=("x.org",),
    )
    with caplog.at_level(logging.DEBUG):
        directory(plain)
    written = caplog.text + "".join(capsys.readouterr())
    assert "master user" in written
    assert "not encrypted" in written
    assert "masterpw" not in written


async def test_the_domain_chooses_the_provider() -> None:
    served = directory(
        provider(PassThrough(), "rest", "{address}", "*"), provider(PassThrough(), "org", "{local}", "Example.ORG")
    )
    account = only(await served.accounts(caller("Alice@EXAMPLE.org")))
    assert account.provider.name == "org"
    assert isinstance(account.credential, Bearer)
    assert account.credential.user == "Alice"
    assert only(await served.accounts(caller("alice@sub.example.org"))).provider.name == "rest"


async def test_a_bare_user_name_is_served_by_a_provider_for_all() -> None:
    served = directory(provider(PassThrough()), claim="preferred_username")
    account = only(await served.accounts(Caller({"preferred_username": "alice"})))
    assert account.address == "alice"
    strict = directory(provider(PassThrough(), "org", "{address}", "example.org"), claim="preferred_username")
    assert (await strict.accounts(Caller({"preferred_username": "alice"}))) == []


async def test_nobody_serves_the_domain() -> None:
    served = directory(provider(PassThrough(), "org", "{address}", "example.org"))
    assert (await served.accounts(caller("alice@example.net"))) == []
    with pytest.raises(NotFound, match="domain"):
        await served.resolve(caller("alice@example.net"), "me")


async def test_linked_accounts_do_not_follow_from_a_token() -> None:
    served = directory(provider(Linked()))
    assert (await served.accounts(caller())) == []
    with pytest.raises(Unprocessable, match="linked"):
        await served.resolve(caller(), "me")


async def test_an_account_is_found_by_its_own_callers_reference_only() -> None:
    served = directory(provider(MASTER))
    alice, bob = only(await served.accounts(caller())), only(await served.accounts(caller("bob@example.org")))
    assert (await served.resolve(caller(), "me")).id == (await served.resolve(caller(), alice.id)).id == alice.id
    for ref in (bob.id, "", "ME", alice.id + "=", alice.id[:-1], "x" * 10_000):
        with pytest.raises(NotFound) as error:
            await served.resolve(caller(), ref)
        assert error.value.field == "account"


async def test_equal_ids_mean_the_same_mailbox() -> None:
    by_subject = provider(MASTER, "one", "{sub}")
    callers = [
        Caller({"email": "alice@example.org"}, subject="a"),
        Caller({"email": "alice@example.org"}, subject="b"),
        Caller({"email": "bob@example.org"}, subject="a"),
    ]
    assert len({only(await directory(by_subject).accounts(each)).id for each in callers}) == 3
    again = only(await directory(by_subject).accounts(callers[0])).id
    assert again == only(await directory(by_subject).accounts(callers[0])).id
    assert only(await directory(provider(MASTER, "two", "{sub}")).accounts(callers[0])).id != again


@pytest.mark.parametrize("verified", [False, "false", "no", 0, None, {}])
async def test_an_unverified_address_is_refused(verified: object) -> None:
    with pytest.raises(Forbidden, match="verified"):
        await directory(provider(MASTER)).accounts(caller(email_verified=verified))


async def test_a_verified_address_is_not() -> None:
    for verified in (True, "true"):
        assert await directory(provider(MASTER)).accounts(caller(email_verified=verified))
    other = directory(provider(MASTER), claim="mail")
    assert await other.accounts(Caller({"mail": "alice@example.org", "email_verified": False}))


@pytest.mark.parametrize(
    "value", [None, "", 1, True, ["alice@example.org"], {"a": 1}, "a" * 5000, "alice@", "@example.org"]
)
async def test_a_claim_that_names_no_account_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(Forbidden) as error:
        await directory(provider(MASTER)).accounts(caller(value))
    assert "email" in error.value.detail
    assert "example.org" not in error.value.detail


async def test_another_issuers_caller_is_refused() -> None:
    with pytest.raises(Forbidden):
        await directory(provider(MASTER)).accounts(Caller({"email": "alice@example.org"}, issuer="https://other"))


async def test_an_accounts_repr_shows_nobody() -> None:
    shown = repr(only(await directory(provider(MASTER)).accounts(caller())))
    assert "alice" not in shown
    assert "masterpw" not in shown
