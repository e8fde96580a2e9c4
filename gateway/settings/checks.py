"""What no single setting can be checked for: how they fit together, and with the world around."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from gateway.settings.account_checks import account_problems
from gateway.settings.bind import parse_bind
from gateway.settings.issuer_checks import is_discoverable, issuer_problems
from gateway.settings.model import Issuer, MasterUser, Provider, Settings, TokenExchange
from gateway.settings.position import Path
from gateway.settings.problem import Problem, repeated
from gateway.settings.reach_checks import reach_problems
from gateway.settings.url import is_domain, split_url

IDLE_MAX = 29 * 60  # seconds: a server may end an IDLE of half an hour (RFC 2177 section 3)

_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def problems(settings: Settings) -> Iterator[Problem]:
    """All that is wrong, in the order of the configuration."""
    yield from issuer_problems(settings)
    yield from _providers(settings)
    yield from _server(settings)
    yield from _limits(settings)
    yield from account_problems(settings)
    yield from reach_problems(settings.accounts)
    if (settings.audit.to == "file") != (settings.audit.file is not None):
        yield Problem(("audit", "file"), 'goes with to = "file": set both or neither')


def _providers(settings: Settings) -> Iterator[Problem]:
    providers = settings.providers
    yield from repeated([provider.name for provider in providers], lambda index: ("providers", index, "name"))
    domains = [(index, n, domain) for index, each in enumerate(providers) for n, domain in enumerate(each.domains)]
    yield from repeated(
        [domain.lower() for _, _, domain in domains],
        lambda place: ("providers", domains[place][0], "domains", domains[place][1]),
    )
    for index, provider in enumerate(providers):
        yield from _provider(provider, ("providers", index), several_issuers=len(settings.issuers) > 1)
        if isinstance(provider.auth, TokenExchange):
            yield from _token_exchange(provider.auth, settings.issuers, ("providers", index, "auth"))


def _provider(provider: Provider, at: Path, *, several_issuers: bool) -> Iterator[Problem]:
    if not _is_host(provider.imap.host):
        yield Problem((*at, "imap", "host"), "must be a host name or an IP address")
    if provider.imap.tls == "none" and not provider.imap.allow_plaintext:
        yield Problem((*at, "imap", "tls"), 'is "none": set allow_plaintext = true to accept unencrypted connections')
    if not provider.domains:
        yield Problem((*at, "domains"), 'must name a domain, or "*"')
    for n, domain in enumerate(provider.domains):
        if domain != "*" and not is_domain(domain):
            yield Problem((*at, "domains", n), 'must be a domain such as example.org, or "*"')
    for found in _BRACES.finditer(provider.username):
        if found[1] not in ("address", "local", "sub"):
            yield Problem((*at, "username"), f"has {found[0]}: only {{address}}, {{local}} and {{sub}} are replaced")
    if not provider.username:
        yield Problem((*at, "username"), "must not be empty")
    if isinstance(provider.auth, MasterUser):
        yield from _master_user(provider, provider.auth, at, several_issuers=several_issuers)


def _token_exchange(auth: TokenExchange, issuers: Sequence[Issuer], at: Path) -> Iterator[Problem]:
    if (auth.client_secret_file is None) == (auth.client_secret_env is None):
        yield Problem(at, "needs one of client_secret_file and client_secret_env")
    if auth.audience is None and auth.resource is None and auth.scope is None:
        yield Problem(at, "needs audience, resource or scope: a token for anybody is worth nothing to the mail server")
    names = [issuer.issuer for issuer in issuers]
    if auth.issuer is None and len(names) > 1:
        yield Problem((*at, "issuer"), "is needed, since there are several: a token is shown to its own issuer only")
    if auth.issuer is not None and auth.issuer not in names:
        yield Problem((*at, "issuer"), "is none of the issuers")
    if auth.token_endpoint is not None and not is_discoverable(auth.token_endpoint):
        yield Problem((*at, "token_endpoint"), "must be an https URL without query (http on loopback only)")
    if auth.token_endpoint is None and names and not is_discoverable(auth.issuer or names[0]):
        yield Problem((*at, "token_endpoint"), "is needed, since the issuer is no URL that it could be found by")
    if auth.resource is not None and not _is_absolute(auth.resource):
        yield Problem((*at, "resource"), "must be an absolute URI without fragment")


def _is_absolute(uri: str) -> bool:
    """RFC 8707 section 2."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+", uri) is not None


def _master_user(provider: Provider, auth: MasterUser, at: Path, *, several_issuers: bool) -> Iterator[Problem]:
    if (auth.password_file is None) == (auth.password_env is None):
        yield Problem((*at, "auth"), "needs one of password_file and password_env")
    if not auth.user:
        yield Problem((*at, "auth", "user"), "must not be empty")
    if auth.style == "separator" and not re.fullmatch(r"[!-~]", auth.separator):
        yield Problem((*at, "auth", "separator"), "must be one visible character")
    names = set(re.findall(r"\{(\w+)\}", provider.username))
    one_domain = len(provider.domains) == 1 and provider.domains[0] != "*"
    if names == {"local"} and not one_domain:
        yield Problem(
            (*at, "username"),
            "is {local} for more than one domain: the same name in two of them would open the same account",
        )
    if names == {"sub"} and several_issuers:
        yield Problem(
            (*at, "username"),
            "is {sub} with several issuers: the same subject of two of them would open the same account",
        )


def _server(settings: Settings) -> Iterator[Problem]:
    server = settings.server
    listening = []
    for name in ("bind", "management_bind"):
        try:
            listening.append(parse_bind(getattr(server, name)))
        except ValueError:
            yield Problem(("server", name), "must be address:port, such as 127.0.0.1:8080 or [::1]:8080")
    if len(listening) == 2 and listening[0] == listening[1] and listening[0].port:
        yield Problem(("server", "management_bind"), "must differ from bind: it is never public")
    if server.public_url is not None and not _is_base_url(server.public_url):
        yield Problem(("server", "public_url"), "must be an http or https URL without query")
    for n, origin in enumerate(server.cors_origins):
        if origin != "*" and not _is_origin(origin):
            yield Problem(("server", "cors_origins", n), "must be an origin such as https://app.example.org")


def _limits(settings: Settings) -> Iterator[Problem]:
    limits = settings.limits
    share = limits.provider_connections_per_account // limits.replicas
    if limits.connections_per_account + 1 > share:
        yield Problem(
            ("limits", "connections_per_account"),
            f"is {limits.connections_per_account}, and one watcher, of the {share} connections that are this "
            f"replica's share of provider_connections_per_account",
        )
    if limits.connections_per_account + 1 > limits.connections_total:
        yield Problem(("limits", "connections_total"), "is less than a single account may use")
    if settings.live.probe_seconds >= IDLE_MAX:
        yield Problem(("live", "probe_seconds"), "must be less than 29 minutes")


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return len(text) <= 253 and _HOST.fullmatch(text) is not None
    return True


def _is_base_url(url: str) -> bool:
    parts = split_url(url)
    return parts is not None and parts.scheme in ("http", "https") and not parts.query and not parts.fragment


def _is_origin(text: str) -> bool:
    parts = split_url(text)
    return parts is not None and text == f"{parts.scheme}://{parts.netloc}" and parts.scheme in ("http", "https")
