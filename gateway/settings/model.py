"""Every setting, with its meaning, unit and default. This file generates the reference page.

TOML keys are these names; an environment variable overrides one with ``GATEWAY__`` and double underscores
(``GATEWAY__SERVER__BIND``, ``GATEWAY__PROVIDERS__0__AUTH__METHOD``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from gateway.settings.accounts import Accounts
from gateway.settings.section import Positive, Seconds, Section

Mechanism = Annotated[
    Literal["auto", "OAUTHBEARER", "XOAUTH2"],
    Meta(description="how the token is shown to the mail server; `auto`: OAUTHBEARER where the server has it"),
]


class Server(Section, kw_only=True, frozen=True):
    """Where the gateway listens."""

    bind: Annotated[str, Meta(description="address:port of the public API")] = "127.0.0.1:8080"
    management_bind: Annotated[str, Meta(description="address:port of /healthz, /readyz and /metrics")] = (
        "127.0.0.1:9090"
    )
    public_url: Annotated[
        str | None,
        Meta(description="how clients reach the API, for links and metadata; default: from the request's Host"),
    ] = None
    cors_origins: Annotated[tuple[str, ...], Meta(description="web origins that may call; none by default")] = ()
    drain_seconds: Annotated[Seconds, Meta(description="how long requests may finish after SIGTERM")] = 20.0


class Introspection(Section, kw_only=True, frozen=True):
    """How the gateway asks the issuer about opaque tokens (RFC 7662). At most one issuer may have it."""

    client_id: Annotated[str, Meta(min_length=1, description="the gateway's own client at the issuer")]
    client_secret_file: Annotated[str | None, Meta(description="file that holds its secret")] = None
    client_secret_env: Annotated[str | None, Meta(description="or the environment variable")] = None
    client_auth: Annotated[
        Literal["basic", "post"], Meta(description="where the secret goes: the Authorization header, or the form")
    ] = "basic"
    endpoint: Annotated[str | None, Meta(description="where to ask; default: by discovery")] = None


class Issuer(Section, kw_only=True, frozen=True):
    """An OAuth issuer whose access tokens are accepted."""

    issuer: Annotated[str, Meta(description="the exact `iss` value, also where its metadata is discovered")]
    audience: Annotated[str, Meta(description="the `aud` value that names this gateway (RFC 8707)")]
    profile: Annotated[
        Literal["rfc9068", "keycloak", "entra", "auth0"],
        Meta(description="what kind of tokens the issuer really sends"),
    ] = "rfc9068"
    account_claim: Annotated[
        str | None,
        Meta(
            description="claim that names the caller's mail account; default: `email`, with `entra` "
            "`preferred_username`"
        ),
    ] = None
    domains: Annotated[
        tuple[str, ...], Meta(min_length=1, description="account domains that this issuer may name; `*` for all")
    ] = ("*",)
    jwks_file: Annotated[str | None, Meta(description="key set file, instead of discovery")] = None
    algorithms: Annotated[
        tuple[
            Literal[
                "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"
            ],
            ...,
        ],
        Meta(description="signature algorithms accepted", min_length=1),
    ] = ("RS256", "PS256", "ES256", "ES384", "Ed25519", "EdDSA")
    leeway_seconds: Annotated[int, Meta(ge=0, le=60, description="clock skew accepted")] = 60
    scopes: Annotated[
        dict[str, str], Meta(description="the issuer's names for the gateway's scopes, by the gateway's name")
    ] = field(default_factory=dict)
    scope_claims: Annotated[
        Annotated[tuple[str, ...], Meta(min_length=1)] | None,
        Meta(
            description='claims that hold the scopes, such as `["permissions"]`; default: where the profile has them',
        ),
    ] = None
    introspection: Introspection | None = None
    dpop: Annotated[
        Literal["off", "allowed", "required"],
        Meta(description="tokens bound to a key of their sender (RFC 9449): refused, taken, or the only ones taken"),
    ] = "off"

    @property
    def naming_claim(self) -> str:
        """``account_claim``, or the profile's own."""
        return self.account_claim or ("preferred_username" if self.profile == "entra" else "email")


