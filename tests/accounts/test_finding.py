"""From an address to a server: every source, offline, with a DNS server, web servers and mail servers of the test's."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import dns.rcode
import pytest

from gateway.accounts.candidate import Found, MailPorts
from gateway.accounts.finding import Finder
from gateway.accounts.lookup import Lookup
from gateway.accounts.reach import Reach
from gateway.accounts.web import Web, WebPorts
from gateway.errors import InvalidRequest
from gateway.imap.tls import TlsContexts
from gateway.settings.accounts import Accounts
from gateway.settings.model import Endpoint, Linked, Provider
from tests.servers.certificates import Authority
from tests.servers.nameserver import NameServer
from tests.servers.tiny_imap import TinyImap, serving
from tests.servers.tiny_smtp import TinySmtp
from tests.servers.webserver import WebServer

WHO = "alice+x@example.org"
HERE = {"A": ["127.0.0.1"]}
NAMES = ("imap.example.org", "mail.example.org", "smtp.example.org", "autoconfig.example.org", "example.org")
OTHERS = ("imap.hoster.example", "autoconfig.hoster.example", "db.example.net", "imap.gmail.com", "smtp.gmail.com")


@dataclass
class World:
    """A small internet on loopback. ``imap`` and ``smtp`` have certificates for all of its names."""

    names: NameServer
    imap: TinyImap
    smtp: TinySmtp
    https: WebServer
    http: WebServer
    authority: Authority
    stack: AsyncExitStack
    providers: Sequence[Provider] = ()
    database: str | None = None
    settings: dict[str, object] = field(default_factory=dict)

    def context(self, *names: str, label: str = "other", expired: bool = False) -> ssl.SSLContext:
        return serving(self.authority.issue(*names, label=label, expired=expired))

    async def find(self, address: str = WHO, seconds: float = 20.0) -> Found:
        ports = (self.imap.port, self.smtp.port, *self.settings.pop("ports", ()))  # type: ignore[misc]
        accounts = Accounts(
            nameservers=(self.names.address,),
            allowed_networks=("127.0.0.1/32",),
            ports=ports,
            ca_file=str(self.authority.ca_file),
            **self.settings,  # type: ignore[arg-type]
        )
        reach, contexts = Reach.of(accounts), TlsContexts()
        web = Web(reach, contexts, accounts.ca_file, WebPorts(self.http.port, self.https.port))
        guesses = MailPorts(self.imap.port, self.imap.port, self.smtp.port, self.smtp.port)
        finder = Finder(Lookup(reach.names, web, self.database, guesses), self.providers, reach, contexts)
        finder.ca_file, finder.seconds = accounts.ca_file, seconds
        return await finder.find(address)

    def srv(self, host: str, *, port: int | None = None) -> None:
        self.names.zone["_imaps._tcp.example.org"] = {"SRV": [f"0 1 {port or self.imap.port} {host}."]}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    authority = Authority(tmp_path / "ca")
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(NameServer())
        context = serving(authority.issue(*NAMES, *OTHERS, label="all"))
        tls = serving(authority.issue(*NAMES[:3], *OTHERS, label="mail"))
        imap = await stack.enter_async_context(TinyImap(tls))
        smtp = await stack.enter_async_context(TinySmtp(tls))
        https = await stack.enter_async_context(WebServer(context))
        http = await stack.enter_async_context(WebServer())
        for name in OTHERS:
            names.zone[name] = HERE
        yield World(names, imap, smtp, https, http, authority, stack)


def document(world: World, *, host: str = "imap.%EMAILDOMAIN%", socket: str = "SSL", more: str = "") -> bytes:
    return f"""<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="example.org"><domain>example.org</domain>
