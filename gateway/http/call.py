"""One request as a handler sees it: everything parsed, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import Request

from gateway.accounts.account import Account
from gateway.errors import Unauthenticated, Unprocessable
from gateway.http.limited import count_account, count_caller
from gateway.http.rates import Counted
from gateway.http.services import Services
from gateway.identity.principal import Principal
from gateway.mail.desk import Desk

if TYPE_CHECKING:  # which brings SQLAlchemy: only where accounts are linked
    from gateway.accounts.linking import Linking

Q = TypeVar("Q")
B = TypeVar("B")


class Call(Struct, Generic[Q, B], frozen=True, kw_only=True):
    """``path`` holds the path's parameters, checked by their patterns; ``principal`` is None on public routes only."""

    request: Request
    services: Services
    principal: Principal | None
    path: Mapping[str, str]
    query: Q
    body: B

    @property
    def caller(self) -> Principal:
        if self.principal is None:
            raise Unauthenticated("an access token is needed")
        return self.principal

    @property
    def desk(self) -> Desk:
        return self.services.desk

    @property
    def headers(self) -> Headers:
        return self.request.headers

    @property
    def head_only(self) -> bool:
        return self.request.method == "HEAD"

    @property
    def folder(self) -> str:
        return self.path["folder"]

    @property
    def message(self) -> str:
        return self.path["message"]

    async def account(self) -> Account:
        """The account in the path. Raises NotFound where it is not the caller's, RateLimited."""
        account = await self.services.directory.resolve(self.caller, self.path["account"])
        await count_account(self.request.scope, self.services, account.id)
        return account

    async def count(self, counted: Counted) -> None:
        """Beside what every request to this endpoint counts as. Raises RateLimited."""
        await count_caller(self.request.scope, self.services, self.caller, counted)

    @property
    def linking(self) -> Linking:
        """Raises Unprocessable where this gateway links no accounts."""
        if self.services.linking is None:
            raise Unprocessable("this gateway links no accounts")
        return self.services.linking

    def href(self, tail: str) -> str:
        """The path of something below the account in the path."""
        return f"/v1/accounts/{self.path['account']}/{tail}"

    def part_href(self, part: str) -> str:
        return self.href(f"messages/{self.message}/parts/{part}")