class Endpoint(Section, kw_only=True, frozen=True):
    """A mail server's address and how TLS is made with it."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 993
    tls: Annotated[
        Literal["implicit", "starttls", "none"], Meta(description="`none` only where `allow_plaintext` is true")
    ] = "implicit"
    ca_file: Annotated[str | None, Meta(description="PEM file of the authority to trust, instead of the system's")] = (
        None
    )
    allow_plaintext: Annotated[bool, Meta(description='permit `tls = "none"` for this very host')] = False


class PassThrough(Section, kw_only=True, frozen=True, tag_field="method", tag="pass_through"):
    """The caller's own token opens the mail server; only where its `aud` names that server too."""

    mechanism: Mechanism = "auto"
    audience: Annotated[
        str | None,
        Meta(description="`aud` that the token must (also) carry for the mail server; default: the issuer's audience"),
    ] = None


class TokenExchange(Section, kw_only=True, frozen=True, tag_field="method", tag="token_exchange"):
    """The caller's token is exchanged for one that opens the mail server, at the issuer it is from (RFC 8693)."""

    client_id: Annotated[str, Meta(min_length=1, description="the gateway's own client, which may exchange tokens")]
    client_secret_file: Annotated[str | None, Meta(description="file that holds its secret")] = None
    client_secret_env: Annotated[str | None, Meta(description="or the environment variable")] = None
    client_auth: Annotated[
        Literal["basic", "post"], Meta(description="where the secret goes: the Authorization header, or the form")
    ] = "basic"
    issuer: Annotated[
        str | None,
        Meta(description="whose callers' tokens are sent there; needed where there are several issuers"),
    ] = None
    token_endpoint: Annotated[str | None, Meta(description="where to ask; default: by discovery of the issuer")] = None
    audience: Annotated[str | None, Meta(description="whom the token is wanted for: a name")] = None
    resource: Annotated[str | None, Meta(description="the same as a URI")] = None
    scope: Annotated[str | None, Meta(description="what it should permit")] = None
    mechanism: Mechanism = "auto"


class MasterUser(Section, kw_only=True, frozen=True, tag_field="method", tag="master_user"):
    """The gateway signs in as a master user on behalf of the caller; for who owns the mail server."""

    user: str
    password_file: str | None = None
    password_env: Annotated[str | None, Meta(description="environment variable that holds the password")] = None
    style: Annotated[
        Literal["authzid", "separator"],
        Meta(description="SASL PLAIN with authzid, or LOGIN/PLAIN as `user<separator>master`"),
    ] = "authzid"
    separator: str = "*"


class Linked(Section, kw_only=True, frozen=True, tag_field="method", tag="linked"):
    """Accounts that users link themselves: with an app password, or by signing in at the provider."""

    kind: Annotated[
        Literal["password", "google", "microsoft", "oidc"],
        Meta(
            description="what opens an account: an app password, or a grant of Google, Microsoft, any OpenID provider"
        ),
    ] = "password"
    issuer: Annotated[
        str | None,
        Meta(description="where the provider's metadata is discovered; with `google` and `microsoft` known already"),
    ] = None
    client_id: Annotated[str | None, Meta(description="the gateway's own client at the provider")] = None
    client_secret_file: Annotated[str | None, Meta(description="file that holds its secret; none: a public client")] = (
        None
    )
    client_secret_env: Annotated[str | None, Meta(description="or the environment variable")] = None
    scopes: Annotated[
        tuple[str, ...], Meta(description="scopes to ask for; default: the kind's own, with `oidc` `openid email`")
    ] = ()
    resource: Annotated[str | None, Meta(description="`resource` to ask for, where the provider wants one")] = None
    mechanism: Annotated[
        Literal["OAUTHBEARER", "XOAUTH2"] | None, Meta(description="default: XOAUTH2 with `google` and `microsoft`")
    ] = None


