"""Claims as issuers really send them: names, types and combinations by their public documentation, values invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .forge import NOW

Shape = dict[str, object]
TENANT = "5f0c3d5e-7d1b-4c41-9f55-0a6f5b1f2f10"
API = "0d9a7b52-2f3e-4f0f-8c33-6f2d1b0e7a91"
CLIENT = "8b1f6f0e-5a0c-4c9e-9a4f-3d2b7c6e1f54"
OBJECT = "c2f1f7a4-0f6d-4a55-8a1e-b7a2f9d3c6e8"
ENTRA_1 = f"https://sts.windows.net/{TENANT}/"
ENTRA_2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
AUTH0 = "https://tenant.eu.auth0.com/"
KEYCLOAK = "https://sso.example.org/realms/staff"
PLAIN = "https://login.example.org"
MAIL = "https://mail.example.org"
TIMES: Shape = {"iat": NOW - 20, "nbf": NOW - 20, "exp": NOW + 3580}


@dataclass(frozen=True)
class Recorded:
    """A token's header and payload, with the settings of its issuer and what it is to be read as."""

    profile: Literal["rfc9068", "keycloak", "entra", "auth0"]
    issuer: str
    audience: str
    typ: str | None
    claims: Shape
    scopes: frozenset[str] = frozenset({"mail.read", "mail.metadata"})
    address: str | None = "alice@example.org"
    account_claim: str | None = None
    renamed: dict[str, str] = field(default_factory=dict)


_ENTRA_1: Shape = {
    "aud": f"api://{API}",
    "iss": ENTRA_1,
    **TIMES,
    "acr": "1",
    "aio": "AXQAi/8TAAAAq2Vb",
    "amr": ["pwd", "mfa"],
    "appid": CLIENT,
    "appidacr": "0",
    "family_name": "Example",
    "given_name": "Alice",
    "ipaddr": "192.0.2.17",
    "name": "Alice Example",
    "oid": OBJECT,
    "rh": "0.AXkAXj0MXxt9QUyfVQpvWx8vEFJ7",
    "scp": "Mail.Read user_impersonation",
    "sub": "k3QvZ1xYp0T7m5c9e2R8bWn4s6u1aJd0",
    "tid": TENANT,
    "unique_name": "alice@example.org",
    "upn": "alice@example.org",
    "uti": "b2Xq9wEJrUqPl0hF3nIXAA",
    "ver": "1.0",
}
_ENTRA_2: Shape = {
    "aud": API,
    "iss": ENTRA_2,
    **TIMES,
    "aio": "AXQAi/8TAAAAm9Hc",
    "azp": CLIENT,
    "azpacr": "0",
    "name": "Alice Example",
    "oid": OBJECT,
    "preferred_username": "alice@example.org",
    "rh": "0.AXkAXj0MXxt9QUyfVQpvWx8vEFJ7",
    "scp": "Mail.Read",
    "sub": "k3QvZ1xYp0T7m5c9e2R8bWn4s6u1aJd0",
    "tid": TENANT,
    "uti": "b2Xq9wEJrUqPl0hF3nIXAA",
    "ver": "2.0",
}
_AUTH0: Shape = {
    "iss": AUTH0,
    "sub": "auth0|65f1c0ffee0123456789abcd",
    "aud": [MAIL, f"{AUTH0}userinfo"],
    "iat": NOW - 20,
    "exp": NOW + 86380,
    "azp": "Qm7cX2vT9pLk4sRw1yZb8nHd",
    "scope": "openid profile email mail.read",
    f"{MAIL}/email": "alice@example.org",
    f"{MAIL}/email_verified": True,
}
_KEYCLOAK: Shape = {
    "exp": NOW + 280,
    "iat": NOW - 20,
    "auth_time": NOW - 21,
    "jti": "onrtac:3f0d6a5e-7c4b-4b8e-9f55-1c2d3e4f5a6b",
    "iss": KEYCLOAK,
    "aud": [MAIL, "account"],
    "sub": "7a1c5e9f-3b2d-4f60-8a17-9c8e7d6f5a4b",
    "typ": "Bearer",
    "azp": "webmail",
    "sid": "e4b2c1d0-9f8e-4d7c-8b6a-5f4e3d2c1b0a",
    "acr": "1",
    "allowed-origins": ["https://webmail.example.org"],
    "realm_access": {"roles": ["default-roles-staff", "offline_access", "uma_authorization"]},
    "resource_access": {"account": {"roles": ["manage-account", "view-profile"]}},
    "scope": "openid email profile mail.read",
    "email_verified": True,
    "name": "Alice Example",
    "preferred_username": "alice",
    "given_name": "Alice",
    "family_name": "Example",
    "email": "alice@example.org",
}
_STRICT: Shape = {
    "iss": PLAIN,
    "sub": "5ba552d67",
    "aud": MAIL,
    "iat": NOW - 20,
    "exp": NOW + 3580,
    "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
    "client_id": "s6BhdRkqt3",
    "scope": "openid mail.read",
    "auth_time": NOW - 30,
    "email": "alice@example.org",
}


