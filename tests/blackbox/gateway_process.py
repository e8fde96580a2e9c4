"""The real gateway as its users run it: ``gateway serve`` in a process of its own, on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.servers.ports import free_ports
from tests.servers.tokens import TokenIssuer


def plain_http(base_url: str, timeout: float) -> httpx.Client:
    """A client for loopback without TLS: it loads no authorities, which takes longer than most of what is asked."""
    return httpx.Client(base_url=base_url, timeout=timeout, trust_env=False, verify=False)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The mail server behind a gateway, and how the gateway signs in to it."""

    host: str
    port: int
    ca_file: Path | None
    auth: Mapping[str, str]
    username: str = "{address}"
    tls: str = "implicit"
    provider: str = "test"
    ignore: tuple[str, ...] = ()


@dataclass
class GatewayProcess:
    """``settings`` adds lines to a TOML table, by its name; ``command`` is what runs the gateway.

    ``issuer`` stands for the issuer of ``tokens``; a table in it is one of the file's.
    """

    upstream: Upstream
    tokens: TokenIssuer
    profile: str = "keycloak"
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    issuer: Mapping[str, object] | None = None
    command: Sequence[str] = (sys.executable, "-m", "gateway")

    def __post_init__(self) -> None:
        self.port, self.management_port = free_ports(2)
        self.root = Path(tempfile.mkdtemp(prefix="gw-serve."))
        weakref.finalize(self, shutil.rmtree, self.root, ignore_errors=True)  # its log can be read until then
        self.config = self.root / "gateway.toml"
        self.log = self.root / "gateway.log"
        self.config.write_text(self._toml())
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def management_url(self) -> str:
        return f"http://127.0.0.1:{self.management_port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """At once: how a gateway ends in good order is looked at where that is what a test is about."""
        self.stop(signal.SIGKILL)

    def start(self) -> None:
        command = [*self.command, "serve", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environ}
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._ready():
                return
            time.sleep(0.05)
        raise RuntimeError(f"the gateway did not start:\n{self.log.read_text()}")

    def _ready(self) -> bool:
        try:
            with plain_http(self.management_url, timeout=2) as http:
                return http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, signum: int = signal.SIGTERM, timeout: float = 20) -> int | None:
        """End it; its exit status."""
        process, self.process = self.process, None
        if process is None:
            return None
        process.send_signal(signum)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
            raise

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def memory(self) -> int:
        """Resident octets."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def headers(self, user: str, **claims: object) -> dict[str, str]:
        token = self.tokens.token(user, profile="keycloak" if self.profile == "keycloak" else "rfc9068", **claims)  # type: ignore[arg-type]
        return {"Authorization": f"Bearer {token}"}

    def client(self, user: str) -> httpx.AsyncClient:
        """A client whose base is the user's account."""
        return httpx.AsyncClient(
            base_url=f"{self.url}/v1/accounts/me",
            headers=self.headers(user, ttl=3000),
            timeout=30,
            trust_env=False,
            verify=False,
        )

    def metrics(self) -> str:
        """What is told to Prometheus."""
        with plain_http(self.management_url, timeout=5) as http:
            return http.get("/metrics").text

    def metric(self, name: str) -> float:
        """The sum of a metric's samples."""
        lines = (line for line in self.metrics().splitlines() if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def _toml(self) -> str:
        up = self.upstream
        imap: dict[str, object] = {"host": up.host, "port": up.port, "tls": up.tls}
        if up.tls == "none":
            imap["allow_plaintext"] = True
        if up.ca_file is not None:
            imap["ca_file"] = str(up.ca_file)
        provider = {
            "name": up.provider,
            "domains": ["example.org"],
            "username": up.username,
            "disable_capabilities": list(up.ignore),
        }
        issuer = self.issuer or {
            "issuer": self.tokens.issuer,
            "audience": self.tokens.audience,
            "profile": self.profile,
            "jwks_file": str(self.tokens.jwks_file),
        }
        inner = {name: value for name, value in issuer.items() if isinstance(value, Mapping)}
        flat = {name: value for name, value in issuer.items() if name not in inner}
        server = {"bind": f"127.0.0.1:{self.port}", "management_bind": f"127.0.0.1:{self.management_port}"}
        tables: dict[str, dict[str, object]] = {"server": {**server, **self.settings.get("server", {})}}
        tables["rates"] = {"enabled": False}  # one user's tests are many
        tables |= {name: dict(table) for name, table in self.settings.items() if name != "server"}
        text = "".join(_table(f"[{name}]", table) for name, table in tables.items())
        text += _table("[[issuers]]", flat)
        text += "".join(_table(f"[issuers.{name}]", value) for name, value in inner.items())
        text += _table("[[providers]]", provider)
        return text + _table("[providers.imap]", imap) + _table("[providers.auth]", dict(up.auth))


def _table(header: str, values: Mapping[str, object]) -> str:
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return f"{header}\n{lines}\n"