<incomingServer type="pop3"><hostname>pop.example.org</hostname><port>995</port><socketType>SSL</socketType>
</incomingServer>
<incomingServer type="imap"><hostname>{host}</hostname><port>{world.imap.port}</port><socketType>{socket}</socketType>
<username>%EMAILLOCALPART%</username><authentication>OAuth2</authentication>
<authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.example.org</hostname><port>{world.smtp.port}</port>
<socketType>SSL</socketType><username>%EMAILADDRESS%</username></outgoingServer></emailProvider>{more}</clientConfig>
""".encode()


OAUTH = "<oAuth2><issuer>https://id.example.org</issuer><scope>mail</scope><tokenURL>https://id.example.org/t</tokenURL></oAuth2>"
AUTOCONFIG = "autoconfig.example.org/mail/config-v1.1.xml"


async def test_srv_records_name_the_server(world: World) -> None:
    world.names.zone["imap.example.org"] = HERE
    world.srv("imap.example.org")
    found = await world.find()
    (server,) = found.imap
    assert (server.source, server.host, server.port, server.tls) == (
        "srv",
        "imap.example.org",
        world.imap.port,
        "implicit",
    )
    assert (server.username, server.needs_confirmation) == (WHO, False)
    assert server.auth == ["LOGIN", "PLAIN", "XOAUTH2"]
    assert not any(command.split()[1] in ("LOGIN", "AUTHENTICATE") for command in world.imap.commands)


async def test_priority_then_weight_decide_the_order(world: World) -> None:
    for name in ("imap.example.org", "mail.example.org"):
        world.names.zone[name] = HERE
    port = world.imap.port
    world.names.zone["_imaps._tcp.example.org"] = {
        "SRV": [f"20 100 {port} mail.example.org.", f"10 0 {port} imap.example.org."]
    }
    assert [server.host for server in (await world.find()).imap] == ["imap.example.org", "mail.example.org"]


async def test_a_service_that_the_domain_does_not_offer_is_told(world: World) -> None:
    world.names.zone["_imaps._tcp.example.org"] = {"SRV": ["0 0 0 ."]}
    found = await world.find()
    assert not found.imap
    assert "not offered" in next(each.detail for each in found.asked if each.source == "srv")


async def test_a_host_outside_the_domain_needs_the_users_word(world: World) -> None:
    world.srv("imap.hoster.example")
    assert (await world.find()).imap[0].needs_confirmation


async def test_or_a_certificate_for_the_domain_itself(world: World) -> None:
    tls = world.context("imap.hoster.example", "example.org")
    server = await world.stack.enter_async_context(TinyImap(tls))
    world.settings["ports"] = (server.port,)
    world.srv("imap.hoster.example", port=server.port)
    assert not (await world.find()).imap[0].needs_confirmation


async def test_the_domains_own_document(world: World) -> None:
    world.names.zone |= dict.fromkeys(NAMES[:4], HERE)
    world.https.pages[AUTOCONFIG] = document(world, more=OAUTH)
    found = await world.find()
    (server,), (sending,) = found.imap, found.smtp
    assert (server.source, server.host, server.username) == ("autoconfig", "imap.example.org", "alice+x")
    assert (sending.host, sending.username, sending.auth) == ("smtp.example.org", WHO, ["LOGIN", "PLAIN"])
    assert server.oauth is not None
    assert (server.oauth.issuer, server.oauth.scope) == ("https://id.example.org", "mail")
    assert not server.needs_confirmation
    assert world.https.asked[0].endswith("?emailaddress=alice%2Bx@example.org")
    assert not world.http.asked


async def test_the_well_known_path_comes_second_and_plain_text_last(world: World) -> None:
    world.names.zone |= dict.fromkeys(NAMES, HERE)
    world.https.pages["example.org/.well-known/autoconfig/mail/config-v1.1.xml"] = document(world)
    assert [server.source for server in (await world.find()).imap] == ["autoconfig"]
    del world.https.pages["example.org/.well-known/autoconfig/mail/config-v1.1.xml"]
    world.http.pages[AUTOCONFIG] = document(world)
    (server,) = (await world.find()).imap
    assert (server.source, server.needs_confirmation) == ("autoconfig", True)
    assert not any("alice" in asked for asked in world.http.asked)


async def test_servers_without_tls_are_not_offered(world: World) -> None:
    world.names.zone |= dict.fromkeys(("autoconfig.example.org", "smtp.example.org"), HERE)
    world.https.pages[AUTOCONFIG] = document(world, socket="plain")
    assert not (await world.find()).imap


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><clientConfig>&b;</clientConfig>'
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><clientConfig>&x;</clientConfig>'


@pytest.mark.parametrize("body", [BOMB, EXTERNAL, b"<html>", b"", b"\xff\xfe", b"<a/>", b"<a>" * 20_000], ids=range(7))
async def test_other_documents_are_refused(world: World, body: bytes) -> None:
    world.names.zone["autoconfig.example.org"] = HERE
    world.https.pages[AUTOCONFIG] = body
    found = await world.find()
    assert not found.imap
    assert AUTOCONFIG in next(each.detail for each in found.asked if each.source == "autoconfig")


async def test_a_large_document_is_not_read_to_its_end(world: World) -> None:
    world.names.zone["autoconfig.example.org"] = HERE
    world.https.pages[AUTOCONFIG] = b"<a>" + b" " * 100_000
    told = next(each.detail for each in (await world.find()).asked if each.source == "autoconfig")
    assert "too large" in told


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("https://inside.example.org/secret", "may not be reached"),
        ("https://127.0.0.2/secret", "may not be reached"),
        ("https://169.254.169.254/latest/meta-data", "may not be reached"),
        ("https://2130706433/", "unusual spelling"),
        ("https://autoconfig.example.org:22/", "not reached at this port"),
        ("http://autoconfig.example.org/", "away from TLS"),
        ("file:///etc/passwd", "no web address"),
        (f"https://{AUTOCONFIG}", "on and on"),
    ],
)
async def test_a_redirect_is_checked_like_everything(world: World, to: str, why: str) -> None:
    world.names.zone |= {"autoconfig.example.org": HERE, "inside.example.org": {"A": ["10.0.0.1"]}}
    world.https.pages[AUTOCONFIG] = f"Location: {to}"
    told = next(each.detail for each in (await world.find()).asked if each.source == "autoconfig")
    assert why in told


async def test_a_redirect_to_a_checked_host_is_followed(world: World) -> None:
    world.names.zone |= dict.fromkeys(NAMES, HERE)
    world.https.pages[AUTOCONFIG] = "Location: https://autoconfig.hoster.example/x.xml"
    world.https.pages["autoconfig.hoster.example/x.xml"] = document(world)
    (server,) = (await world.find()).imap
    assert not server.needs_confirmation


async def test_a_web_server_is_verified_by_name(world: World) -> None:
    world.names.zone["autoconfig.unknown.example"] = HERE
    told = next(each.detail for each in (await world.find("a@unknown.example")).asked if each.source == "autoconfig")
    assert "Hostname mismatch" in told


async def test_the_database_of_the_configuration(world: World) -> None:
    world.names.zone |= dict.fromkeys(NAMES[:3], HERE)
    world.https.pages["localhost/example.org"] = document(world)
    local = await world.stack.enter_async_context(WebServer(world.context("localhost"), world.https.pages))
    world.database = f"https://localhost:{local.port}/{{domain}}"
    (server,) = (await world.find()).imap
    assert (server.source, server.needs_confirmation) == ("database", False)


async def test_a_domain_hosted_by_google_is_told_by_its_exchangers(world: World) -> None:
    world.names.zone["example.org"] = {"MX": ["5 alt1.aspmx.l.google.com.", "1 aspmx.l.google.com."]}
    (server,) = (await world.find()).imap
    assert (server.source, server.host, server.needs_confirmation) == ("exchanger", "imap.gmail.com", False)
    assert server.oauth is not None
    assert server.oauth.scope == "https://mail.google.com/"


async def test_another_hosters_document_needs_the_users_word(world: World) -> None:
    world.names.zone["example.org"] = {"MX": ["5 mx1.hoster.example."]}
    world.https.pages["autoconfig.hoster.example/mail/config-v1.1.xml"] = document(world, host="imap.hoster.example")
    (server,) = (await world.find()).imap
    assert (server.source, server.host, server.needs_confirmation) == ("exchanger", "imap.hoster.example", True)


async def test_well_known_names_come_last(world: World) -> None:
    world.names.zone["mail.example.org"] = HERE
    found = await world.find()
    assert [(server.source, server.host, server.tls) for server in found.imap] == [
        ("well-known", "mail.example.org", "implicit")
    ]
    assert [each.source for each in found.asked] == ["srv", "autoconfig", "database", "exchanger", "well-known"]
    assert ("imap.example.org", "dns", "no-such-host") in {(e.host, e.step, e.code) for e in found.rejected}


async def test_a_configured_provider_is_the_only_one_asked(world: World) -> None:
    server = await world.stack.enter_async_context(TinyImap(world.context("localhost")))
    endpoint = Endpoint(host="localhost", port=server.port, ca_file=str(world.authority.ca_file))
    world.providers = [
        Provider(name="mine", imap=endpoint, auth=Linked(), domains=("example.org",), username="{local}")
    ]
    (candidate,) = (await world.find()).imap
    assert (candidate.source, candidate.provider, candidate.username) == ("provider", "mine", "alice+x")
    assert not world.names.asked


@pytest.mark.parametrize(
    ("label", "names", "expired", "code"),
    [
        ("wrong", ("other.example.org",), False, "certificate-wrong-name"),
        ("expired", ("imap.example.org",), True, "certificate-expired"),
    ],
)
async def test_a_candidate_whose_certificate_is_not_good_is_not_offered(
    world: World, label: str, names: tuple[str, ...], expired: bool, code: str
) -> None:
    server = await world.stack.enter_async_context(TinyImap(world.context(*names, label=label, expired=expired)))
    world.settings["ports"] = (server.port,)
    world.names.zone["imap.example.org"] = HERE
    world.srv("imap.example.org", port=server.port)
    found = await world.find()
    assert not [each for each in found.imap if each.port == server.port]
    assert [(each.step, each.code) for each in found.rejected if each.port == server.port] == [("tls", code)]


async def test_the_second_best_is_offered_where_the_best_fails(world: World) -> None:
    world.names.zone |= {"imap.example.org": HERE, "mail.example.org": {"A": ["10.0.0.1"]}}
    port = world.imap.port
    world.names.zone["_imaps._tcp.example.org"] = {
        "SRV": [f"10 0 {port} mail.example.org.", f"20 0 {port} imap.example.org."]
    }
    found = await world.find()
    assert [server.host for server in found.imap] == ["imap.example.org"]
    assert [(each.host, each.step, each.code) for each in found.rejected] == [
        ("mail.example.org", "dns", "host-refused")
    ]


async def test_a_broken_dns_is_told(world: World) -> None:
    for kind in ("_imaps", "_imap", "_submissions", "_submission"):
        world.names.failing[f"{kind}._tcp.example.org"] = dns.rcode.SERVFAIL
    told = {each.source: each.detail for each in (await world.find()).asked}
    assert "can't answer" in told["srv"]


async def test_it_ends_in_time(world: World) -> None:
    for kind in ("_imaps", "_imap", "_submissions", "_submission"):
        world.names.failing[f"{kind}._tcp.example.org"] = None
    found = await world.find(seconds=0.5)
    assert not found.imap
    assert "in time" in found.asked[0].detail


@pytest.mark.parametrize(
    "text", ["", "alice", "alice@", "@example.org", "alice@localhost", "a b@example.org", "a@b@c.d"]
)
async def test_what_is_no_address_is_refused(world: World, text: str) -> None:
    with pytest.raises(InvalidRequest):
        await world.find(text)
