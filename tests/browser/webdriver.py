"""A browser under remote control: ChromeDriver in a process of its own (W3C WebDriver)."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.browser.chromium import BINARY, FLAGS
from tests.servers.ports import free_ports

DRIVER = Path("/usr/bin/chromedriver")
MISSING = "Chromium and ChromeDriver are not installed: the page is not tried (Debian: apt-get install chromium-driver)"


class Page:
    """One window, 1280 by 800. ``elsewhere``: hosts with ports that the browser finds in another place."""

    def __init__(self, elsewhere: Mapping[str, str] | None = None) -> None:
        self._rules = ", ".join(f"MAP {name} {place}" for name, place in (elsewhere or {}).items())
        (port,) = free_ports(1)
        self._url = f"http://127.0.0.1:{port}"
        self._profile = Path(tempfile.mkdtemp(prefix="gw-webdriver."))
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.AsyncClient(timeout=60, trust_env=False)
        self._session = ""

    @staticmethod
    def available() -> bool:
        return BINARY.exists() and DRIVER.exists()

    async def __aenter__(self) -> Self:
        port = self._url.rpartition(":")[2]
        self._process = subprocess.Popen(
            [DRIVER, f"--port={port}", "--log-level=SEVERE"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(30):
            while not await self._answers():
                await asyncio.sleep(0.05)
        arguments = [
            *FLAGS,
            f"--host-resolver-rules={self._rules}",
            f"--user-data-dir={self._profile}",
            "--window-size=1280,800",
            "--force-device-scale-factor=1",
        ]
        options = {"binary": str(BINARY), "args": arguments}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self._session = f"/session/{(await self._post('/session', wanted))['sessionId']}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._http.delete(self._url + self._session)
        await self._http.aclose()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._profile, ignore_errors=True)

    async def open(self, url: str) -> None:
        await self._post(f"{self._session}/url", {"url": url})

    async def run(self, script: str, *arguments: object) -> Any:
        """What the page's script returns."""
        return await self._post(f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    async def until(self, script: str, *arguments: object, timeout: float = 20) -> Any:
        """Ask until the script returns something true. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not (found := await self.run(script, *arguments)):
                await asyncio.sleep(0.02)
        return found

    async def network(self, *, on: bool) -> None:
        """Whether the browser has a network; without one it says so to its pages."""
        conditions = {"offline": not on, "latency": 0, "throughput": 1 << 30}
        await self._post(f"{self._session}/chromium/network_conditions", {"network_conditions": conditions})

    async def picture(self) -> bytes:
        """A PNG of what is seen."""
        answer = await self._http.get(f"{self._url}{self._session}/screenshot")
        return base64.b64decode(answer.json()["value"])

    async def _answers(self) -> bool:
        try:
            return bool((await self._http.get(f"{self._url}/status")).json()["value"]["ready"])
        except httpx.TransportError:
            return False

    async def _post(self, path: str, body: object) -> Any:
        answer = await self._http.post(self._url + path, json=body)
        value = answer.json()["value"]
        assert answer.status_code == 200, value
        return value
