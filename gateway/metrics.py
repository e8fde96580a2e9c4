"""What the gateway counts and measures, in a registry of its own.

Label values come from closed sets only: configured provider names, route templates, HTTP methods and statuses, and
the literals below. Nothing personal can become a label: what is not in its set is counted as ``other``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from gateway.tally import Counts, Levels, Number, Spread, Spreads

ConnectionKind: TypeAlias = Literal["pool", "watcher"]
OpenOutcome: TypeAlias = Literal["ok", "refused", "unreachable", "tls", "timeout", "malformed"]
CommandOutcome: TypeAlias = Literal["ok", "no", "bad", "lost", "timeout", "malformed"]
LeaseOutcome: TypeAlias = Literal["ok", "queue-full", "timeout", "circuit-open", "failed"]
WatchMode: TypeAlias = Literal["idle", "notify", "poll"]
EventKind: TypeAlias = Literal["hello", "changes", "folders", "resync", "quota", "bye"]
TokenRefusal: TypeAlias = Literal["missing", "malformed", "invalid", "proof", "nonce", "no-keys"]
IntrospectionOutcome: TypeAlias = Literal["active", "inactive", "failed"]
FetchOutcome: TypeAlias = Literal["ok", "failed"]
ExchangeOutcome: TypeAlias = Literal["ok", "refused", "failed"]
RateCounted: TypeAlias = Literal["requests", "bulk", "sign-in"]
RateOwner: TypeAlias = Literal["caller", "account"]
AuditOutcome: TypeAlias = Literal["written", "lost"]

OTHER = "other"
ROUTES_MAX = 200  # templates; the API has far fewer, and a defect must not grow the registry without bound
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The only command names that are counted by name; RFC 9051 section 6 and the extensions the gateway uses.
_COMMANDS = frozenset(
    (
        "APPEND",
        "AUTHENTICATE",
        "CAPABILITY",
        "CLOSE",
        "COMPRESS",
        "COPY",
        "CREATE",
        "DELETE",
        "ENABLE",
        "EXAMINE",
        "EXPUNGE",
        "FETCH",
        "GETQUOTAROOT",
        "ID",
        "IDLE",
        "LIST",
        "LOGIN",
        "LOGOUT",
        "LSUB",
        "MOVE",
        "MYRIGHTS",
        "NAMESPACE",
        "NOOP",
        "NOTIFY",
        "RENAME",
        "SEARCH",
        "SELECT",
        "SORT",
        "STARTTLS",
        "STATUS",
        "STORE",
        "SUBSCRIBE",
        "THREAD",
        "UNSELECT",
        "UNSUBSCRIBE",
    )
)
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Requests(Struct):
    """Requests of one route, method and status."""

    count: Number
    latency: Spread


class _Commands(Struct):
    """Commands of one name with one outcome. ``seconds`` None: it lasts as long as nothing happens."""

    count: Number
    seconds: Spread | None


class _Octets(Struct):
    """Of one provider."""

    received: Number
    sent: Number


class Metrics:
    """One instance per process; handed to whoever counts. ``providers`` are the configured names."""

    def __init__(self, providers: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self._providers = frozenset(providers)
        self._routes: set[str] = set()
        self._requests_of: dict[tuple[str, str, int], _Requests] = {}
        self._commands_of: dict[tuple[str, str, CommandOutcome], _Commands] = {}
        self._octets_of: dict[str, _Octets] = {}
        self._http(self.registry)
        self._imap(self.registry)
        self._live(self.registry)

    def _http(self, registry: CollectorRegistry) -> None:
        self._requests = Counts(
            "imapgw_http_requests", "HTTP requests answered", ["route", "method", "status"], registry
        )
        self._latency = Spreads(
            "imapgw_http_request_seconds",
            "Time from a request's head to its answer's head",
            ["route", "method"],
            registry,
            bounds=_FAST,
        )
        self._refusals = Counter(
            "imapgw_token_refusals", "Requests whose access token was not accepted", ["reason"], registry=registry
        )
        self._key_fetches = Counter(
            "imapgw_key_fetches", "Fetches of an issuer's signing keys", ["outcome"], registry=registry
        )
        self._introspections = Counter(
            "imapgw_introspections", "Questions about opaque tokens to their issuer", ["outcome"], registry=registry
        )

        self._rate_limits = Counter(
            "imapgw_rate_limited", "Requests refused by a rate limit", ["counted", "whose"], registry=registry
        )
        self._exchanges = Counter(
            "imapgw_token_exchanges",
            "Exchanges of a caller's token for the mail server's",
            ["outcome"],
            registry=registry,
        )
        self._audit_lines = Counter(
            "imapgw_audit_lines", "Audit lines written, and lost", ["outcome"], registry=registry
        )

    def _imap(self, registry: CollectorRegistry) -> None:
        self._connections = Levels("imapgw_imap_connections", "Open IMAP connections", ["provider", "kind"], registry)
        self._opens = Counter(
            "imapgw_imap_opens",
            "Attempts to open and sign in an IMAP connection",
            ["provider", "outcome"],
            registry=registry,
        )
        self._sign_in_failures = Counter(
            "imapgw_imap_sign_in_failures", "Credentials refused by the mail server", ["provider"], registry=registry
        )
        self._commands = Counts(
            "imapgw_imap_commands", "IMAP commands completed", ["provider", "command", "outcome"], registry
        )
        self._command_seconds = Spreads(
            "imapgw_imap_command_seconds",
            "Time from an IMAP command to its tagged response",
            ["provider", "command"],
            registry,
            bounds=_FAST,
        )
        self._bytes = Counts(
            "imapgw_imap_bytes", "Octets exchanged with mail servers", ["provider", "direction"], registry
        )
        self._lease_wait = Spreads(
            "imapgw_lease_wait_seconds",
            "Time a request waited for an IMAP connection",
            ["provider", "outcome"],
            registry,
            bounds=_FAST,
        )
        self._leases = Levels("imapgw_leases_in_use", "IMAP connections lent to requests", ["provider"], registry)

    def _live(self, registry: CollectorRegistry) -> None:
        self._watchers = Gauge(
            "imapgw_watchers", "Connections that watch accounts", ["provider", "mode"], registry=registry
        )
        self._streams = Gauge("imapgw_streams", "Open event streams", registry=registry)
        self._events = Counter("imapgw_events_sent", "Events sent to streams", ["kind"], registry=registry)
        self._event_kinds = {kind: self._events.labels(kind) for kind in get_args(EventKind)}
        self._loop_lag = Histogram(
            "imapgw_loop_lag_seconds", "How late the event loop runs", buckets=_FAST, registry=registry
        )

    # HTTP

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered. ``route`` is the template (``/v1/accounts/{a}``), never the path as sent."""
        requests = self._requests_of.get((route, method, status)) or self._met(route, method, status)
        requests.count.value += 1
        requests.latency.observe(seconds)

    def _met(self, route: str, method: str, status: int) -> _Requests:
        template, verb = self._route(route), method if method in _METHODS else OTHER
        code = str(status) if 100 <= status <= 599 else OTHER
        found = _Requests(self._requests.of(template, verb, code), self._latency.of(template, verb))
        if OTHER not in (template, verb, code):  # of the others there is no end
            self._requests_of[route, method, status] = found
        return found

    def token_refused(self, reason: TokenRefusal) -> None:
        self._refusals.labels(reason).inc()

    def keys_fetched(self, outcome: FetchOutcome) -> None:
        self._key_fetches.labels(outcome).inc()

    def introspected(self, outcome: IntrospectionOutcome) -> None:
        self._introspections.labels(outcome).inc()

    def rate_limited(self, counted: RateCounted, whose: RateOwner) -> None:
        self._rate_limits.labels(counted, whose).inc()

    def exchanged(self, outcome: ExchangeOutcome) -> None:
        self._exchanges.labels(outcome).inc()

    def audited(self, outcome: AuditOutcome, lines: int) -> None:
        """Called from another thread too."""
        self._audit_lines.labels(outcome).inc(lines)

    # IMAP

    def connection_opened(self, provider: str, kind: ConnectionKind) -> None:
        self._connections.of(self._provider(provider), kind).value += 1

    def connection_closed(self, provider: str, kind: ConnectionKind) -> None:
        self._connections.of(self._provider(provider), kind).value -= 1

    def open_attempt(self, provider: str, outcome: OpenOutcome) -> None:
        """An attempt to open a connection ended; ``refused`` is also counted as a failed sign-in."""
        self._opens.labels(self._provider(provider), outcome).inc()
        if outcome == "refused":
            self._sign_in_failures.labels(self._provider(provider)).inc()

    def command(self, provider: str, command: str, outcome: CommandOutcome, seconds: float) -> None:
        """A command ended. ``command`` is the verb, with or without ``UID `` before it."""
        commands = self._commands_of.get((provider, command, outcome)) or self._given(provider, command, outcome)
        commands.count.value += 1
        if commands.seconds is not None:
            commands.seconds.observe(seconds)

    def _given(self, provider: str, command: str, outcome: CommandOutcome) -> _Commands:
        verb = command.upper().removeprefix("UID ")
        verb, name = verb if verb in _COMMANDS else OTHER, self._provider(provider)
        seconds = None if verb == "IDLE" else self._command_seconds.of(name, verb)
        found = _Commands(self._commands.of(name, verb, outcome), seconds)
        if OTHER not in (verb, name):
            self._commands_of[provider, command, outcome] = found
        return found

    def traffic(self, provider: str, received: int, sent: int) -> None:
        """Octets exchanged with a mail server since the last call."""
        octets = self._octets_of.get(provider) or self._exchanged_with(provider)
        octets.received.value += received
        octets.sent.value += sent

    def _exchanged_with(self, provider: str) -> _Octets:
        name = self._provider(provider)
        found = _Octets(self._bytes.of(name, "in"), self._bytes.of(name, "out"))
        if name != OTHER:
            self._octets_of[provider] = found
        return found

    # Leases

    def lease_waited(self, provider: str, outcome: LeaseOutcome, seconds: float) -> None:
        self._lease_wait.of(self._provider(provider), outcome).observe(seconds)

    def lease_taken(self, provider: str) -> None:
        self._leases.of(self._provider(provider)).value += 1

    def lease_returned(self, provider: str) -> None:
        self._leases.of(self._provider(provider)).value -= 1

    # Live

    def watcher_started(self, provider: str, mode: WatchMode) -> None:
        self._watchers.labels(self._provider(provider), mode).inc()

    def watcher_stopped(self, provider: str, mode: WatchMode) -> None:
        self._watchers.labels(self._provider(provider), mode).dec()

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_closed(self) -> None:
        self._streams.dec()

    def event_sent(self, kind: EventKind) -> None:
        self._event_kinds[kind].inc()

    def loop_lag(self, seconds: float) -> None:
        self._loop_lag.observe(max(seconds, 0.0))

    def exposition(self) -> bytes:
        """All metrics in the Prometheus text format; its media type is ``CONTENT_TYPE``."""
        return generate_latest(self.registry)

    def _provider(self, name: str) -> str:
        return name if name in self._providers else OTHER

    def _route(self, template: str) -> str:
        if template not in self._routes:
            if len(self._routes) >= ROUTES_MAX:
                return OTHER
            self._routes.add(template)
        return template