Auth = PassThrough | TokenExchange | MasterUser | Linked


class Provider(Section, kw_only=True, frozen=True):
    """A mail provider: its servers, whom it serves and how to sign in."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="the label in metrics and logs")]
    imap: Endpoint
    auth: Auth
    domains: Annotated[tuple[str, ...], Meta(description="account domains it serves; `*` for all")] = ("*",)
    username: Annotated[str, Meta(description="what the IMAP server wants to hear: {address}, {local}, {sub}")] = (
        "{address}"
    )
    disable_capabilities: Annotated[
        tuple[str, ...], Meta(description="capabilities to ignore although the server offers them")
    ] = ()
    compress: Annotated[
        bool,
        Meta(
            description="compress what is said with the server, where it has COMPRESS=DEFLATE: for metadata over slow "
            "links; 20 MB of a body cost 0.15 s of the processor more, 20 MB stored 0.5 s"
        ),
    ] = False


class Limits(Section, kw_only=True, frozen=True):
    """Bounds that keep the gateway, and the mail server, well."""

    connections_per_account: Annotated[
        Positive, Meta(description="pooled connections an account, without watchers")
    ] = 3
    provider_connections_per_account: Annotated[
        Positive,
        Meta(description="what the provider allows an account; pool and watchers of all replicas stay within it"),
    ] = 10
    replicas: Annotated[Positive, Meta(description="gateway processes that share that allowance")] = 1
    connections_total: Annotated[Positive, Meta(description="IMAP connections of this process")] = 2000
    sign_ins_at_once: Annotated[
        Positive,
        Meta(
            description="connections that are opened to one mail server at one time, for requests and for watchers "
            "each; the others wait their turn, as after it restarted"
        ),
    ] = 32
    lease_wait_seconds: Annotated[Seconds, Meta(description="how long a request waits for a connection before 429")] = (
        10.0
    )
    lease_queue: Annotated[Positive, Meta(description="requests that may wait for one account's connections")] = 200
    connect_seconds: Annotated[Seconds, Meta(description="deadline of TCP and TLS")] = 10.0
    greeting_seconds: Annotated[Seconds, Meta(description="deadline of the server's greeting")] = 10.0
    command_seconds: Annotated[Seconds, Meta(description="longest silence of the server during a command")] = 30.0
    idle_connection_seconds: Annotated[Seconds, Meta(description="an unused connection is closed after this")] = 120.0
    connection_lifetime_seconds: Annotated[
        Seconds, Meta(description="a connection is replaced after this, jittered by a tenth")
    ] = 3000.0
    slow_client_seconds: Annotated[
        Seconds,
        Meta(description="a download gives its connection back where a megabyte waits this long for the client"),
    ] = 5.0
    request_bytes: Annotated[Positive, Meta(description="largest JSON request body")] = 1_048_576
    message_bytes: Annotated[Positive, Meta(description="largest message that may be stored")] = 52_428_800
    streams_per_account: Annotated[Positive, Meta(description="event streams an account")] = 100
    page_max: Annotated[Positive, Meta(description="largest `limit` of a page")] = 200
    summaries_octets: Annotated[
        int,
        Meta(
            ge=0,
            description="octets of summaries remembered, plus a quarter for pages (memory: four times that); 0: none",
        ),
    ] = 8_388_608
    bulk_max: Annotated[Positive, Meta(description="most messages that one bulk request may name")] = 1000


class Rate(Section, kw_only=True, frozen=True):
    """A bucket: ``burst`` at once, filled again by so many ``per_minute``."""

    per_minute: Annotated[float, Meta(gt=0)]
    burst: Positive


class Rates(Section, kw_only=True, frozen=True):
    """How often a caller may ask, and all callers of an account together, by kind; each process counts for itself."""

    enabled: bool = True
    requests: Annotated[Rate, Meta(description="every request; a batch counts its operations")] = Rate(
        per_minute=3000, burst=600
    )
    bulk: Annotated[Rate, Meta(description="exports, archive runs, bulk verbs, archives of attachments")] = Rate(
        per_minute=120, burst=120
    )
    sign_in: Annotated[Rate, Meta(description="linking, discovering and verifying accounts, new passwords")] = Rate(
        per_minute=6, burst=12
    )


class Live(Section, kw_only=True, frozen=True):
    """Event streams."""

    heartbeat_seconds: Annotated[Seconds, Meta(description="a comment is sent this often on a silent stream")] = 15.0
    probe_seconds: Annotated[
        Seconds,
        Meta(description="a connection that watches is asked for a sign of life after so long a silence"),
    ] = 15.0
    poll_seconds: Annotated[
        Seconds, Meta(description="how often folders are looked at where the server has neither NOTIFY nor IDLE")
    ] = 20.0
    sweep_seconds: Annotated[
        Seconds,
        Meta(
            description="how often folders that the server does not tell of are swept: their numbers are asked for, "
            "and those that changed are looked at"
        ),
    ] = 10.0
    linger_seconds: Annotated[Seconds, Meta(description="a watcher outlives its last stream this long")] = 15.0
    quota_percents: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=1000)], ...],
        Meta(description="how full, in percent of a quota, an account is when its owner should hear of it"),
    ] = (80, 90, 95, 100)
    quota_seconds: Annotated[
        Seconds,
        Meta(
            description="how often it is looked how full a watched account is; after changes up to ten times as often"
        ),
    ] = 300.0
    coalesce_seconds: Annotated[Seconds, Meta(description="changes within this time travel as one event")] = 0.05


class Dpop(Section, kw_only=True, frozen=True):
    """Proofs of possession, where an issuer's `dpop` lets them in (RFC 9449)."""

    nonces: Annotated[
        bool, Meta(description="a proof must hold a nonce of this gateway, so that none can be made beforehand")
    ] = False
    nonce_secret_file: Annotated[
        str | None, Meta(description="what nonces are made with, for several replicas; default: made at start")
    ] = None
    nonce_secret_env: Annotated[str | None, Meta(description="environment variable that holds it")] = None