def changed(shape: Shape, without: tuple[str, ...] = (), **changes: object) -> Shape:
    return {name: value for name, value in (shape | changes).items() if name not in without}


_READ = {"mail.read": "Mail.Read"}
_PERSONAL = ("name", "preferred_username", "scp", "given_name", "family_name", "unique_name", "upn", "ipaddr", "amr")
RECORDED: dict[str, Recorded] = {
    "Entra 1.0, aud as URI": Recorded(
        "entra", ENTRA_1, f"api://{API}", "JWT", _ENTRA_1, account_claim="upn", renamed=_READ
    ),
    "Entra 1.0, aud as GUID": Recorded(
        "entra", ENTRA_1, API, "JWT", changed(_ENTRA_1, aud=API), account_claim="upn", renamed=_READ
    ),
    "Entra 2.0": Recorded("entra", ENTRA_2, API, "JWT", _ENTRA_2, renamed=_READ),
    "Entra 2.0 with the optional upn": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, upn="alice@example.org"), account_claim="upn", renamed=_READ
    ),
    "Entra 2.0, a user with application roles too": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, roles=["mail.delete"]), renamed=_READ
    ),
    "Entra 2.0, application only": Recorded(
        "entra",
        ENTRA_2,
        API,
        "JWT",
        changed(_ENTRA_2, _PERSONAL, azpacr="1", roles=["Mail.Read"], sub=OBJECT, idtyp="app"),
        renamed=_READ,
        address=None,
    ),
    "Entra 1.0, application only": Recorded(
        "entra",
        ENTRA_1,
        f"api://{API}",
        "JWT",
        changed(_ENTRA_1, _PERSONAL, appidacr="1", roles=["Mail.Read"], sub=OBJECT),
        renamed=_READ,
        address=None,
    ),
    "Entra 2.0, a guest": Recorded(
        "entra",
        ENTRA_2,
        API,
        "JWT",
        changed(_ENTRA_2, idp="https://sts.windows.net/11111111-2222-4333-8444-555555555555/"),
        renamed=_READ,
        address=None,
    ),
    "Auth0": Recorded("auth0", AUTH0, MAIL, "JWT", _AUTH0, account_claim=f"{MAIL}/email"),
    "Auth0 with permissions": Recorded(
        "auth0",
        AUTH0,
        MAIL,
        "JWT",
        changed(_AUTH0, permissions=["mail.read", "mail.delete"]),
        account_claim=f"{MAIL}/email",
    ),
    "Auth0 with permissions that lack what was asked for": Recorded(
        "auth0",
        AUTH0,
        MAIL,
        "JWT",
        changed(_AUTH0, permissions=["mail.metadata"]),
        scopes=frozenset(),
        account_claim=f"{MAIL}/email",
    ),
    "Auth0 in the dialect of RFC 9068": Recorded(
        "auth0",
        AUTH0,
        MAIL,
        "at+jwt",
        changed(_AUTH0, ("azp",), client_id="Qm7cX2vT9pLk4sRw1yZb8nHd", jti="8Jq2xV5mB7nC1zL4kP9wRt"),
        account_claim=f"{MAIL}/email",
    ),
    "Auth0, an address that is not verified": Recorded(
        "auth0",
        AUTH0,
        MAIL,
        "JWT",
        _AUTH0 | {f"{MAIL}/email_verified": False},
        account_claim=f"{MAIL}/email",
        address=None,
    ),
    "Auth0, machine to machine": Recorded(
        "auth0",
        AUTH0,
        MAIL,
        "JWT",
        changed(
            _AUTH0,
            (f"{MAIL}/email", f"{MAIL}/email_verified"),
            sub="Qm7cX2vT9pLk4sRw1yZb8nHd@clients",
            aud=MAIL,
            gty="client-credentials",
            scope="mail.read",
        ),
        account_claim=f"{MAIL}/email",
        address=None,
    ),
    "Keycloak": Recorded("keycloak", KEYCLOAK, MAIL, "JWT", _KEYCLOAK),
    "Keycloak by user name": Recorded(
        "keycloak", KEYCLOAK, MAIL, "JWT", _KEYCLOAK, account_claim="preferred_username", address="alice"
    ),
    "Keycloak, an address that is not verified": Recorded(
        "keycloak", KEYCLOAK, MAIL, "JWT", changed(_KEYCLOAK, email_verified=False), address=None
    ),
    "Keycloak, a service account": Recorded(
        "keycloak",
        KEYCLOAK,
        MAIL,
        "JWT",
        changed(
            _KEYCLOAK,
            ("sid", "auth_time", "email", "name", "given_name", "family_name"),
            clientHost="192.0.2.8",
            client_id="archiver",
            azp="archiver",
            preferred_username="service-account-archiver",
        ),
        address=None,
    ),
    "RFC 9068": Recorded("rfc9068", PLAIN, MAIL, "at+jwt", _STRICT),
    "RFC 9068, the whole media type": Recorded("rfc9068", PLAIN, MAIL, "application/at+jwt", _STRICT),
}

