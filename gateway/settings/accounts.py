"""Settings of accounts that users link, and of the servers that they may name."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from gateway.settings.section import Positive, Seconds, Section


class SealingKey(Section, kw_only=True, frozen=True):
    """A key that secrets of linked accounts are sealed with: 32 octets, as `gateway keys generate` writes them."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,32}$", description="told beside what it sealed; never reused")]
    file: Annotated[str | None, Meta(description="file that holds the key")] = None
    env: Annotated[str | None, Meta(description="or the environment variable")] = None


class Accounts(Section, kw_only=True, frozen=True):
    """Accounts that users link (docs/accounts.md), and mail servers that they name or that are found for them.

    Providers' own servers are not restricted by it.
    """

    database: Annotated[
        str | None,
        Meta(
            description="`sqlite+aiosqlite:///FILE` or `postgresql+psycopg://…`; default: a file `accounts.db` in "
            "`$STATE_DIRECTORY`, else in `$XDG_STATE_HOME/imap-gateway`"
        ),
    ] = None
    database_file: Annotated[str | None, Meta(description="file that holds it, where it has a password in it")] = None
    migrate_at_start: Annotated[
        bool, Meta(description="bring the database's tables up to date at start; else by `gateway accounts migrate`")
    ] = True
    keys: Annotated[
        tuple[SealingKey, ...], Meta(description="the first one seals, all of them open what they sealed")
    ] = ()
    return_to: Annotated[
        tuple[str, ...], Meta(description="pages that may be returned to after a sign-in at a provider, word for word")
    ] = ()
    per_caller: Annotated[Positive, Meta(description="most accounts that one caller may link")] = 20
    any_server: Annotated[
        bool, Meta(description="accounts of mail servers that no provider here has may be linked, with a password")
    ] = False
    allowed_hosts: Annotated[
        tuple[str, ...], Meta(description="hosts that users may name although their addresses are not public")
    ] = ()
    allowed_networks: Annotated[
        tuple[str, ...], Meta(description="networks such as `10.1.0.0/16` that users' mail servers may be in")
    ] = ()
    refused_networks: Annotated[
        tuple[str, ...],
        Meta(description="networks that they may not be in although they are public, such as the gateway's own"),
    ] = ()
    ports: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=65535)], ...], Meta(description="ports that users may name")
    ] = (143, 465, 587, 993)
    nameservers: Annotated[
        tuple[str, ...], Meta(description="address or address:port of the DNS servers asked; default: the system's")
    ] = ()
    ca_file: Annotated[str | None, Meta(description="PEM file of the authority to trust, instead of the system's")] = (
        None
    )
    autoconfig_url: Annotated[
        str | None,
        Meta(description="a database of mail settings that is asked last, such as `https://db.example.org/{domain}`"),
    ] = None
    find_seconds: Annotated[Seconds, Meta(description="how long finding a server, or verifying one, may take")] = 20.0