class Log(Section, kw_only=True, frozen=True):
    """Structured log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Audit(Section, kw_only=True, frozen=True):
    """Who did what one may have to answer for, as JSON lines; never content (docs/deployment.md)."""

    to: Annotated[
        Literal["off", "stdout", "file"], Meta(description="where the lines go: nowhere, standard output, `file`")
    ] = "stdout"
    file: Annotated[str | None, Meta(description="the file that lines are appended to; opened anew once moved")] = None
    sync: Annotated[bool, Meta(description="lines in a file are on the disk (fsync) before more are written")] = True
    waiting: Annotated[Positive, Meta(description="lines that may wait to be written; what is more is lost")] = 10_000
    client: Annotated[
        Literal["off", "peer", "forwarded"],
        Meta(
            description="the client's address in each line: none, that of the connection, or the last of "
            "X-Forwarded-For, which a proxy in front must set"
        ),
    ] = "off"


class Settings(Section, kw_only=True, frozen=True):
    """The whole configuration. An issuer and a provider are all that a first one needs."""

    issuers: Annotated[tuple[Issuer, ...], Meta(min_length=1)]
    providers: Annotated[tuple[Provider, ...], Meta(min_length=1)]
    server: Server = field(default_factory=Server)
    limits: Limits = field(default_factory=Limits)
    rates: Rates = field(default_factory=Rates)
    live: Live = field(default_factory=Live)
    accounts: Accounts = field(default_factory=Accounts)
    dpop: Dpop = field(default_factory=Dpop)
    log: Log = field(default_factory=Log)
    audit: Audit = field(default_factory=Audit)
