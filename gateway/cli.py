"""The command line: ``gateway demo | serve | check | accounts | keys | openapi``.

Each subcommand imports what it needs and no more.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gateway.errors import ConfigurationError

_DESCRIPTION = "Mail folders, messages, flags and live events over HTTP and OAuth, for any IMAP server."
USAGE_ERROR = 2  # the exit status of a wrong command line or configuration, as argparse has it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit status. A configuration error is one line on standard error."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except ConfigurationError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return 130


class _Command(argparse.ArgumentParser):
    """Options are spelled out: ``--password`` must not pass for ``--password-file``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description=_DESCRIPTION, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=_Command)
    _add_demo(
        commands.add_parser(
            "demo", help="try it: a page, on sample mail, on your own mailbox or in front of your own configuration"
        )
    )
    serve = commands.add_parser("serve", help="run the gateway")
    _add_config(serve)
    serve.set_defaults(run=_serve)
    check = commands.add_parser("check", help="validate the configuration, connect, say step by step what works")
    _add_config(check)
    check.add_argument(
        "--account", metavar="ADDRESS", help="also sign in to this account, where configuration allows it"
    )
    check.add_argument("--token-file", metavar="FILE", type=Path, help="the account's access token, for pass_through")
    check.set_defaults(run=_check)
    accounts = commands.add_parser("accounts", help="the database of linked accounts")
    acts = accounts.add_subparsers(required=True, metavar="action", parser_class=_Command)
    migrate = acts.add_parser("migrate", help="bring its tables up to date")
    _add_config(migrate)
    migrate.set_defaults(run=_migrate)
    _add_keys(commands.add_parser("keys", help="the keys that linked accounts' secrets are sealed with"))
    openapi = commands.add_parser("openapi", help="print the OpenAPI document")
    openapi.set_defaults(run=_openapi)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="TOML file; without it the settings come from GATEWAY__ variables"
    )


def _add_keys(keys: argparse.ArgumentParser) -> None:
    acts = keys.add_subparsers(required=True, metavar="action", parser_class=_Command)
    generate = acts.add_parser("generate", help="make a key, for accounts.keys")
    generate.add_argument("--out", metavar="FILE", type=Path, help="a new file, for this user alone; default: print it")
    generate.set_defaults(run=_generate_key)
    rotate = acts.add_parser("rotate", help="seal everything with the first key of accounts.keys; safe at any time")
    _add_config(rotate)
    rotate.set_defaults(run=_rotate_keys)


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument(
        "--port", type=int, default=8080, help="port of the page and the API; 0: any (default: %(default)s)"
    )
    demo.add_argument(
        "--deliver-every", type=_seconds, default=20.0, metavar="SECONDS", help="a new sample message; 0: none"
    )
    demo.add_argument("--ready-file", type=Path, metavar="FILE", help="write URL and token here as JSON, once it runs")
    own = demo.add_argument_group("your own mailbox instead of the sample mail; the password is asked for")
    own.add_argument("--imap-host", metavar="HOST")
    own.add_argument("--imap-port", type=int, metavar="PORT", help="default: 993, or 143 with --starttls")
    own.add_argument("--user", metavar="NAME", help="what the mail server wants to hear, mostly the address")
    own.add_argument("--starttls", action="store_true", help="begin in plain text and turn to TLS before signing in")
    own.add_argument("--ca-file", type=Path, metavar="FILE", help="PEM file of the authority to trust")
    own.add_argument("--password-file", type=Path, metavar="FILE", help="read the password from a file")
    configured = demo.add_argument_group(
        "your own configuration: its first issuer signs you in, its mail server is asked"
    )
    configured.add_argument("--config", metavar="FILE", type=Path, help="TOML file, as for serve")
    configured.add_argument("--client-id", metavar="ID", help="the page's: a public client of the issuer")
    demo.set_defaults(run=_demo, parser=demo)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError("must be from 0 to 86400")
    return value


def _serve(options: argparse.Namespace) -> int:
    gc.set_threshold(200_000)  # loading makes much that stays; ``serve`` sets what the work needs
    from gateway.serve import serve
    from gateway.settings.load import load

    return serve(load(options.config))


def _check(options: argparse.Namespace) -> int:
    from gateway.check import check
    from gateway.settings.load import load

    settings = load(options.config)
    return check(settings, account=options.account, token_file=options.token_file, write=sys.stdout.write)


def _migrate(options: argparse.Namespace) -> int:
    from gateway.accounts.upkeep import migrate_now
    from gateway.settings.load import load

    return migrate_now(load(options.config).accounts, sys.stdout.write)


def _generate_key(options: argparse.Namespace) -> int:
    from gateway.accounts.upkeep import generate_key

    return generate_key(options.out, sys.stdout.write)


def _rotate_keys(options: argparse.Namespace) -> int:
    from gateway.accounts.upkeep import rotate_now
    from gateway.settings.load import load

    return rotate_now(load(options.config).accounts, sys.stdout.write)


def _openapi(_: argparse.Namespace) -> int:
    import json

    from gateway.http.table import openapi

    try:
        print(json.dumps(openapi(), indent=2, ensure_ascii=False), flush=True)
    except BrokenPipeError:  # who reads has enough, as in `gateway openapi | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _demo(options: argparse.Namespace) -> int:
    for one, other in (("imap_host", "user"), ("config", "client_id")):
        if (getattr(options, one) is None) != (getattr(options, other) is None):
            options.parser.error(f"--{one} and --{other} belong together".replace("_", "-"))
    if options.imap_host and options.config:
        options.parser.error("--imap-host and --config are two ways")
    from gateway.demo.configured import Configured
    from gateway.demo.own import own_mailbox
    from gateway.demo.run import Plan, run

    own = Configured.read(options.config, options.client_id) if options.config else None
    shown = own or (own_mailbox(options) if options.imap_host else None)
    return run(Plan(options.port, options.deliver_every, options.ready_file, shown))
