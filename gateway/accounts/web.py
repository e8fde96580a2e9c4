"""Documents from hosts that users' domains name: every hop is checked, few, small, and soon over."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import SplitResult, urljoin

import httpx
from msgspec import Struct

from gateway.accounts.reach import Reach
from gateway.errors import ConnectFailed, DeadlinePassed, ProtocolViolation, TlsFailed
from gateway.imap.tls import TlsContexts, explain
from gateway.settings.url import split_url

DOCUMENT_MAX: Final = 64 * 1024  # octets; settings have some 2 KiB
SECONDS: Final = 5.0  # for a document with all its hops
HOPS_MAX: Final = 3


class Page(Struct, frozen=True):
    """``secure``: every hop was over TLS, so that the domain's own certificates vouch for it."""

    body: bytes
    secure: bool


class WebPorts(Struct, frozen=True):
    """Where http and https are spoken."""

    http: int = 80
    https: int = 443


class Web:
    """Fetches. ``ca_file``: the authority to trust instead of the system's."""

    def __init__(self, reach: Reach, contexts: TlsContexts, ca_file: str | None, ports: WebPorts | None = None) -> None:
        self._reach = reach
        self._contexts = contexts
        self._ca_file = ca_file
        self._ports = ports or WebPorts()

    async def get(self, url: str, *, trusted: bool = False) -> Page:
        """A 200's body. ``trusted``: the operator named this URL, so that its own host is not checked; others are.

        Raises HostRefused, ConnectFailed, TlsFailed, ProtocolViolation, DeadlinePassed.
        """
        try:
            async with asyncio.timeout(SECONDS):
                return await self._follow(url, trusted=trusted)
        except TimeoutError as error:
            raise DeadlinePassed("the web server does not answer in time") from error

    async def _follow(self, url: str, *, trusted: bool) -> Page:
        secure = True
        for hop in range(HOPS_MAX):
            parts = split_url(url)
            if parts is None or parts.scheme not in ("https", "http"):
                raise ProtocolViolation("the web server leads to what is no web address")
            if parts.scheme == "http" and hop and secure:
                raise ProtocolViolation("the web server leads away from TLS")
            secure = secure and parts.scheme == "https"
            answer = await self._request(parts, url, checked=not (trusted and hop == 0))
            if isinstance(answer, bytes):
                return Page(answer, secure)
            url = urljoin(url, answer)
        raise ProtocolViolation("the web server leads on and on")

    async def _request(self, parts: SplitResult, url: str, *, checked: bool) -> bytes | str:
        """The document, or where to look instead."""
        host = parts.hostname or ""
        port = parts.port or (self._ports.https if parts.scheme == "https" else self._ports.http)
        extensions: dict[str, str] = {}
        target = httpx.URL(url).copy_with(port=port)
        if checked:
            ports = (self._ports.http, self._ports.https)
            address = (await self._reach.addresses(host, port, more_ports=ports))[0]
            target, extensions = target.copy_with(host=address), {"sni_hostname": host}
        headers = {"Host": parts.netloc, "Accept": "application/xml, text/xml", "Accept-Encoding": "identity"}
        context = self._contexts.of(self._ca_file)
        # A client for each hop: a connection that was verified for one name is never used for another at its address.
        async with httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=SECONDS) as http:
            request = http.build_request("GET", target, headers=headers, extensions=extensions)
            try:
                return await self._sent(http, request)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
                raise _failure(error) from error

    async def _sent(self, http: httpx.AsyncClient, request: httpx.Request) -> bytes | str:
        response = await http.send(request, stream=True)
        if response.is_redirect and "location" in response.headers:
            return str(response.headers["location"])
        if response.status_code != httpx.codes.OK:
            raise ProtocolViolation(f"the web server answers with status {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > DOCUMENT_MAX:
                raise ProtocolViolation("the document is too large")
        return bytes(body)


def _failure(error: Exception) -> ConnectFailed | TlsFailed | DeadlinePassed:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return TlsFailed(f"no trusted TLS connection to the web server: {explain(cause)}")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return DeadlinePassed("the web server does not answer in time")
    return ConnectFailed(f"no answer from the web server ({type(error).__name__})")
