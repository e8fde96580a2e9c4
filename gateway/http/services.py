"""What the endpoints are given: one typed value, put into the lifespan's state by the composition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from msgspec import Struct, field
from starlette.types import Scope

from gateway.accounts.account import Account
from gateway.accounts.candidate import Found
from gateway.accounts.verify.verification import Verification, Wanted
from gateway.audit import Audit, NoAudit
from gateway.http.idempotency import IdempotencyStore
from gateway.http.rates import RateStore
from gateway.http.sse import Frames
from gateway.http.tickets import TicketStore
from gateway.identity.credentials import Presented
from gateway.identity.principal import Principal
from gateway.live.event import Event
from gateway.mail.desk import Desk
from gateway.metrics import Metrics
from gateway.settings.model import Settings

if TYPE_CHECKING:  # which brings SQLAlchemy: only where accounts are linked
    from gateway.accounts.linking import Linking


class Authenticates(Protocol):
    """A token in, a principal out."""

    async def authenticate(
        self, authorization: str | Sequence[str] | None, presented: Presented | None = None, /
    ) -> Principal:
        """The principal of all Authorization headers of a request. Raises Unauthenticated, Unavailable."""
        ...

    def next_nonce(self, principal: Principal, /) -> str | None:
        """What the next proof of this caller should hold (RFC 9449 section 8.2), where proofs hold nonces."""
        ...


class Accounts(Protocol):
    """Whose accounts are whose."""

    async def accounts(self, caller: Principal, /) -> list[Account]: ...

    async def resolve(self, caller: Principal, ref: str, /) -> Account:
        """``ref`` is an account id or `me`. Raises NotFound."""
        ...


class Finds(Protocol):
    """Looks for the mail servers of an address."""

    async def find(self, address: str, /) -> Found: ...


class Verifies(Protocol):
    """Tries a mail server step by step."""

    async def verify(self, wanted: Wanted, /) -> Verification: ...

    async def verify_account(self, account: Account, /) -> Verification: ...


class Servers(Struct, frozen=True):
    """What mail servers are found and tried with."""

    finder: Finds
    verifier: Verifies


class Events(Protocol):
    """One client's stream of events."""

    @property
    def state(self) -> str | None:
        """Where the client is after the event that ``next`` gave last; None where that is no place to go on from."""
        ...

    async def next(self, timeout: float, /) -> Event | None:
        """The next event, or None where none came within ``timeout`` seconds."""
        ...

    def close(self) -> None: ...


class Watches(Protocol):
    """Opens streams of events."""

    async def subscribe(self, account: Account, folders: Sequence[str], since: str | None, /) -> Events: ...


class Services(Struct, frozen=True, kw_only=True):
    """``clock`` and ``random``: seconds since the epoch, and a number from 0 up to 1."""

    desk: Desk
    hub: Watches
    authenticator: Authenticates
    directory: Accounts
    servers: Servers
    metrics: Metrics
    settings: Settings
    idempotency: IdempotencyStore
    tickets: TicketStore
    rates: RateStore
    clock: Callable[[], float]
    random: Callable[[], float]
    linking: Linking | None = None
    audit: Audit = field(default_factory=NoAudit)
    frames: Frames = field(default_factory=Frames)


class State(TypedDict):
    """The lifespan's state."""

    services: Services


Lifespan = Callable[[Any], AbstractAsyncContextManager[State]]


def serving(services: Services) -> Lifespan:
    """A lifespan for services that are built already and outlive the application."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[State]:
        yield State(services=services)

    return lifespan


def services_of(scope: Scope) -> Services:
    """The services that the lifespan put into the state."""
    state: State = scope["state"]
    return state["services"]
