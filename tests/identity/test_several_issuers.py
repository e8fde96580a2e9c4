"""Several issuers at once: the same key id, the same subject, the same address; never the same principal."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from gateway.accounts.directory import Directory
from gateway.errors import Forbidden
from gateway.identity.authenticator import Authenticator
from gateway.settings.model import Endpoint, Issuer, MasterUser, Provider, Settings
from tests.http import doubles
from tests.servers.tokens import make_key

from .forge import AUDIENCE, ISSUER, NOW, Forge, signed
from .resource import Resource

OTHER = "https://other.example"
THEIRS = make_key("ES256", "key-ES256")  # the same id as our own


@pytest.fixture
def issuers(key_file: Path, tmp_path: Path) -> tuple[Issuer, Issuer]:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"keys": [THEIRS.as_dict(private=False)]}))
    return (
        Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(key_file)),
        Issuer(issuer=OTHER, audience=AUDIENCE, jwks_file=str(other), domains=("other.example",)),
    )


def tokens(forge: Forge, **claims: object) -> tuple[str, str]:
    """Alike in everything but who issued them."""
    return forge.token(**claims), signed(forge.header(), forge.claims(iss=OTHER, **claims), "ES256", THEIRS)


async def test_the_same_subject_of_two_issuers_is_two_principals(
    issuers: tuple[Issuer, Issuer], http: httpx.AsyncClient, forge: Forge
) -> None:
    both = Authenticator(issuers, http, lambda: NOW)
    mine, theirs = [await both.authenticate(f"Bearer {token}") for token in tokens(forge)]
    assert mine.subject == theirs.subject
    assert mine != theirs
    assert (mine.issuer, theirs.issuer) == (ISSUER, OTHER)


async def test_and_two_accounts(issuers: tuple[Issuer, Issuer], http: httpx.AsyncClient, forge: Forge) -> None:
    auth = MasterUser(user="gateway", password_env="MASTER")
    provider = Provider(name="one", imap=Endpoint(host="imap.example.org"), auth=auth)
    directory = Directory(Settings(issuers=issuers, providers=(provider,)), {"MASTER": "masterpw"})
    both = Authenticator(issuers, http, lambda: NOW)
    mine, theirs = [await both.authenticate(f"Bearer {token}") for token in tokens(forge, email="a@other.example")]
    assert (await directory.accounts(mine))[0].id != (await directory.accounts(theirs))[0].id
    _, foreign = [await both.authenticate(f"Bearer {token}") for token in tokens(forge)]
    with pytest.raises(Forbidden, match="domain"):
        await directory.accounts(foreign)


async def test_what_one_repeats_is_not_answered_with_what_the_other_did(
    issuers: tuple[Issuer, Issuer], http: httpx.AsyncClient, forge: Forge, verbs: doubles.Verbs
) -> None:
    resource = Resource(issuers, lambda: NOW, http)
    for token in tokens(forge, scope="mail.folders"):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one-and-the-same"}
        for _ in range(2):
            answer = await resource.ask(headers, method="POST", path="/v1/accounts/me/folders", body={"name": "New"})
            assert answer.status_code == 201, answer.text
    assert [name for name, _ in verbs.calls] == ["create_folder", "create_folder"]
