"""A real Cyrus IMAP on loopback, in a Debian root of its own (its package excludes Dovecot's)."""

from __future__ import annotations

import contextlib
import imaplib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from .certificates import Authority
from .debian_root import complete, debian_root, entering
from .dovecot_config import BASE_USERS
from .orphan import Watchdog
from .ports import free_ports

MISSING = "Cyrus is not here: tests on it are skipped (scripts/system-packages makes it, as root on Linux)"
_DIRECTORIES = (
    *(f"conf/{name}" for name in ("db", "socket", "log", "msg", "user", "quota")),
    *("proc", "lock", "spool", "sieve", "socket", "tls"),
)


class Cyrus:
    """One server. Mailboxes, with the usual folders, are made as their user signs in first."""

    host = "127.0.0.1"

    def __init__(self, users: Mapping[str, str] = BASE_USERS, guests: int = 600) -> None:
        self.users = dict(users) | {f"guest{number}": f"guest{number}pw" for number in range(guests)}
        self._guests = iter(range(guests))
        self.root = Path(tempfile.mkdtemp(prefix="gw-cyrus."))
        self.port, self.tls_port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None
        for name in _DIRECTORIES:
            (self.root / name).mkdir(parents=True)
        authority = Authority(self.root / "tls")
        self.ca_file = authority.ca_file
        authority.issue()
        (self.root / "imapd.conf").write_text(_imapd(self.root, self.port))
        (self.root / "cyrus.conf").write_text(_services(self.root, self.port, self.tls_port))

    @staticmethod
    def available() -> bool:
        return complete("cyrus")

    def __enter__(self) -> Self:
        self.root.chmod(0o755)
        words = self.users | {"cyrus": "cyruspw"}
        passwords = self.root / "sasldb2"
        digest = sha256(repr(sorted(words.items())).encode()).hexdigest()[:16]
        kept = debian_root("cyrus") / "var/tmp" / f"sasldb2-{digest}"
        if not kept.exists():
            self._write(words, passwords)
            part = kept.with_name(f"{kept.name}.{os.getpid()}")
            shutil.copy(passwords, part)
            part.replace(kept)
        shutil.copy(kept, passwords)
        self._run("chown", "-R", "cyrus:mail", str(self.root)).wait(60)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self) -> None:
        root = self.root
        self._process = self._run(
            "/usr/sbin/cyrmaster", "-D", "-C", f"{root}/imapd.conf", "-M", f"{root}/cyrus.conf", "-p", f"{root}/pid"
        )
        self._watchdog = Watchdog(self._process.pid, root)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=10) as sock:
                if sock.recv(64).startswith(b"* OK"):
                    return
            time.sleep(0.05)
        raise RuntimeError(f"Cyrus did not start:\n{(root / 'start.log').read_text()}")

    def stop(self) -> None:
        process, self._process = self._process, None
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.dismiss()
        if process is None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)

    def guest(self) -> tuple[str, str]:
        """A user that no other test has: name and password."""
        name = f"guest{next(self._guests)}"
        return name, self.users[name]

    def client(self, user: str, password: str | None = None) -> imaplib.IMAP4:
        client = imaplib.IMAP4(self.host, self.port, timeout=20)
        try:
            client.login(user, password or self.users[user])
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
        return client

    def _write(self, words: Mapping[str, str], passwords: Path) -> None:
        """A program a user, so a quarter of a minute for hundreds of them; the file is kept for the next server."""
        lines = (
            f"printf %s '{word}' | saslpasswd2 -p -c -f '{passwords}' -u localhost '{name}'\n"
            for name, word in words.items()
        )
        self._run("sh", "-ec", "".join(lines)).wait(100)

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.root / "start.log").open("ab") as log:
            return subprocess.Popen(
                entering("cyrus", [self.root], command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _services(root: Path, port: int, tls_port: int) -> str:
    program = f"/usr/lib/cyrus/bin/imapd -C {root}/imapd.conf"
    return f"""\
START {{
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{program} -U 30" listen="127.0.0.1:{port}" proto="tcp4" prefork=1 maxchild=300
  imaps cmd="{program} -s -U 30" listen="127.0.0.1:{tls_port}" proto="tcp4" prefork=0 maxchild=300
}}
DAEMON {{
  idled cmd="/usr/lib/cyrus/bin/idled -C {root}/imapd.conf"
}}
"""


def _imapd(root: Path, port: int) -> str:
    special = ("Sent", "Drafts", "Trash", "Junk", "Archive")
    roles = "\n".join(f"xlist-{name.lower()}: {name}" for name in special)
    return f"""\
configdirectory: {root}/conf
proc_path: {root}/proc
mboxname_lockpath: {root}/lock
defaultpartition: default
partition-default: {root}/spool
sievedir: {root}/sieve
servername: localhost
admins: cyrus
altnamespace: yes
unixhierarchysep: yes
virtdomains: off
allowplaintext: yes
munge8bit: no
idlesocket: {root}/socket/idle
notifysocket: {root}/socket/notify
lmtpsocket: {root}/socket/lmtp
syslog_prefix: cyrus-{port}
autocreate_quota: 10240
autocreate_inbox_folders: {"|".join(special)}
autocreate_subscribe_folders: {"|".join(special)}
{roles}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: PLAIN LOGIN
tls_server_cert: {root}/tls/server.pem
tls_server_key: {root}/tls/server.key
conversations: yes
conversations_db: twoskip
"""
