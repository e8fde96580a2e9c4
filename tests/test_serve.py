"""``gateway serve`` from start to an end that cuts no answer."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream

from .servers.dovecot import Dovecot
from .servers.tokens import TokenIssuer

LOAD = 8


@pytest.fixture
def serving(dovecot: Dovecot, tokens: TokenIssuer, tmp_path: Path) -> GatewayProcess:
    password = tmp_path / "master"
    password.write_text("masterpw")
    auth = {"method": "master_user", "user": "gateway", "password_file": str(password)}
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, auth)
    return GatewayProcess(upstream, tokens, settings={"server": {"drain_seconds": 8}})


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.alone
async def test_a_signal_under_load_cuts_no_answer_and_logs_out(
    dovecot: Dovecot, serving: GatewayProcess, signum: int
) -> None:
    guest, _ = dovecot.guest()
    with serving:
        async with serving.client(guest) as client:
            assert (await client.get("/folders")).status_code == 200
            assert connections(dovecot, guest) > 0
            asking = [asyncio.create_task(load(client)) for _ in range(LOAD)]
            stream = asyncio.create_task(last_event(client))
            await until_watched(serving)
            ready, status = await asyncio.gather(
                asyncio.to_thread(until_unready, serving), asyncio.to_thread(serving.stop, signum)
            )
            answered = await asyncio.gather(*asking)
            bye = await stream

    assert status == 0
    assert ready
    assert all(count > 0 for count in answered)
    assert bye["reason"] == "drain"
    assert isinstance(bye["retry"], int)
    assert connections(dovecot, guest) == 0


def test_it_may_have_as_many_connections_as_the_system_allows(serving: GatewayProcess) -> None:
    """It is given few files unasked, as by most systems."""
    few, most = 256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    serving.command = ("sh", "-c", f'ulimit -Sn {few}; exec "$@"', "sh", *serving.command)
    with serving:
        assert resource.prlimit(serving.pid, resource.RLIMIT_NOFILE) == (most, most)


def test_a_port_in_use_is_one_line_and_status_2(serving: GatewayProcess) -> None:
    with serving:
        ran = subprocess.run(
            [sys.executable, "-m", "gateway", "serve", "--config", str(serving.config)],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    assert ran.returncode == 2
    assert "server.bind" in ran.stderr.splitlines()[-1]
    assert "in use" in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


def connections(dovecot: Dovecot, user: str) -> int:
    lines = dovecot.doveadm("who", "-1").splitlines()
    return sum(line.split()[0].partition("@")[0] == user for line in lines if line.strip())


async def load(client: httpx.AsyncClient) -> int:
    """Requests one after the other until nobody listens any more; every answer has to be whole."""
    count = 0
    while True:
        try:
            answer = await client.get("/folders")
        except httpx.ConnectError:
            return count
        assert answer.status_code in {200, 503}
        json.loads(answer.content)
        count += 1


async def last_event(client: httpx.AsyncClient) -> dict[str, object]:
    data = ""
    async with client.stream("GET", "/events", params={"folders": "inbox"}) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                data = line[5:]
    found: dict[str, object] = json.loads(data)
    return found


async def until_watched(serving: GatewayProcess) -> None:
    async with asyncio.timeout(10):
        while await asyncio.to_thread(serving.metric, "imapgw_watchers") < 1:
            await asyncio.sleep(0.05)


def until_unready(serving: GatewayProcess) -> bool:
    """Whether readiness said no while the port was still open."""
    while True:
        try:
            answer = httpx.get(f"{serving.management_url}/readyz", timeout=2, trust_env=False)
        except httpx.TransportError:
            return False
        if answer.status_code == 503:
            return True
