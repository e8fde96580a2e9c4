"""What no single setting of an issuer can be checked for: how they fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.settings.model import Introspection, Issuer, PassThrough, Settings
from gateway.settings.position import Path
from gateway.settings.problem import Problem, repeated
from gateway.settings.url import is_domain, is_loopback, split_url

SCOPES = frozenset(
    {
        "mail.read",
        "mail.metadata",
        "mail.modify",
        "mail.delete",
        "mail.send",
        "mail.folders",
        "mail.events",
        "mail.accounts",
        "mail.admin",
    }
)

_SCOPE_NAME = re.compile(r"[!#-\[\]-~]+")  # RFC 6749 section 3.3


def issuer_problems(settings: Settings) -> Iterator[Problem]:
    """All that is wrong with the issuers, and with what lets bound tokens in."""
    issuers = settings.issuers
    yield from repeated([issuer.issuer for issuer in issuers], lambda index: ("issuers", index, "issuer"))
    yield from _askers(issuers)
    for index, issuer in enumerate(issuers):
        yield from _issuer(issuer, ("issuers", index))
    yield from _dpop(settings)


def _issuer(issuer: Issuer, at: Path) -> Iterator[Problem]:
    if not issuer.issuer or (issuer.jwks_file is None and not is_discoverable(issuer.issuer)):
        yield Problem(
            (*at, "issuer"), "must be an https URL without query (http on loopback only), or jwks_file be set"
        )
    for name, value in (("audience", issuer.audience), ("account_claim", issuer.account_claim)):
        if value is not None and not value.strip():
            yield Problem((*at, name), "must not be empty")
    for n, domain in enumerate(issuer.domains):
        if domain != "*" and not is_domain(domain):
            yield Problem((*at, "domains", n), "must be a domain, or *")
    if issuer.profile == "entra" and issuer.naming_claim in ("email", "unique_name"):
        yield Problem(
            (*at, "account_claim"),
            f"is {issuer.naming_claim}, which this issuer does not vouch for: use preferred_username or upn",
        )
    for scope, renamed in issuer.scopes.items():
        if scope not in SCOPES:
            yield Problem((*at, "scopes", scope), f"is no scope of the gateway: {', '.join(sorted(SCOPES))}")
        elif not _SCOPE_NAME.fullmatch(renamed):
            yield Problem((*at, "scopes", scope), "must be the name of one scope")
    if issuer.introspection is not None:
        yield from _introspection(issuer, issuer.introspection, (*at, "introspection"))


def _askers(issuers: Sequence[Issuer]) -> Iterator[Problem]:
    asked = [index for index, issuer in enumerate(issuers) if issuer.introspection is not None]
    for index in asked[1:]:
        yield Problem(
            ("issuers", index, "introspection"),
            "is set for an issuer already: an opaque token does not tell whose it is, and is shown to one issuer only",
        )


def _introspection(issuer: Issuer, asking: Introspection, at: Path) -> Iterator[Problem]:
    if (asking.client_secret_file is None) == (asking.client_secret_env is None):
        yield Problem(at, "needs one of client_secret_file and client_secret_env")
    if asking.endpoint is None and not is_discoverable(issuer.issuer):
        yield Problem((*at, "endpoint"), "is needed, since the issuer is no URL that it could be found by")
    if asking.endpoint is not None and not is_discoverable(asking.endpoint):
        yield Problem((*at, "endpoint"), "must be an https URL without query (http on loopback only)")


def _dpop(settings: Settings) -> Iterator[Problem]:
    dpop = settings.dpop
    bound = [index for index, issuer in enumerate(settings.issuers) if issuer.dpop != "off"]
    if bound and settings.server.public_url is None:
        yield Problem(
            ("issuers", bound[0], "dpop"), "needs server.public_url: a proof names the URL that a client called"
        )
    if all(issuer.dpop == "required" for issuer in settings.issuers):
        for index, provider in enumerate(settings.providers):
            if isinstance(provider.auth, PassThrough):
                yield Problem(
                    ("providers", index, "auth", "method"),
                    "is pass_through, but all tokens have to be bound to a key, and such a token can't be passed on",
                )
    if dpop.nonce_secret_file is not None and dpop.nonce_secret_env is not None:
        yield Problem(("dpop",), "needs one of nonce_secret_file and nonce_secret_env at most")
    shared = dpop.nonce_secret_file is not None or dpop.nonce_secret_env is not None
    if dpop.nonces and settings.limits.replicas > 1 and not shared:
        yield Problem(
            ("dpop", "nonces"), "needs nonce_secret_file or nonce_secret_env, the same for all limits.replicas"
        )


def is_discoverable(url: str) -> bool:
    """Whether the gateway may go there: https, or plain http on this host; nothing behind the path."""
    parts = split_url(url)
    if parts is None or parts.query or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