NO_ACCESS_TOKEN: dict[str, Recorded] = {
    "Entra 2.0, an ID token for the same registration": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, ("azp", "azpacr", "scp"), nonce="n-0S6_WzA2Mj")
    ),
    "Entra 2.0, an ID token with roles": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, ("azp", "azpacr", "scp"), roles=["Mail.Read"])
    ),
    "Entra 1.0, an ID token": Recorded(
        "entra", ENTRA_1, API, "JWT", changed(_ENTRA_1, ("appid", "appidacr", "scp"), aud=API)
    ),
    "Entra, an ID token with the hash of an access token": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, at_hash="77QmUPtjPfzWtF2AnpK9RQ")
    ),
    "Entra, a nonce": Recorded("entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, nonce="n-0S6_WzA2Mj")),
    "Entra, no version": Recorded("entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, ("ver",))),
    "Entra, version 3.0": Recorded("entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, ver="3.0")),
    "Entra, version 2.0 with the client of 1.0": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, ("azp",), appid=CLIENT)
    ),
    "Entra, another tenant's id": Recorded(
        "entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, tid="11111111-2222-4333-8444-555555555555")
    ),
    "Entra, no tenant": Recorded("entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, ("tid",))),
    "Entra, another tenant's issuer": Recorded(
        "entra",
        ENTRA_2,
        API,
        "JWT",
        changed(_ENTRA_2, iss="https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"),
    ),
    "Entra, for another API": Recorded("entra", ENTRA_2, API, "JWT", changed(_ENTRA_2, aud=CLIENT)),
    "Entra, 1.0 where 2.0 is configured": Recorded("entra", ENTRA_2, API, "JWT", changed(_ENTRA_1, aud=API)),
    "Auth0, an ID token": Recorded(
        "auth0", AUTH0, MAIL, "JWT", changed(_AUTH0, ("azp", "scope"), aud=MAIL, nonce="n-0S6_WzA2Mj", sid="s")
    ),
    "Auth0, an ID token without a nonce": Recorded("auth0", AUTH0, MAIL, "JWT", changed(_AUTH0, ("azp",), aud=MAIL)),
    "Auth0, for userinfo only": Recorded("auth0", AUTH0, MAIL, "JWT", changed(_AUTH0, aud=f"{AUTH0}userinfo")),
    "Auth0, the type of a logout token": Recorded("auth0", AUTH0, MAIL, "logout+jwt", _AUTH0),
    "Auth0, no type": Recorded("auth0", AUTH0, MAIL, None, _AUTH0),
    "Keycloak, an ID token": Recorded("keycloak", KEYCLOAK, MAIL, "JWT", changed(_KEYCLOAK, typ="ID", aud=MAIL)),
    "Keycloak, a refresh token": Recorded("keycloak", KEYCLOAK, MAIL, "JWT", changed(_KEYCLOAK, typ="Refresh")),
    "Keycloak, for the account console": Recorded("keycloak", KEYCLOAK, MAIL, "JWT", changed(_KEYCLOAK, aud="account")),
    "RFC 9068, an ID token": Recorded("rfc9068", PLAIN, MAIL, "JWT", changed(_STRICT, ("jti", "client_id"))),
    "RFC 9068, a JWT of another type": Recorded("rfc9068", PLAIN, MAIL, "JWT", _STRICT),
    "Auth0's token where RFC 9068 is configured": Recorded("rfc9068", AUTH0, MAIL, "JWT", _AUTH0),
    "Entra's token where RFC 9068 is configured": Recorded("rfc9068", ENTRA_2, API, "JWT", _ENTRA_2),
    "Entra's token where Auth0 is configured, without its client": Recorded(
        "auth0", ENTRA_1, f"api://{API}", "JWT", _ENTRA_1
    ),
}
