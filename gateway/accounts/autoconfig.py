"""The autoconfig XML format (`clientConfig`, version 1.1), as mail programs read it from a domain's web server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError  # types only: defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from gateway.accounts.address import Address
from gateway.accounts.candidate import Candidate, OAuthHint, Protocol, SafeTls, Source

SERVERS_MAX: Final = 8
VALUE_MAX: Final = 256

_TLS: Final[dict[str, SafeTls]] = {"SSL": "implicit", "STARTTLS": "starttls"}


class NotAutoconfig(ValueError):
    """The document is not one of settings."""


def read_autoconfig(document: bytes, address: Address, source: Source, *, confirm: bool) -> list[Candidate]:
    """The servers that it names, IMAP's and those for sending, in its order; none without TLS.

    No entity, no DTD. Raises NotAutoconfig.
    """
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise NotAutoconfig("the document is not well-formed XML") from error
    if root.tag != "clientConfig":
        raise NotAutoconfig("the document is not a clientConfig")
    hint = _oauth(root.find("oAuth2"))
    found = [_candidate(*each, address, source, hint, confirm=confirm) for each in _servers(root)]
    return [each for each in found if each is not None][:SERVERS_MAX]


def _servers(root: Element) -> Iterator[tuple[Element, Protocol]]:
    for provider in root.findall("emailProvider")[:1]:
        for server in provider.findall("incomingServer"):
            if server.get("type", "").lower() == "imap":
                yield server, "imap"
        for server in provider.findall("outgoingServer"):
            if server.get("type", "").lower() == "smtp":
                yield server, "smtp"


def _candidate(
    server: Element, protocol: Protocol, address: Address, source: Source, hint: OAuthHint | None, *, confirm: bool
) -> Candidate | None:
    host = _filled(_text(server, "hostname"), address).lower()
    port = _text(server, "port")
    tls = _TLS.get(_text(server, "socketType").upper())
    if not host or tls is None or not (port.isascii() and port.isdigit() and len(port) < 6):
        return None
    ways = [(way.text or "").strip() for way in server.findall("authentication")]
    return Candidate(
        source=source,
        protocol=protocol,
        host=host,
        port=int(port),
        tls=tls,
        username=_filled(_text(server, "username"), address) or str(address),
        needs_confirmation=confirm,
        oauth=hint if "OAuth2" in ways else None,
    )


def _oauth(element: Element | None) -> OAuthHint | None:
    if element is None or not _text(element, "issuer"):
        return None
    return OAuthHint(
        issuer=_text(element, "issuer"),
        scope=_text(element, "scope"),
        auth_url=_text(element, "authURL") or None,
        token_url=_text(element, "tokenURL") or None,
    )


def _filled(text: str, address: Address) -> str:
    values = {"%EMAILADDRESS%": str(address), "%EMAILLOCALPART%": address.local, "%EMAILDOMAIN%": address.domain}
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _text(element: Element, name: str) -> str:
    text = (element.findtext(name) or "").strip()
    return text if len(text) <= VALUE_MAX and text.isprintable() else ""
