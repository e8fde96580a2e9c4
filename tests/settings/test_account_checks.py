from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.settings.load import load

FILE = """
[server]
public_url = "https://mail.example.org"

[accounts]
keys = [{ id = "one", env = "KEY" }]
return_to = ["https://app.example.org/linked"]

[[issuers]]
issuer = "https://login.example.org"
audience = "https://mail.example.org"

[[providers]]
name = "google"
imap = { host = "imap.gmail.com" }
auth = { method = "linked", kind = "google", client_id = "gateway" }
"""


def loaded(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    load(file, environ or {})


def test_what_the_page_for_operators_shows_is_accepted(tmp_path: Path) -> None:
    loaded(tmp_path, FILE)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('keys = [{ id = "one", env = "KEY" }]', "", "accounts.keys"),
        ('env = "KEY" }]', 'env = "KEY", file = "gateway.toml" }]', "accounts.keys[0]"),
        (', env = "KEY" }]', " }]", "accounts.keys[0]"),
        ('env = "KEY" }]', 'env = "A" }, { id = "one", env = "B" }]', "accounts.keys[1].id"),
        ('env = "KEY" }]', 'file = "missing" }]', "accounts.keys[0].file"),
        ('public_url = "https://mail.example.org"', "", "providers[0].auth"),
        ('return_to = ["https://app.example.org/linked"]', "", "providers[0].auth"),
        ("https://app.example.org/linked", "http://app.example.org/", "accounts.return_to[0]"),
        ("https://app.example.org/linked", "https://app.example.org/#part", "accounts.return_to[0]"),
        (', client_id = "gateway"', "", "providers[0].auth.client_id"),
        ('kind = "google"', 'kind = "oidc"', "providers[0].auth.issuer"),
        ('kind = "google"', 'kind = "oidc", issuer = "http://login.example.net"', "providers[0].auth.issuer"),
        ('kind = "google"', 'kind = "password"', "providers[0].auth.kind"),
        ("[accounts]", '[accounts]\ndatabase = "sqlite:///a"\ndatabase_file = "gateway.toml"', "accounts"),
        ("[accounts]", "[limits]\nreplicas = 2\n[accounts]", "accounts.database"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in FILE
    with pytest.raises(ConfigurationError) as error:
        loaded(tmp_path, FILE.replace(old, new))
    assert error.value.key == key


def test_a_server_that_users_name_needs_a_key_too(tmp_path: Path) -> None:
    text = FILE.replace('keys = [{ id = "one", env = "KEY" }]', "any_server = true")
    text = text.replace(
        'auth = { method = "linked", kind = "google", client_id = "gateway" }', 'auth = { method = "pass_through" }'
    )
    with pytest.raises(ConfigurationError, match=r"accounts\.keys"):
        loaded(tmp_path, text)
