"""Keys are costly to make and never change: one set for all tests of the room."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.identity.authenticator import Authenticator
from gateway.settings.model import Issuer
from tests.http.conftest import verbs
from tests.servers.tokens import Key, make_key

from .forge import AUDIENCE, ISSUER, NOW, Forge

__all__ = ["verbs"]  # a fixture of another room

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "ES512", "Ed25519")


@pytest.fixture(scope="session")
def signing_keys() -> dict[str, Key]:
    return {alg: make_key(alg, f"key-{alg}") for alg in ALGORITHMS}


@pytest.fixture(scope="session")
def forge(signing_keys: dict[str, Key]) -> Forge:
    return Forge(signing_keys)


@pytest.fixture(scope="session")
def key_file(signing_keys: dict[str, Key], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in signing_keys.values()]}))
    return path


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
def issuer(key_file: Path) -> Issuer:
    return Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(key_file))


@pytest.fixture
def authenticator(issuer: Issuer, http: httpx.AsyncClient) -> Authenticator:
    return Authenticator([issuer], http, lambda: NOW)


@pytest.fixture
def keycloak(key_file: Path, http: httpx.AsyncClient) -> Authenticator:
    issuer = Issuer(issuer=ISSUER, audience=AUDIENCE, jwks_file=str(key_file), profile="keycloak")
    return Authenticator([issuer], http, lambda: NOW)
