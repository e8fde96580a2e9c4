"""Event streams from hello to bye."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from gateway.errors import ConnectionLost, IdExpired
from gateway.http.boundary import AnswerCut
from gateway.http.selected import Wanted
from gateway.http.stream import StreamResponse, Terms
from gateway.live.event import Bye, Event, Hello, Resync, WatchedFolder
from gateway.metrics import Metrics

from .conftest import Gateway
from .doubles import Clock, Stream, changes

EVENTS = "/v1/accounts/me/events"
HELLO = Hello(watching=[WatchedFolder(folder_id="f1", mode="idle", state="s1")], heartbeat_seconds=15)
BYE = Bye(reason="drain", retry=1234)


@dataclass
class Client:
    """The other end of a stream: takes frames, may leave, may be slow."""

    frames: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
            if message["body"]:
                await self.frames.put(message["body"])


@dataclass
class Run:
    stream: Stream = field(default_factory=Stream)
    client: Client = field(default_factory=Client)
    clock: Clock = field(default_factory=Clock)
    expires_at: float = 2000.0
    wanted: Wanted = field(default_factory=Wanted)

    def start(self) -> asyncio.Task[None]:
        terms = Terms(
            expires_at=self.expires_at, heartbeat=15.0, clock=self.clock, random=lambda: 0.5, wanted=self.wanted
        )
        response = StreamResponse(self.stream, terms, Metrics())
        return asyncio.create_task(response({"type": "http"}, self.client.receive, self.client.send))


async def read(client: httpx.AsyncClient, gateway: Gateway, *events: Event, **parameters: str) -> str:
    for event in (*events, BYE):
        gateway.hub.stream.queue.put_nowait(event)
    answer = await client.get(EVENTS, params=parameters)
    assert answer.status_code == 200
    return answer.text


async def test_from_hello_to_bye(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for event in (HELLO, changes("s2"), BYE):
        gateway.hub.stream.queue.put_nowait(event)
    answer = await client.get(EVENTS)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "content-length" not in answer.headers
    frames = answer.text.split("\n\n")
    assert [frame.split("\n")[0] for frame in frames] == ["retry: 2000", "id: s2", "retry: 1234", ""]
    assert frames[0].split("\n")[1:3] == ["id: s1", "event: hello"]
    assert gateway.hub.stream.closed
    assert gateway.hub.subscribed == [(("inbox",), None)]


async def test_what_is_asked_for(client: httpx.AsyncClient, gateway: Gateway) -> None:
    await read(client, gateway, folders="inbox,AbC", since="s1")
    assert gateway.hub.subscribed == [(("inbox", "AbC"), "s1")]


async def test_what_was_heard_last_goes_before_since(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.hub.stream.queue.put_nowait(BYE)
    await client.get(EVENTS, params={"since": "s1"}, headers={"Last-Event-ID": "s7"})
    assert gateway.hub.subscribed == [(("inbox",), "s7")]
    wrong = await client.get(EVENTS, headers={"Last-Event-ID": "a b"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "Last-Event-ID")


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"folders": ""}, "folders[0]"),
        ({"folders": "inbox,"}, "folders[1]"),
        ({"folders": ",".join(["inbox"] * 51)}, "folders"),
        ({"types": "created,nonsense"}, "types[1]"),
        ({"since": "a b"}, "since"),
    ],
)
async def test_strange_parameters(client: httpx.AsyncClient, parameters: dict[str, str], field: str) -> None:
    answer = await client.get(EVENTS, params=parameters)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_types_of_changes(client: httpx.AsyncClient, gateway: Gateway) -> None:
    assert "event: changes" not in await read(client, gateway, changes("s2"), types="updated,destroyed")
    assert "event: changes" in await read(client, gateway, changes("s2"), types="created")
    assert "event: changes" in await read(client, gateway, changes("s2"), types="changes")


async def test_previews_are_for_those_who_may_read(gateway: Gateway) -> None:
    async with gateway.client("mail.events") as client:
        assert "the body begins" not in await read(client, gateway, changes("s2"))
    async with gateway.client("mail.events+mail.read") as client:
        assert "the body begins" in await read(client, gateway, changes("s2"))


async def test_head_opens_no_stream(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.head(EVENTS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert not gateway.hub.subscribed


async def test_a_silent_stream_has_a_heartbeat() -> None:
    run = Run()
    run.stream.beats = 2
    run.stream.queue.put_nowait(BYE)
    await run.start()
    assert [run.client.frames.get_nowait() for _ in range(2)] == [b":\n\n"] * 2
    assert run.stream.timeouts == [15.0] * 3


async def test_it_ends_with_the_token() -> None:
    run = Run(expires_at=1010.0)
    serving = run.start()
    run.stream.queue.put_nowait(HELLO)
    await run.client.frames.get()
    run.clock.now = 1010.0
    run.stream.queue.put_nowait(changes("s2"))
    await serving
    assert b"event: changes" in run.client.frames.get_nowait()
    last = run.client.frames.get_nowait()
    assert last.startswith(b"retry: 2000\nevent: bye\n")
    assert b'"token-expired"' in last
    assert run.client.ended
    assert run.stream.closed
    assert run.stream.timeouts[0] == 10.0


async def test_a_client_that_leaves_closes_the_stream() -> None:
    run = Run()
    serving = run.start()
    run.stream.queue.put_nowait(HELLO)
    await run.client.frames.get()
    run.client.left.set()
    with pytest.raises(ClientDisconnect):
        await serving
    assert run.stream.closed


async def test_a_slow_client_takes_no_event_from_the_stream() -> None:
    run = Run(client=Client(frames=asyncio.Queue(maxsize=1)))
    for number in range(10):
        run.stream.queue.put_nowait(changes(f"s{number}"))
    serving = run.start()
    assert b"s0" in await run.client.frames.get()
    assert b"s1" in await run.client.frames.get()
    assert run.stream.queue.qsize() >= 6
    run.client.left.set()
    await asyncio.wait([serving])
    assert isinstance(serving.exception(), ClientDisconnect)


async def test_a_client_that_takes_nothing_is_cut_off_with_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.stream._STUCK_SECONDS", 0.01)
    run = Run(client=Client(frames=asyncio.Queue(maxsize=1)), expires_at=1000.0)
    run.client.frames.put_nowait(b"not taken")
    with pytest.raises(AnswerCut):
        await run.start()
    assert run.stream.closed


async def test_a_failure_of_the_source_is_a_bye() -> None:
    run = Run()
    run.stream.queue.put_nowait(ConnectionLost())
    await run.start()
    assert b'"upstream-failed"' in run.client.frames.get_nowait()
    assert run.client.ended


async def test_a_refused_subscription_is_a_problem(
    client: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*arguments: object) -> Stream:
        raise IdExpired("rebuilt", field="since")

    monkeypatch.setattr(gateway.hub, "subscribe", refuse)
    answer = await client.get(EVENTS, params={"since": "s1"})
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/id-expired")


async def test_a_client_is_told_how_long_to_wait_after_a_loss(client: httpx.AsyncClient, gateway: Gateway) -> None:
    text = await read(client, gateway, HELLO)
    assert text.startswith("retry: 2000\nid: s1\nevent: hello\n")  # 1 to 3 s; the double's random number is a half


async def test_ping_is_this_streams_heartbeat(client: httpx.AsyncClient, gateway: Gateway) -> None:
    text = await read(client, gateway, HELLO, ping="120")
    assert '"heartbeatSeconds":120' in text
    assert gateway.hub.stream.timeouts == [120.0] * 2
    for wrong in ("4", "301", "x"):
        answer = await client.get(EVENTS, params={"ping": wrong})
        assert (answer.status_code, answer.json()["field"]) == (400, "ping")


async def test_a_stream_may_end_after_the_first_state(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for event in (HELLO, Resync(folder_id="f1", since=None, reason="rebuilt"), changes("s2"), changes("s3")):
        gateway.hub.stream.queue.put_nowait(event)
    answer = await client.get(EVENTS, params={"closeafter": "state"})
    kinds = [line.removeprefix("event: ") for line in answer.text.split("\n") if line.startswith("event: ")]
    assert kinds == ["hello", "resync", "changes", "bye"]
    assert '"close-after"' in answer.text
    assert "id: s3" not in answer.text
    assert gateway.hub.stream.closed


async def test_what_is_not_wanted_ends_no_stream(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for event in (HELLO, changes("s2"), BYE):
        gateway.hub.stream.queue.put_nowait(event)
    answer = await client.get(EVENTS, params={"closeafter": "state", "types": "destroyed"})
    assert '"drain"' in answer.text
