"""A real Dovecot 2.3 on loopback, started in well under a second and thrown away after."""

from __future__ import annotations

import contextlib
import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from .certificates import Authority
from .dovecot_config import (
    DovecotOptions,
    Layout,
    configuration,
    introspection_configuration,
    mail_owner,
    oauth_configuration,
)
from .orphan import Watchdog
from .ports import free_ports

BINARY = Path("/usr/sbin/dovecot")
MISSING = "Dovecot is not installed: tests on a real server are skipped (Debian: scripts/system-packages)"
_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")


class Dovecot:
    """One server. ``port`` is plain text with STARTTLS, ``tls_port`` implicit TLS; ``ca_file`` verifies both."""

    host = "127.0.0.1"

    def __init__(self, options: DovecotOptions | None = None) -> None:
        self.options = options or DovecotOptions()
        self.root = Path(tempfile.mkdtemp(prefix="gw-dovecot."))
        self._guests = iter(range(self.options.guests))
        self._changed: dict[str, str] = {}
        self._changing = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None
        authority = Authority(self.root / "tls")
        self.ca_file = authority.ca_file
        self._certificate = authority.issue(expired=self.options.expired_certificate)
        self.port, self.tls_port = free_ports(2)
        self._lay_out()

    @staticmethod
    def available() -> bool:
        return BINARY.exists()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start it, and return once it greets. Ports stay the same over a restart."""
        for attempt in range(4):
            self._write_configuration()
            with (self.root / "start.log").open("wb") as log:
                self._process = subprocess.Popen(
                    self._within(BINARY, "-F", "-c", self.root / "dovecot.conf"),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._watchdog = Watchdog(self._process.pid, self.root)
            if self._greets(deadline=time.monotonic() + 15):
                return
            self.stop()
            if attempt == 0 or "Address already in use" in self.log_text():
                self.port, self.tls_port = free_ports(2)
        raise RuntimeError(f"Dovecot did not start:\n{(self.root / 'start.log').read_text()}{self.log_text()}")

    def stop(self) -> None:
        """End it, clients' connections included, and return when it is gone. ``start()`` brings it back."""
        process = self._let_go()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)

    def terminate(self) -> None:
        """Send SIGTERM and return at once, as an administrator's restart does."""
        if self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        process = self._let_go()
        if process is not None:  # nobody needs its good-byes any more
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        shutil.rmtree(self.root, ignore_errors=True)

    def _let_go(self) -> subprocess.Popen[bytes] | None:
        process, self._process = self._process, None
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.dismiss()
        return process

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("Dovecot is not running")
        return self._process.pid

    def guest(self) -> tuple[str, str]:
        """A user that no other test has: name and password."""
        number = next(self._guests)
        return f"guest{number}", f"guest{number}pw"

    def password(self, user: str) -> str:
        name = user.partition("@")[0]
        return self._changed.get(name) or self.options.users.get(name, f"{name}pw")

    def change_password(self, user: str, password: str) -> None:
        """As a user may: once this returns sign-ins need the new one; connections that are open stay."""
        with self._changing:
            self._changed[user.partition("@")[0]] = password
            self._write_users()
        deadline = time.monotonic() + 10
        while True:  # the server looks at its file once a second
            try:
                self.client(user).logout()
            except imaplib.IMAP4.error:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def client(self, user: str, password: str | None = None) -> imaplib.IMAP4:
        """A signed-in client of the standard library, to prepare and to look at a mailbox independently."""
        client = imaplib.IMAP4(self.host, self.port, timeout=20)
        try:
            client.login(user, password or self.password(user))
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
        return client

    def who(self, user: str | None = None) -> int:
        """How many IMAP connections are signed in, in all or as ``user``."""
        table = self.doveadm("who", "-1")
        names = Counter(line.split()[0] for line in table.splitlines()[1:] if line.strip())
        return names.total() if user is None else names[user]

    def kick(self, user: str) -> None:
        """End all of a user's connections, as an administrator may."""
        self.doveadm("kick", user, check=False)

    def doveadm(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            self._within("doveadm", "-c", self.root / "dovecot.conf", *arguments),
            check=check,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.stdout

    def log_text(self) -> str:
        log = self.root / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def home(self, user: str) -> Path:
        return self.root / "mail" / user.partition("@")[0].lower()

    def _within(self, *command: str | Path) -> list[str | Path]:
        """A command line for where the server's programs are."""
        return [*command]

    def _configuration(self, layout: Layout) -> str:
        return configuration(self.options, layout)

    def _lay_out(self) -> None:
        options, root = self.options, self.root
        root.chmod(0o755)
        for name in ("run", "state", "mail", "public", "shared"):
            (root / name).mkdir()
        self._write_users()
        if options.master:
            name, word = options.master
            (root / "masters").write_text(f"{name}:{{PLAIN}}{word}::::::\n")
        if options.oauth:
            (root / "oauth2.conf.ext").write_text(oauth_configuration(options.oauth))
            (root / "introspection.conf.ext").write_text(introspection_configuration(options.oauth))
        if options.full:
            self._lay_out_public()
        if os.getuid() == 0:
            uid, gid = mail_owner()
            for name in ("mail", "public", "shared"):
                for path in [root / name, *(root / name).rglob("*")]:
                    os.chown(path, uid, gid)
            _allow_many_watches()

    def _write_users(self) -> None:
        guests = {f"guest{n}": f"guest{n}pw" for n in range(self.options.guests)}
        users = dict(self.options.users) | guests | self._changed
        written = self.root / "users.new"
        written.write_text("".join(f"{name}:{{PLAIN}}{word}::::::\n" for name, word in users.items()))
        written.replace(self.root / "users")

    def _lay_out_public(self) -> None:
        news = self.root / "public" / ".News"
        for name in ("cur", "new", "tmp"):
            (news / name).mkdir(parents=True)
        (news / "dovecot-acl").write_text("authenticated lrs\nuser=alice lrswitep\n")

    def _write_configuration(self) -> None:
        layout = Layout(self.root, self.port, self.tls_port, self._certificate.chain, self._certificate.key)
        (self.root / "dovecot.conf").write_text(self._configuration(layout))

    def _greets(self, deadline: float) -> bool:
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                return False
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=5) as sock:
                if sock.recv(64).startswith(b"* OK"):
                    return True
            time.sleep(0.02)
        return False


def _allow_many_watches() -> None:
    """With Linux's default of 128 inotify instances a user, Dovecot's pushes silently turn into polling."""
    with contextlib.suppress(OSError, ValueError):
        if int(_INOTIFY.read_text()) < 4096:
            _INOTIFY.write_text("4096")
