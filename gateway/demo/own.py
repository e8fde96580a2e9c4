"""One's own mailbox: where it is, from the command line, and its password, from the terminal or a file."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from gateway.demo.upstream import Upstream
from gateway.errors import ConfigurationError
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret

_PASSWORD_MAX = 4096  # octets


def own_mailbox(options: argparse.Namespace) -> Upstream:
    """Raises ConfigurationError where the password can't be had."""
    port = options.imap_port or (143 if options.starttls else 993)
    ca_file = str(options.ca_file) if options.ca_file else None
    endpoint = Endpoint(options.imap_host, port, "starttls" if options.starttls else "implicit", ca_file)
    return Upstream(endpoint, options.user, _password(options.password_file, f"{options.user} at {endpoint}"))


def _password(file: Path | None, account: str) -> Secret:
    if file is not None:
        where = str(file)
        try:
            text = file.read_bytes()[: _PASSWORD_MAX + 1].decode().removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError("can't be read", key="--password-file", where=where) from error
    elif sys.stdin.isatty():
        where = "terminal"
        text = getpass.getpass(f"Password of {account}: ")
    else:
        raise ConfigurationError(
            "there is no terminal to ask for the password on; use it", key="--password-file", where="command line"
        )
    if not text:
        raise ConfigurationError("the password is empty", key="--password-file", where=where)
    return Secret(text)
