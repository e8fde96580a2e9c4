"""The calls as they go out: where a long state goes, when a token is asked for anew, which refusals pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing

import httpx
import pytest

from gateway.client.api import Api, Offline, Refused
from gateway.client.frames import Frame

LONG = "H" + "x" * 5000
Answer = Callable[[httpx.Request], httpx.Response]


def problem(status: int, kind: str, headers: dict[str, str] | None = None, **members: object) -> httpx.Response:
    body = {"type": f"/problems/{kind}", "status": status, **members}
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json", **(headers or {})})


class Way:
    """Answers, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.asked: list[httpx.Request] = []
        self.given = 0
        self._answers = list(answers)
        self.api = Api("http://gateway.example/", self._token, http=httpx.AsyncClient(transport=self._transport()))

    async def _token(self) -> str:
        self.given += 1
        return f"token{self.given}"

    def _transport(self) -> httpx.MockTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            found = self._answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        return httpx.MockTransport(answer)


async def test_a_long_state_goes_by_post() -> None:
    way = Way(httpx.Response(200, json={}), httpx.Response(200, json={}), httpx.Response(200, json={}))
    async with way.api as api:
        await api.account_changes(None)
        await api.account_changes("short")
        await api.account_changes(LONG)
    assert [str(request.url)[len("http://gateway.example/v1/accounts/me") :] for request in way.asked] == [
        "/changes", "/changes?since=short", "/changes",
    ]  # fmt: skip
    assert json.loads(way.asked[2].content) == {"since": LONG}


async def test_a_stream_from_a_long_state_goes_by_a_ticket_and_without_the_token() -> None:
    stream = httpx.Response(200, content=b"event: hello\ndata: {}\n\n")
    way = Way(httpx.Response(201, json={"ticket": "once"}), stream)
    async with way.api as api, api.events({"folders": "a,b", "since": LONG}) as events:
        assert [event async for event in events] == [Frame("hello", {})]
    ticket, followed = way.asked
    assert (ticket.method, ticket.url.path) == ("POST", "/v1/accounts/me/events/tickets")
    assert json.loads(ticket.content) == {"folders": ["a", "b"], "since": LONG}
    assert followed.url.params == httpx.QueryParams(ticket="once")
    assert "authorization" not in followed.headers


async def test_a_refused_token_is_renewed_once() -> None:
    way = Way(problem(401, "unauthenticated"), httpx.Response(200, json={"folders": []}))
    async with way.api as api:
        assert await api.folders() == []
    assert [request.headers["authorization"] for request in way.asked] == ["Bearer token1", "Bearer token2"]
    way = Way(problem(401, "unauthenticated"), problem(401, "unauthenticated"))
    with pytest.raises(Refused, match="unauthenticated"):
        async with way.api as api, api.events({"folders": "*"}):
            pass
    assert way.given == 2


async def test_no_way_is_no_refusal() -> None:
    way = Way(httpx.ConnectError("no"), httpx.ReadTimeout("silent"))
    async with way.api as api:
        with pytest.raises(Offline):
            await api.folders()
        with pytest.raises(Offline):
            async with api.events({"folders": "*"}) as events, aclosing(events):  # type: ignore[type-var]
                pass


@pytest.mark.parametrize(
    ("answer", "later", "of_state"),
    [
        (problem(503, "unavailable", retryable=True), True, False),
        (problem(503, "write-in-doubt", {"Retry-After": "2"}), False, False),
        (problem(409, "conflict", {"Retry-After": "1"}), True, False),
        (problem(409, "conflict"), False, False),
        (problem(403, "account-reauth-required"), True, False),
        (problem(403, "forbidden"), False, False),
        (problem(507, "over-quota"), False, False),
        (problem(410, "id-expired"), False, True),
        (problem(400, "invalid-request", field="since"), False, True),
        (problem(400, "invalid-request", field="limit"), False, False),
        (httpx.Response(502, text="<h1>a proxy's own page</h1>"), True, False),
        (httpx.Response(400, content=b"{", headers={"Content-Type": "application/json"}), False, False),
    ],
)
async def test_what_passes_and_what_is_the_state_s_fault(answer: httpx.Response, later: bool, of_state: bool) -> None:
    refused = Refused(answer)
    assert (refused.later, refused.of_state) == (later, of_state)
