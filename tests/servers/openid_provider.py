"""A certified OpenID provider on loopback (npm's oidc-provider), and a client that gets tokens from it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from .orphan import Watchdog
from .ports import free_port

MISSING = "node and npm are not installed, or their registry is out of reach: no OpenID provider is tried"
SOURCE = Path(__file__).parent / "idp"
SCOPES = "mail.read mail.metadata mail.modify mail.delete mail.folders mail.events"
REDIRECT = "http://127.0.0.1:65001/callback"
Keys = Literal["keep", "rotate", "forget"]


def installed() -> Path | None:
    """A folder with the provider and what it needs, made once for each lock; None where that can't be done."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    lock = sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]
    ready = Path(tempfile.gettempdir()) / f"gw-openid-provider-{os.getuid()}-{lock}"
    if not (ready / "node_modules").is_dir():
        making = Path(tempfile.mkdtemp(prefix="gw-openid-provider."))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, making)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=making, capture_output=True, timeout=120, check=False)
        if done.returncode != 0:
            shutil.rmtree(making, ignore_errors=True)
            return None
        with suppress(OSError):  # another process was first
            making.rename(ready)
        shutil.rmtree(making, ignore_errors=True)
    return ready


class OpenIdProvider:
    """One provider. What it knows of opaque tokens ends with ``restart``; its signing keys need not."""

    def __init__(
        self, folder: Path, *, audience: str, typ: str = "at+jwt", session: int = 3600, lifetime: int = 300
    ) -> None:
        self._folder = folder
        self._session = session
        self._typ = typ
        self.lifetime = lifetime  # seconds, of tokens got by exchange
        self.audience = audience
        self.port = free_port()
        # not pytest's own directory: Dovecot reads the public keys, and runs as another user
        self.state = Path(tempfile.mkdtemp(prefix="gw-idp."))
        self.state.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pem(self) -> Path:
        """Public keys as Dovecot looks them up."""
        return self.state / "pem"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def start(self, keys: Keys = "keep") -> None:
        source = shutil.copy(SOURCE / "provider.js", self._folder / f"provider-{self.port}.js")
        environ = {"PORT": str(self.port), "STATE": str(self.state), "AUDIENCE": self.audience, "TYP": self._typ}
        environ["SESSION"] = str(self._session)
        environ["LIFETIME"] = str(self.lifetime)
        with (self.state / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["node", source],
                cwd=self._folder,
                env={**os.environ, **environ, "KEYS": keys},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._watchdog = Watchdog(self._process.pid, self.state)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx.TransportError):
                httpx.get(f"{self.issuer}/.well-known/openid-configuration", timeout=5, trust_env=False)
                Path(source).unlink()
                return
            time.sleep(0.05)
        raise RuntimeError(f"the provider did not start:\n{(self.state / 'log').read_text()}")

    def stop(self) -> None:
        process, self._process = self._process, None
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.dismiss()
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)

    def suspend(self) -> None:
        """It answers nothing until ``resume``, and knows all that it knew."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def restart(self, keys: Keys) -> None:
        self.stop()
        self.start(keys)

    def served(self, what: str) -> int:
        """How often since it was first started; ``what`` as the provider logs it: ``introspection dovecot - 200``."""
        return (self.state / "log").read_text().splitlines().count(what)

    def sign_in(self, user: str, client: Literal["signed", "opaque"], **options: Any) -> dict[str, Any]:
        """The token answer of an authorization code grant with PKCE (RFC 7636), as a browser would go through it.

        ``options``: ``scope``; ``headers`` of the token request, such as a DPoP proof.
        """
        verifier = secrets.token_urlsafe(48)
        digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": client,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": f"openid email {options.get('scope', SCOPES)}",
            "resource": self.audience,
            "code_challenge": digest,
            "code_challenge_method": "S256",
        }
        with httpx.Client(base_url=self.issuer, trust_env=False, timeout=20) as browser:
            code = self._authorized(browser, asked, user)
            grant = {"grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": REDIRECT}
            form = {**grant, "code_verifier": verifier, "resource": self.audience}
            return self._token(browser, form, options.get("headers"))

    def walk(self, url: str, user: str, back: str) -> str:
        """What a person's browser does with an authorization URL: the URL below ``back`` that it is sent to."""
        with httpx.Client(base_url=self.issuer, trust_env=False, timeout=20) as browser:
            return self._walked(browser, browser.get(url), user, back)

    def client_credentials(self) -> dict[str, Any]:
        """The token answer for ``robot``, on behalf of no user."""
        form = {"grant_type": "client_credentials", "scope": SCOPES, "resource": self.audience}
        with httpx.Client(base_url=self.issuer, trust_env=False, auth=("robot", "robot-secret")) as client:
            return self._token(client, form, None)

    def revoke(self, token: str, client: str, secret: str | None = None) -> None:
        """RFC 7009"""
        auth = httpx.BasicAuth(client, secret) if secret is not None else None
        form = {"token": token, "client_id": client} if auth is None else {"token": token}
        httpx.post(f"{self.issuer}/token/revocation", data=form, auth=auth, trust_env=False).raise_for_status()

    def _authorized(self, browser: httpx.Client, asked: Mapping[str, str], user: str) -> str:
        place = self._walked(browser, browser.get("/auth", params=dict(asked)), user, REDIRECT)
        return parse_qs(urlsplit(place).query)["code"][0]

    def _walked(self, browser: httpx.Client, answer: httpx.Response, user: str, back: str) -> str:
        for _ in range(10):
            place = str(answer.headers.get("location", ""))
            if place.startswith(back):
                return place
            if answer.is_redirect:
                answer = browser.get(place)
            else:
                answer = browser.post(answer.url, data={"user": user, "password": f"{user}pw"})
        raise AssertionError(f"no way back to the client: {answer.status_code} {answer.text}")

    def _token(
        self, client: httpx.Client, form: Mapping[str, str], headers: Mapping[str, str] | None
    ) -> dict[str, Any]:
        answer = client.post("/token", data=dict(form), headers=dict(headers or {}))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
