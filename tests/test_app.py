"""What the composition wires: sessions that count what they say, as their provider's settings want them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from gateway.accounts.reach import Reach
from gateway.app import Opener, build
from gateway.errors import ConfigurationError, ConnectFailed, LocalError, Refused, TlsFailed
from gateway.http.management import create_management_app
from gateway.imap.credential import Password
from gateway.imap.encode.fetch_item import Item
from gateway.imap.endpoint import Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.uids import UidSet
from gateway.metrics import Metrics
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.accounts import Accounts
from gateway.settings.model import Audit, Issuer, Limits, PassThrough, Provider, Settings
from gateway.settings.model import Endpoint as ImapSettings
from tests.servers.dovecot import Dovecot
from tests.servers.nameserver import NameServer


def target(dovecot: Dovecot, *, compress: bool = False) -> Target:
    user, password = dovecot.guest()
    endpoint = Endpoint(dovecot.host, dovecot.tls_port, "implicit", str(dovecot.ca_file))
    return Target(user, "example", endpoint, Password(user, Secret(password)), compress=compress)


async def page(metrics: Metrics) -> dict[str, float]:
    """Names with labels, and values, as an operator's Prometheus reads them."""
    transport = httpx.ASGITransport(app=create_management_app(metrics, lambda: True))
    async with httpx.AsyncClient(transport=transport, base_url="http://management") as client:
        lines = (await client.get("/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


async def test_commands_are_counted_on_the_metrics_page(dovecot: Dovecot) -> None:
    metrics = Metrics(["example"])
    session = await Opener(Limits(), metrics)(target(dovecot))
    await session.select(MailboxName(b"INBOX"))
    for _ in range(3):
        await session.fetch(UidSet.from_(1), [Item.FLAGS])
    with pytest.raises(Refused):
        await session.select(MailboxName(b"canary-none-such"))
    await session.logout()
    values = await page(metrics)

    def count(command: str, outcome: str) -> float | None:
        return values.get(f'imapgw_imap_commands_total{{command="{command}",outcome="{outcome}",provider="example"}}')

    assert count("FETCH", "ok") == 3
    assert (count("SELECT", "ok"), count("SELECT", "no")) == (1, 1)
    assert (count("AUTHENTICATE", "ok"), count("LOGOUT", "ok")) == (1, 1)
    assert values['imapgw_imap_command_seconds_count{command="FETCH",provider="example"}'] == 3
    assert values['imapgw_imap_bytes_total{direction="in",provider="example"}'] == session.bytes_in
    assert "canary" not in str(values)


@pytest.mark.parametrize("compress", [False, True])
async def test_a_provider_may_have_its_connections_compressed(dovecot: Dovecot, compress: bool) -> None:
    session = await Opener(Limits(), Metrics())(target(dovecot, compress=compress))
    assert session.compressed is compress
    await session.logout()


async def test_a_host_that_a_user_named_is_checked_for_every_connection(dovecot: Dovecot) -> None:
    """Dovecot's certificate is for localhost, so the name is verified, whatever the address."""
    named = target(dovecot)
    named = structs.replace(named, endpoint=replace(named.endpoint, host="mail.inside.example", restricted=True))
    async with NameServer() as names:
        names.zone["mail.inside.example"] = {"A": ["127.0.0.1"]}
        asking = Accounts(nameservers=(names.address,), ports=(dovecot.tls_port,))
        allowing = structs.replace(asking, allowed_hosts=("mail.inside.example",))
        with pytest.raises(ConnectFailed, match="may not be reached"):
            await Opener(Limits(), Metrics(), Reach.of(asking))(named)
        with pytest.raises(TlsFailed, match="mismatch"):
            await Opener(Limits(), Metrics(), Reach.of(allowing))(named)
        for _ in range(2):
            with pytest.raises(LocalError):
                await Opener(Limits(), Metrics())(named)
        assert [kind for _, kind in names.asked].count("A") == 2


def test_an_audit_that_can_not_be_written_ends_the_start(tmp_path: Path) -> None:
    provider = Provider(name="p", imap=ImapSettings(host="imap.example.org"), auth=PassThrough())
    settings = Settings(
        issuers=(Issuer(issuer="https://login.example.org", audience="https://mail.example.org"),),
        providers=(provider,),
        audit=Audit(to="file", file=str(tmp_path / "missing" / "audit.jsonl")),
    )
    with pytest.raises(ConfigurationError, match=r"audit\.file: can't be opened to append to: no such file"):
        build(settings)
