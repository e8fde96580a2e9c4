"""Asking an OAuth token endpoint: bounded in size and time, no redirects, no decompression."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import quote_plus

import httpx

from gateway.secret import Reticent
from gateway.settings.kept_secret import KeptSecret

ANSWER_MAX: Final = 64 * 1024  # octets
DEADLINE: Final = 5.0  # seconds, for one answer


class NoAnswer(Exception):
    """The endpoint gave none that can be used; the reason quotes nothing of it."""


class Client(Reticent, frozen=True):
    """Who the gateway is at the endpoint (RFC 6749 section 2.3.1)."""

    id: str
    secret: KeptSecret
    auth: Literal["basic", "post"]


class Answer(Reticent, frozen=True):
    """``members`` are those of the JSON object; ``status`` is below 500."""

    status: int
    members: Mapping[str, object]

    @property
    def error(self) -> str | None:
        """The code of a refusal (RFC 6749 section 5.2); None where a token was given."""
        if self.status == httpx.codes.OK:
            return None
        error = self.members.get("error")
        return error if isinstance(error, str) and 0 < len(error) <= 64 and error.isprintable() else "unknown"


async def ask(http: httpx.AsyncClient, url: str, form: Mapping[str, str], client: Client) -> Answer:
    """Raises NoAnswer, and Unavailable where the client's secret can't be read."""
    request = _request(http, url, form, client)
    request.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
    try:
        async with asyncio.timeout(DEADLINE):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                return Answer(response.status_code, await _members(response))
            finally:
                await response.aclose()
    except TimeoutError as error:
        raise NoAnswer("no answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise NoAnswer(type(error).__name__) from error


def _request(http: httpx.AsyncClient, url: str, form: Mapping[str, str], client: Client) -> httpx.Request:
    secret = client.secret.read().reveal()
    if client.auth == "post":
        return http.build_request("POST", url, data={**form, "client_id": client.id, "client_secret": secret})
    # each of both encoded as in a form first (RFC 6749 section 2.3.1)
    pair = b64encode(f"{quote_plus(client.id)}:{quote_plus(secret)}".encode()).decode("ascii")
    return http.build_request("POST", url, data=dict(form), headers={"Authorization": f"Basic {pair}"})


async def _members(response: httpx.Response) -> Mapping[str, object]:
    if response.status_code != httpx.codes.OK and not 400 <= response.status_code < 500:
        raise NoAnswer(f"status {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise NoAnswer("a compressed answer, which was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_MAX:
            raise NoAnswer("the answer is too large")
    try:
        members = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise NoAnswer(f"status {response.status_code}, and no JSON") from error
    if not isinstance(members, dict):
        raise NoAnswer("the answer is no object")
    return members
