"""A provider that accounts are linked at by signing in there: what is known of it beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field

from gateway.settings.kept_secret import KeptSecret, Place
from gateway.settings.model import Linked, Provider

MICROSOFT_ANY: Final = "https://login.microsoftonline.com/common/v2.0"
_TENANT: Final = "{tenantid}"


class _Preset(Struct, frozen=True):
    issuer: str
    scopes: tuple[str, ...]
    mechanism: Literal["OAUTHBEARER", "XOAUTH2"]
    parameters: Mapping[str, str] = field(default_factory=dict)


_PRESETS: Final = {
    "google": _Preset(
        "https://accounts.google.com",
        ("openid", "email", "https://mail.google.com/"),
        "XOAUTH2",
        {"access_type": "offline", "prompt": "consent"},  # or there is no refresh token the second time
    ),
    "microsoft": _Preset(
        MICROSOFT_ANY,
        ("openid", "email", "offline_access", "https://outlook.office.com/IMAP.AccessAsUser.All"),
        "XOAUTH2",
        {"prompt": "select_account"},
    ),
    "oidc": _Preset("", ("openid", "email", "offline_access"), "OAUTHBEARER", {"prompt": "consent"}),
}


class LinkProvider(Struct, frozen=True, kw_only=True):
    """``secret`` is None for a public client. ``parameters`` are the kind's own of the authorization request."""

    provider: Provider
    issuer: str
    client_id: str
    secret: KeptSecret | None
    scopes: tuple[str, ...]
    mechanism: Literal["OAUTHBEARER", "XOAUTH2"]
    resource: str | None
    parameters: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.provider.name

    @classmethod
    def of(cls, provider: Provider, auth: Linked, key: str, environ: Mapping[str, str]) -> LinkProvider:
        """Of a provider whose kind is not `password`. Raises ConfigurationError where its secret can't be had."""
        preset = _PRESETS[auth.kind]
        secret = None
        if auth.client_secret_file is not None or auth.client_secret_env is not None:
            place = Place(f"{key}.client_secret", "the client secret", auth.client_secret_file, auth.client_secret_env)
            secret = place.open(environ)
        return cls(
            provider=provider, issuer=auth.issuer or preset.issuer, client_id=auth.client_id or "", secret=secret,
            scopes=auth.scopes or preset.scopes, mechanism=auth.mechanism or preset.mechanism,
            resource=auth.resource, parameters=preset.parameters,
        )  # fmt: skip

    def accepts_issuer(self, named: object, claims: Mapping[str, object] | None = None) -> bool:
        """Whether ``named`` is this provider. Microsoft's for any tenant names the tenant of each user instead."""
        if self.issuer != MICROSOFT_ANY:
            return named == self.issuer
        own = MICROSOFT_ANY.replace("common", _TENANT)
        if claims is None:
            return named == own
        tenant = claims.get("tid")
        return isinstance(tenant, str) and tenant.isascii() and named == own.replace(_TENANT, tenant)
