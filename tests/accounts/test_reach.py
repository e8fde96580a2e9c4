"""Hosts that users name: which addresses may be reached, and that no other one is connected to."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from ipaddress import ip_address

import dns.rcode
import pytest
import uvloop

from gateway.accounts.dns_answer import NameFailed, NameMissing, NameTimeout
from gateway.accounts.host import HostRefused, read_host
from gateway.accounts.names import Names
from gateway.accounts.network import special
from gateway.accounts.reach import Reach
from gateway.errors import ConnectFailed, LocalError
from gateway.imap.connection_open import connect, greeted
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.tls import TlsContexts
from gateway.settings.accounts import Accounts
from tests.imap.scripted import GREETING, Eof, Send, scripted
from tests.servers.nameserver import NameServer

INSIDE = {
    "loopback": "127.0.0.1",
    "loopback, far": "127.255.255.254",
    "this host": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172": "172.31.255.255",
    "private 192": "192.168.1.1",
    "carrier": "100.64.0.1",
    "link-local": "169.254.1.1",
    "cloud metadata": "169.254.169.254",
    "protocol assignments": "192.0.0.8",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "6to4 relays": "192.88.99.1",
    "benchmarking": "198.19.255.255",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped metadata, in hex": "::ffff:a9fe:a9fe",
    "compatible": "::127.0.0.1",
    "compatible private": "::10.0.0.1",
    "translated (SIIT)": "::ffff:0:127.0.0.1",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of private": "64:ff9b::10.0.0.1",
    "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
    "NAT64, local use": "64:ff9b:1::8.8.8.8",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of public": "2002:808:808::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "ORCHID": "2001:20::1",
    "IPv6 benchmarking": "2001:2::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, large": "3fff::1",
    "unique local": "fd00::1",
    "AWS metadata": "fd00:ec2::254",
    "IPv6 link-local": "fe80::1",
    "site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
}
PUBLIC = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "11.0.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111"]
PUBLIC += ["2a00:1450:4001::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
SPELLINGS = ["127.1", "127.0.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1", "127.0.0.01"]
SPELLINGS += ["127.0.0.1.", "0x7f.0.0.0x1", "1.", "0", "0x", "0X7F.1", "127.0.0.0x1", "foo.127", "[127.0.0.1]"]
NO_HOSTS = [
    "",
    " ",
    "127.0.0.1 ",
    "host name",
    "a" * 254,
    "a..b",
    ".a",
    "a/b",
    "user@host",
    "host:993",
    "h\u00f6st.org",
]
NO_HOSTS += [
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "fe80::1%eth0",
    "[::1",
    "::1]x",
    "a\0b",
    "-a.org",
    "h\r\nost",
]


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    async with NameServer() as server:
        yield server


def reach(names: NameServer, **settings: object) -> Reach:
    return Reach.of(Accounts(nameservers=(names.address,), **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
async def test_an_address_that_is_not_public_is_refused(names: NameServer, address: str) -> None:
    assert special(ip_address(address))
    with pytest.raises(HostRefused):
        await reach(names).addresses(address, 993)
    kind = "AAAA" if ":" in address else "A"
    names.zone["imap.example.org"] = {kind: [address]}
    with pytest.raises(HostRefused):
        await reach(names).addresses("imap.example.org", 993)


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_reached(names: NameServer, address: str) -> None:
    found = await reach(names).addresses(address, 993)
    assert found == (
        address.removeprefix("::ffff:") if "8.8.8.8" in address and "64" not in address else str(ip_address(address)),
    )


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_an_unusual_spelling_is_refused_and_not_asked_for(names: NameServer, spelling: str) -> None:
    with pytest.raises(HostRefused):
        await reach(names).addresses(spelling, 993)
    assert not names.asked


@pytest.mark.parametrize("text", NO_HOSTS)
async def test_what_is_no_host_is_refused(names: NameServer, text: str) -> None:
    with pytest.raises(HostRefused):
        await reach(names).addresses(text, 993)
    assert not names.asked


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "a.localhost"])
async def test_names_of_this_host_are_refused(names: NameServer, host: str) -> None:
    with pytest.raises(HostRefused):
        await reach(names).addresses(host, 993)


async def test_one_bad_address_among_good_ones_is_enough(names: NameServer) -> None:
    names.zone["imap.example.org"] = {"A": ["8.8.8.8", "10.0.0.1"]}
    with pytest.raises(HostRefused):
        await reach(names).addresses("imap.example.org", 993)
    names.zone["imap.example.org"] = {"A": ["8.8.8.8"], "AAAA": ["::1"]}
    with pytest.raises(HostRefused):
        await reach(names).addresses("imap.example.org", 993)


@pytest.mark.parametrize("port", [22, 25, 53, 80, 443, 6379, 9993, 0])
async def test_other_ports_are_refused(names: NameServer, port: int) -> None:
    with pytest.raises(HostRefused) as refused:
        await reach(names).addresses("8.8.8.8", port)
    assert refused.value.field == "port"


async def test_the_configuration_may_allow_networks_hosts_and_ports(names: NameServer) -> None:
    names.zone["mail.corp.example"] = {"A": ["10.1.2.3"]}
    names.zone["other.corp.example"] = {"A": ["10.1.2.3"]}
    by_network = reach(names, allowed_networks=("10.1.0.0/16",))
    assert await by_network.addresses("mail.corp.example", 993) == ("10.1.2.3",)
    assert await by_network.addresses("::ffff:10.1.2.3", 993) == ("10.1.2.3",)
    assert await by_network.addresses("64:ff9b::10.1.2.3", 993) == ("64:ff9b::a01:203",)
    with pytest.raises(HostRefused):
        await by_network.addresses("10.2.0.1", 993)
    by_name = reach(names, allowed_hosts=("Mail.Corp.Example",), ports=(1993,))
    assert await by_name.addresses("mail.corp.example.", 1993) == ("10.1.2.3",)
    for host, port in (("other.corp.example", 1993), ("10.1.2.3", 1993), ("mail.corp.example", 993)):
        with pytest.raises(HostRefused):
            await by_name.addresses(host, port)


async def test_public_networks_of_ones_own_can_be_refused(names: NameServer) -> None:
    names.zone["inside.example.org"] = {"A": ["8.8.8.8"]}
    mine = reach(names, refused_networks=("8.8.8.0/24",))
    for host in ("inside.example.org", "64:ff9b::8.8.8.8"):
        with pytest.raises(HostRefused):
            await mine.addresses(host, 993)
    assert await mine.addresses("8.8.4.4", 993) == ("8.8.4.4",)


async def test_a_name_is_resolved_once_and_connected_to_at_what_was_checked(names: NameServer) -> None:
    """DNS rebinding: the second answer is another address, and nobody asks for it."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
    names.zone["rebind.example.org"] = lambda: {"A": next(answers)} if names.asked[-1][1] == "A" else {}
    async with scripted(Send(GREETING), Eof()) as inside:
        port = inside.endpoint.port
        allowed = reach(names, allowed_networks=("127.0.0.2/32",), ports=(port,))
        endpoint = await allowed.pinned(Endpoint("rebind.example.org", port, "none", restricted=True))
        assert endpoint.addresses == ("127.0.0.2",)
        with pytest.raises(ConnectFailed):  # nothing listens at 127.0.0.2
            await connect(endpoint, Deadlines(), TlsContexts())
        assert inside.connections == 0
        with pytest.raises(HostRefused):
            await allowed.pinned(endpoint)
        assert [kind for _, kind in names.asked].count("A") == 2
        here = await reach(names, allowed_networks=("127.0.0.1/32",), ports=(port,)).pinned(endpoint)
        connection = await connect(here, Deadlines(), TlsContexts())
        await greeted(connection, Deadlines())
        connection.protocol.close()
        await asyncio.wait_for(inside.finished.wait(), 5)


