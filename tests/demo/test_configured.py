"""The page in front of a configuration of one's own. Signing in there: ``tests/browser/test_sign_in.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo.configured import Configured
from gateway.errors import ConfigurationError
from tests.servers.ports import free_port

CONFIG = """
[[issuers]]
issuer = "http://127.0.0.1:{port}/realms/a"
audience = "https://mail.example.org"
dpop = "{dpop}"

[[providers]]
name = "example"
domains = ["*"]
imap = {{ host = "imap.example.org" }}
auth = {{ method = "master_user", user = "gateway", password_file = "{password}" }}

[server]
public_url = "https://mail.example.org"
"""


def written(folder: Path, *, dpop: str = "off") -> Path:
    file, password = folder / "gateway.toml", folder / "password"
    password.write_text("a password")
    file.write_text(CONFIG.format(port=free_port(), dpop=dpop, password=password))
    return file


async def test_an_issuer_that_is_not_there_is_told_before_anything_is_shown(tmp_path: Path) -> None:
    file = written(tmp_path)
    with pytest.raises(ConfigurationError, match=r"^issuers\[0\].issuer: no usable metadata") as told:
        async with Configured.read(file, "page").serving(0):
            pytest.fail("it is served")
    assert told.value.where == str(file)


def test_an_issuer_whose_tokens_must_be_bound_is_none_for_the_page(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^issuers\[0\].dpop: the page sends bearer tokens"):
        Configured.read(written(tmp_path, dpop="required"), "page")
    assert Configured.read(written(tmp_path, dpop="allowed"), "page").client_id == "page"
