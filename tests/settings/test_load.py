from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.settings.load import load
from gateway.settings.model import MasterUser, Settings

GOOD = """\
# a first configuration
[[issuers]]
issuer = "https://login.example.org"
audience = "https://mail.example.org"

[[providers]]
name = "example"
imap = { host = "imap.example.org", port = 993 }
auth = { method = "pass_through" }
"""
MASTER = GOOD.replace('method = "pass_through"', 'method = "master_user", user = "gateway", password_env = "P"')


ASKING = GOOD.replace("audience", 'introspection = { client_id = "x", client_secret_env = "S" }\naudience')
PUBLIC = '[server]\npublic_url = "https://mail.example.org"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.toml"


def loaded(file: Path, text: str, **environ: str) -> Settings:
    file.write_text(text)
    return load(file, environ)


def failure(file: Path, text: str, **environ: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        loaded(file, text, **environ)
    return error.value


def test_an_issuer_and_a_provider_are_all_that_is_needed(file: Path) -> None:
    settings = loaded(file, GOOD)
    assert settings.issuers[0].leeway_seconds == 60
    assert settings.providers[0].imap.port == 993
    assert settings.server.bind == "127.0.0.1:8080"


def test_the_documented_example_loads(file: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    loaded(file, example[1])


EXCHANGE = GOOD.replace(
    '{ method = "pass_through" }',
    '{ method = "token_exchange", audience = "imap", client_id = "g", client_secret_env = "P" }',
)
WRONG: dict[str, tuple[str, str, int, str]] = {
    # text, key, line, part of the message
    "unknown key": (GOOD.replace("port", "prot"), "providers[0].imap.prot", 8, "did you mean port?"),
    "unknown table": (GOOD + "[sever]\n", "sever", 10, "did you mean server?"),
    "unknown key without a neighbour": (GOOD + "[server]\nxyzzy = 1\n", "server.xyzzy", 11, "no such setting"),
    "unknown key of an alternative": (GOOD.replace("_through", '_through", usr = "x'), "providers[0].auth.usr", 9, ""),
    "missing key": (GOOD.replace('audience = "https://mail.example.org"\n', ""), "issuers[0].audience", 2, "required"),
    "missing table": ('[[issuers]]\nissuer = "https://a"\naudience = "b"\n', "providers", 0, "required"),
    "wrong type": (GOOD.replace("993", '"993"'), "providers[0].imap.port", 8, "must be int, got str"),
    "out of range": (GOOD.replace("993", "70000"), "providers[0].imap.port", 8, "65535"),
    "unknown method": (GOOD.replace("pass_through", "magic"), "providers[0].auth.method", 9, "pass_through"),
    "unknown mechanism": (
        GOOD.replace("_through", '_through", mechanism = "OAUTHBEARR'),
        "providers[0].auth.mechanism",
        9,
        "one of OAUTHBEARER, XOAUTH2, auto; 'OAUTHBEARR' is none",
    ),
    "exchange for nobody": (EXCHANGE.replace('audience = "imap", ', ""), "providers[0].auth", 9, "needs audience"),
    "exchange without a secret": (EXCHANGE.replace(', client_secret_env = "P"', ""), "providers[0].auth", 9, "one of"),
    "exchange at another's": (
        EXCHANGE.replace('"P" }', '"P", issuer = "https://else.example" }'),
        "providers[0].auth.issuer",
        9,
        "none of the issuers",
    ),
    "exchange in plain http": (
        EXCHANGE.replace('"P" }', '"P", token_endpoint = "http://login.example.org/token" }'),
        "providers[0].auth.token_endpoint",
        9,
        "https",
    ),
    "exchange for no URI": (
        EXCHANGE.replace('audience = "imap"', 'resource = "imap"'),
        "providers[0].auth.resource",
        9,
        "absolute",
    ),
    "exchange with one of several": (
        EXCHANGE + '[[issuers]]\nissuer = "https://b.example"\naudience = "b"\n',
        "providers[0].auth.issuer",
        9,
        "several",
    ),
    "an audit without its file": (GOOD + '[audit]\nto = "file"\n', "audit.file", 10, "set both or neither"),
    "an audit file that is not used": (GOOD + '[audit]\nfile = "a"\n', "audit.file", 11, "set both or neither"),
    "unknown profile": (GOOD.replace("audience", 'profile = "x"\naudience'), "issuers[0].profile", 4, "rfc9068"),
    "symmetric algorithm": (
        GOOD.replace("audience", 'algorithms = ["RS256", "HS256"]\naudience'),
        "issuers[0].algorithms[1]",
        4,
        "HS256",
    ),
    "no algorithm at all": (GOOD.replace("audience", "algorithms = []\naudience"), "issuers[0].algorithms", 4, ""),
    "too much leeway": (GOOD.replace("audience", "leeway_seconds = 61\naudience"), "issuers[0].leeway_seconds", 4, ""),
    "unknown scope": (
        GOOD.replace("audience", 'scopes = { "mail.raed" = "x" }\naudience'),
        'issuers[0].scopes."mail.raed"',
        4,
        "mail.read",
    ),
    "issuer in plain http": (GOOD.replace("https://login", "http://login"), "issuers[0].issuer", 3, "https"),
    "issuer with a query": (GOOD.replace("login.example.org", "login.example.org?x=1"), "issuers[0].issuer", 3, ""),
    "Entra by an address that it does not vouch for": (
        GOOD.replace("audience", 'profile = "entra"\naccount_claim = "email"\naudience'),
        "issuers[0].account_claim",
        5,
        "vouch",
    ),
    "no domain of an issuer": (GOOD.replace("audience", "domains = []\naudience"), "issuers[0].domains", 4, ""),
    "a star in an issuer's domain": (
        GOOD.replace("audience", 'domains = ["a.org", "*.org"]\naudience'),
        "issuers[0].domains[1]",
        4,
        "domain",
    ),
    "empty account claim": (
        GOOD.replace("audience", 'account_claim = " "\naudience'),
        "issuers[0].account_claim",
        4,
        "",
    ),
    "introspection without a secret": (
        GOOD.replace("audience", 'introspection = { client_id = "x" }\naudience'),
        "issuers[0].introspection",
        4,
        "one of client_secret_file and client_secret_env",
    ),
    "introspection in plain http": (
        GOOD.replace(
            "audience",
            'introspection = { client_id = "x", client_secret_env = "S", endpoint = "http://a.example/i" }\naudience',
        ),
        "issuers[0].introspection.endpoint",
        4,
        "https",
    ),
    "introspection with an absent secret": (
        GOOD.replace("audience", 'introspection = { client_id = "x", client_secret_file = "absent" }\naudience'),
        "issuers[0].introspection.client_secret_file",
        4,
        "read",
    ),
    "introspection where nothing can be discovered": (
        GOOD.replace(
            'issuer = "https://login.example.org"',
            'issuer = "login"\njwks_file = "."\nintrospection = { client_id = "x", client_secret_env = "S" }',
        ),
        "issuers[0].introspection.endpoint",
        5,
        "needed",
    ),
    "two issuers for opaque tokens": (
        ASKING + "\n" + ASKING.split("\n\n")[0].replace("login", "other"),
        "issuers[1].introspection",
        15,
        "one issuer only",
    ),
    "bound tokens without a public URL": (
        MASTER.replace("audience", 'dpop = "allowed"\naudience'),
        "issuers[0].dpop",
        4,
        "public_url",
    ),
    "bound tokens only, to be passed on": (
        GOOD.replace("audience", 'dpop = "required"\naudience') + PUBLIC,
        "providers[0].auth.method",
        10,
        "passed on",
    ),
    "nonces of several replicas": (
        MASTER.replace("audience", 'dpop = "required"\naudience')
        + PUBLIC
        + "[limits]\nreplicas = 2\n[dpop]\nnonces = true\n",
        "dpop.nonces",
        16,
        "nonce_secret_file",
    ),
    "two secrets of nonces": (
        GOOD + '[dpop]\nnonce_secret_file = "x"\nnonce_secret_env = "X"\n',
        "dpop",
        10,
        "at most",
    ),
    "empty audience": (GOOD.replace("https://mail.example.org", " "), "issuers[0].audience", 4, "empty"),
    "issuer twice": (
        GOOD + GOOD.split("\n\n")[0].replace("# a first configuration", ""),
        "issuers[1].issuer",
        12,
        "twice",
    ),
    "provider twice": (GOOD + GOOD.split("\n\n")[1], "providers[1].name", 11, "twice"),
    "domain twice": (GOOD + 'domains = ["a.org", "b.org", "A.org"]\n', "providers[0].domains[2]", 10, "twice"),
    "domain with a star in it": (GOOD + 'domains = ["*.org"]\n', "providers[0].domains[0]", 10, ""),
    "no domain": (GOOD + "domains = []\n", "providers[0].domains", 10, ""),
    "plain text that is not allowed": (
        GOOD.replace("993", '143, tls = "none"'),
        "providers[0].imap.tls",
        8,
        "allow_plaintext",
    ),
    "host with a port": (GOOD.replace("imap.example.org", "imap.example.org:993"), "providers[0].imap.host", 8, ""),
    "empty host": (GOOD.replace("imap.example.org", ""), "providers[0].imap.host", 8, ""),
    "unknown placeholder": (GOOD + 'username = "{user}"\n', "providers[0].username", 10, "{user}"),
    "stray brace": (GOOD + 'username = "{address"\n', "providers[0].username", 10, ""),
    "two passwords": (MASTER.replace('"P"', '"P", password_file = "x"'), "providers[0].auth", 9, "one of"),
    "no password": (MASTER.replace(', password_env = "P"', ""), "providers[0].auth", 9, "one of"),
    "local part for all domains": (MASTER + 'username = "{local}"\n', "providers[0].username", 10, "more than one"),
    "separator of two": (
        MASTER.replace('"P"', '"P", style = "separator", separator = "**"'),
        "providers[0].auth.separator",
        9,
        "one",
    ),
    "budget": (GOOD + "[limits]\nreplicas = 3\n", "limits.connections_per_account", 10, "share"),
    "no share left": (GOOD + "[limits]\nreplicas = 30\n", "limits.connections_per_account", 10, "0 connections"),
    "total below one account": (GOOD + "[limits]\nconnections_total = 2\n", "limits.connections_total", 11, ""),
    "IDLE too long": (GOOD + "[live]\nprobe_seconds = 1740\n", "live.probe_seconds", 11, "29 minutes"),
    "bind without port": (GOOD + '[server]\nbind = "0.0.0.0"\n', "server.bind", 11, "address:port"),
    "bind out of range": (GOOD + '[server]\nbind = "0.0.0.0:65536"\n', "server.bind", 11, ""),
    "management on the public port": (
        GOOD + '[server]\nmanagement_bind = "127.0.0.1:8080"\n',
        "server.management_bind",
        11,
        "differ",
    ),
    "origin with a path": (GOOD + '[server]\ncors_origins = ["https://a/b"]\n', "server.cors_origins[0]", 11, "origin"),
    "public URL": (GOOD + '[server]\npublic_url = "mail.example.org"\n', "server.public_url", 11, ""),
    "absent key file": (GOOD.replace("audience", 'jwks_file = "absent"\naudience'), "issuers[0].jwks_file", 4, "read"),
    "absent CA": (GOOD.replace("993", '993, ca_file = "ca.pem"'), "providers[0].imap.ca_file", 8, "read"),
    "a directory as CA": (GOOD.replace("993", '993, ca_file = "."'), "providers[0].imap.ca_file", 8, "read"),
    "no TOML": (GOOD + "x = = 1\n", "configuration", 10, "not TOML"),
    "key twice": (GOOD + 'name = "y"\n', "configuration", 10, "not TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_names_key_and_line(name: str, file: Path) -> None:
    text, key, line, part = WRONG[name]
    error = failure(file, text, P="pw")
    assert error.key == key
    assert error.where == (f"{file}, line {line}" if line else str(file))
    assert part in str(error)


def test_sub_with_several_issuers_and_a_master_user(file: Path) -> None:
    text = MASTER + 'username = "{sub}"\n[[issuers]]\nissuer = "https://b"\naudience = "b"\n'
    error = failure(file, text, P="pw")
    assert error.key == "providers[0].username"


def test_variables_override_the_file(file: Path) -> None:
    settings = loaded(
        file,
        GOOD,
        GATEWAY__SERVER__BIND="0.0.0.0:80",
        GATEWAY__PROVIDERS__0__IMAP__PORT="143",
        GATEWAY__PROVIDERS__0__IMAP__TLS="starttls",
        GATEWAY__SERVER__CORS_ORIGINS='["https://a.example"]',
        GATEWAY__SERVER__DRAIN_SECONDS="5",
        GATEWAY__LOG__LEVEL="debug",
        PATH="/bin",
    )
    assert settings.server.bind == "0.0.0.0:80"
    assert (settings.providers[0].imap.port, settings.providers[0].imap.tls) == (143, "starttls")
    assert settings.providers[0].imap.host == "imap.example.org"
    assert settings.server.cors_origins == ("https://a.example",)
    assert settings.server.drain_seconds == 5.0


def test_a_text_that_looks_like_a_number_stays_a_text(file: Path) -> None:
    for value in ("12", "true", "1.5", "2020-01-01", "0x10", "[1]"):
        assert loaded(file, GOOD, GATEWAY__ISSUERS__0__AUDIENCE=value).issuers[0].audience == value


def test_variables_alone_are_enough() -> None:
    settings = load(
        None,
        {
            "GATEWAY__ISSUERS__0__ISSUER": "https://login.example.org",
            "GATEWAY__ISSUERS__0__AUDIENCE": "https://mail.example.org",
            "GATEWAY__ISSUERS__0__SCOPES": '{"mail.read" = "Mail.Read"}',
            "GATEWAY__PROVIDERS": '[{name = "a", imap = {host = "h"}, auth = {method = "linked"}}]',
            "GATEWAY__PROVIDERS__0__AUTH": '{method = "master_user", user = "m", password_env = "P"}',
            "GATEWAY__PROVIDERS__0__AUTH__USER": "gateway",
        },
    )
    assert settings.issuers[0].scopes == {"mail.read": "Mail.Read"}
    assert settings.providers[0].auth == MasterUser(user="gateway", password_env="P")


@pytest.mark.parametrize(
    ("name", "value", "key", "part"),
    [
        ("GATEWAY__PROVIDERS__0__IMAP__POTR", "1", "providers[0].imap.potr", "did you mean port?"),
        ("GATEWAY__PROVIDERS__0__IMAP__PORT", "imap", "providers[0].imap.port", "must be int"),
        ("GATEWAY__PROVIDERS__0__IMAP__PORT", "0", "providers[0].imap.port", ">= 1"),
        ("GATEWAY__PROVIDERS__2__NAME", "x", "GATEWAY__PROVIDERS__2__NAME", "no index"),
        ("GATEWAY__PROVIDERS__X__NAME", "x", "GATEWAY__PROVIDERS__X__NAME", "no index"),
        ("GATEWAY__PROVIDERS__99999999999999999999__NAME", "x", "GATEWAY__PROVIDERS__99999999999999999999__NAME", ""),
        ("GATEWAY__SERVER__", "x", "GATEWAY__SERVER__", "empty name"),
        ("GATEWAY__SERVER", "x", "server", "must be table"),
        ("GATEWAY__SERVER__BIND", "x", "server.bind", "address:port"),
        ("GATEWAY__ISSUERS__0__JWKS_FILE", "/absent", "issuers[0].jwks_file", "read"),
        ("GATEWAY__ISSUERS__1__ISSUER", "https://b", "issuers[1].audience", "required"),
    ],
)
def test_an_error_names_key_and_variable(file: Path, name: str, value: str, key: str, part: str) -> None:
    error = failure(file, GOOD, **{name: value})
    assert error.key == key
    assert part in str(error)
    if key != "issuers[1].audience":
        assert error.where == f"environment variable {name}"


def test_file_names_are_relative_to_the_file(file: Path) -> None:
    (file.parent / "keys.json").write_text('{"keys": []}')
    settings = loaded(file, GOOD.replace("audience", 'jwks_file = "keys.json"\naudience'))
    assert settings.issuers[0].jwks_file == str(file.parent / "keys.json")


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(ConfigurationError) as error:
            load(path, {})
        assert error.value.where == str(path)


def test_what_is_no_text_names_its_line(file: Path) -> None:
    file.write_bytes(b"# one\n# two\nx = \xff\n")
    with pytest.raises(ConfigurationError) as error:
        load(file, {})
    assert error.value.where == f"{file}, line 3"
    file.write_bytes(b"x = " + b"[" * 50_000)
    with pytest.raises(ConfigurationError):
        load(file, {})
    file.write_bytes(b"# " + b"x" * 1_100_000)
    with pytest.raises(ConfigurationError):
        load(file, {})


def test_no_password_is_in_an_error(file: Path) -> None:
    error = failure(file, MASTER + "[limits]\nreplicas = 30\n", P="canary-password")
    assert "canary" not in str(error)


@pytest.mark.parametrize("name", ["providers", "issuers"])
def test_single_brackets_are_told_from_double_ones(file: Path, name: str) -> None:
    error = failure(file, GOOD.replace(f"[[{name}]]", f"[{name}]"))
    assert f"[[{name}]]" in str(error)
    assert "line " in str(error)