async def test_a_host_that_was_not_checked_is_not_connected_to() -> None:
    async with scripted(Send(GREETING)) as inside:
        unchecked = Endpoint("127.0.0.1", inside.endpoint.port, "none", restricted=True)
        with pytest.raises(LocalError):
            await connect(unchecked, Deadlines(), TlsContexts())
        assert inside.connections == 0


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with scripted(Send(GREETING), Eof()) as server:
        endpoint = Endpoint(
            "imap.example.org", server.endpoint.port, "none", restricted=True, addresses=("127.0.0.9", "127.0.0.1")
        )
        connection = await connect(endpoint, Deadlines(), TlsContexts())
        await greeted(connection, Deadlines())
        connection.protocol.close()
        await asyncio.wait_for(server.finished.wait(), 5)


async def test_what_the_dns_has_to_say(names: NameServer) -> None:
    asked = Names(((names.host, names.port),))
    names.zone["empty.example.org"] = {}
    names.zone["_imaps._tcp.example.org"] = {"SRV": ["10 5 993 IMAP.example.org.", "0 0 1 ."]}
    names.zone["example.org"] = {"MX": ["20 b.example.org.", "10 a.example.org."]}
    names.failing["servfail.example.org"] = dns.rcode.SERVFAIL
    for name in ("nowhere.example.org", "empty.example.org"):
        with pytest.raises(NameMissing):
            await asked.addresses(name)
    with pytest.raises(NameFailed):
        await asked.addresses("servfail.example.org")
    first, second = await asked.services("_imaps._tcp.example.org")
    assert {(first.host, first.port), (second.host, second.port)} == {("imap.example.org", 993), ("", 1)}
    assert await asked.exchangers("example.org") == ["a.example.org", "b.example.org"]


async def test_a_cut_answer_is_asked_for_by_tcp(names: NameServer) -> None:
    names.zone["imap.example.org"] = {"A": ["8.8.8.8"]}
    names.truncate = True
    assert await reach(names).addresses("imap.example.org", 993) == ("8.8.8.8",)
    assert names.by_tcp > 0


async def test_a_silent_dns_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.accounts.resolver.SECONDS", 0.3)
    async with NameServer() as names:
        names.failing["imap.example.org"] = None
        with pytest.raises(NameTimeout):
            await reach(names).addresses("imap.example.org", 993)


def test_a_name_has_one_spelling() -> None:
    assert read_host("IMAP.Example.ORG.") == "imap.example.org"
    assert str(read_host("2001:DB8::0:1")) == "2001:db8::1"


def test_a_question_that_is_given_up_leaves_nothing_open(recwarn: pytest.WarningsRecorder) -> None:
    """On uvloop, which would hang on its end: whenever it is given up."""

    async def give_up() -> None:
        async with NameServer() as names:
            names.failing["example.org"] = None
            asked = Names(((names.host, names.port),))
            for steps in range(12):
                question = asyncio.ensure_future(asked.exchangers("example.org"))
                for _ in range(steps):
                    await asyncio.sleep(0)
                question.cancel()
                await asyncio.wait([question])
                assert question.cancelled()
            await asyncio.sleep(0)

    uvloop.run(give_up())
    gc.collect()
    assert not [str(each.message) for each in recwarn if issubclass(each.category, ResourceWarning)]
