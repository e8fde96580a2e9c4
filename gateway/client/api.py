"""The calls that the client makes, over httpx: the token in its header, problems as errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, Self, cast

import httpx

from gateway.client.frames import Frame, frames
from gateway.client.values import AccountChanges, Changes, Folder, Page

Token = Callable[[], Awaitable[str]]
"""Gives an access token; called again when the last one was refused."""

SILENCE_SECONDS: Final = 45.0
"""Three heartbeats: a stream that is silent for longer is dead, whatever TCP thinks."""
_URL_TOKEN: Final = 2000
_STREAM_TOKEN: Final = 4000
"""Characters of a state that go into an address; a longer one goes by POST, or by a ticket."""
_ANSWER_SECONDS: Final = 60.0


class Offline(Exception):
    """There is no way to the gateway, or it was lost."""


class Refused(Exception):
    """A problem (RFC 9457): ``type`` is its name, ``body`` all of it, ``retry_after`` in seconds, if told."""

    def __init__(self, response: httpx.Response) -> None:
        self.status: Final = response.status_code
        self.body: Final = _problem(response)
        self.type: Final = str(self.body.get("type", "")).rpartition("/")[2]
        self.field: Final = self.body.get("field")
        after = response.headers.get("Retry-After", "")
        self.retry_after: Final = float(after) if after.isdigit() else None
        super().__init__(f"{self.status} {self.type}: {self.body.get('detail', '')}")

    @property
    def later(self) -> bool:
        """The same may well succeed at another time, or with another token."""
        if self.type == "write-in-doubt":
            return False
        passing = self.status in (401, 429, 502, 503, 504) or (self.status == 409 and self.retry_after is not None)
        unauthorised = self.type in ("insufficient-scope", "account-reauth-required")
        return passing or unauthorised or bool(self.body.get("retryable"))

    @property
    def of_state(self) -> bool:
        """It is the state that can't be gone on from."""
        return self.status == 410 or (self.status == 400 and self.field in ("since", "Last-Event-ID"))


class Api:
    """One account. ``http`` is for who wants other time-outs, proxies or certificates; its base address is not used."""

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        account: str = "me",
        http: httpx.AsyncClient | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._base = f"{url.rstrip('/')}/v1/accounts/{account}"
        self._token = token
        self._bearer: str | None = None
        self._http = http or httpx.AsyncClient()
        self._stream_timeout = httpx.Timeout(_ANSWER_SECONDS, read=silence)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def renew(self) -> None:
        """The token is used no more."""
        self._bearer = None

    async def folders(self) -> list[Folder]:
        return cast("list[Folder]", (await self.json("GET", "/folders"))["folders"])

    async def page(self, folder: str, cursor: str, limit: int) -> Page:
        """``cursor`` may be empty: the newest."""
        params = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
        return cast("Page", await self.json("GET", f"/folders/{folder}/messages", params=params))

    async def account_changes(self, since: str | None) -> AccountChanges:
        return cast("AccountChanges", await self._changes("/changes", since))

    async def folder_changes(self, folder: str, since: str) -> Changes:
        return cast("Changes", await self._changes(f"/folders/{folder}/changes", since))

    async def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's value. Raises Offline, Refused."""
        for last in (False, True):
            request = self._http.build_request(
                method, self._base + path, params=params, json=json, content=content, timeout=_ANSWER_SECONDS,
                headers={**(headers or {}), **await self._authorization()},
            )  # fmt: skip
            try:
                response = await self._http.send(request)
            except httpx.TransportError as error:
                raise Offline(repr(error)) from error
            if response.status_code != 401 or last:
                break
            self.renew()
        if response.is_success:
            return response.json() if response.content else None
        raise Refused(response)

    @asynccontextmanager
    async def events(self, params: Mapping[str, str]) -> AsyncIterator[AsyncIterator[Frame]]:
        """An open stream. Raises Offline (also in reading, and after too long a silence), Refused."""
        if len(params.get("since", "")) > _STREAM_TOKEN:
            params = {"ticket": await self._ticket(params)}
        try:
            for last in (False, True):
                headers = {} if "ticket" in params else await self._authorization()
                path, timeout = f"{self._base}/events", self._stream_timeout
                async with self._http.stream("GET", path, params=params, headers=headers, timeout=timeout) as response:
                    if response.is_success:
                        async with aclosing(frames(response.aiter_bytes())) as events:
                            yield events
                        return
                    await response.aread()
                    if response.status_code != 401 or last or "ticket" in params:
                        raise Refused(response)
                self.renew()
        except httpx.TransportError as error:
            raise Offline(repr(error)) from error

    async def _ticket(self, query: Mapping[str, str]) -> str:
        body = {**query, "folders": query["folders"].split(",")}
        return str((await self.json("POST", "/events/tickets", json=body))["ticket"])

    async def _changes(self, path: str, since: str | None) -> Any:
        if since is None or len(since) <= _URL_TOKEN:
            return await self.json("GET", path, params={"since": since} if since else None)
        return await self.json("POST", path, json={"since": since})

    async def _authorization(self) -> dict[str, str]:
        if self._bearer is None:
            self._bearer = await self._token()
        return {"Authorization": f"Bearer {self._bearer}"}


def _problem(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
