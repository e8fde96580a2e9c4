"""The addresses of a server: as the system knows them for the operator's hosts, checked for those that users name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from gateway.accounts.dns_answer import SECONDS, NameTimeout
from gateway.accounts.reach import ADDRESSES_MAX, Reach
from gateway.errors import ConnectFailed
from gateway.imap.endpoint import Endpoint

Resolves: TypeAlias = Callable[[Endpoint], Awaitable[tuple[str, ...]]]


async def configured(endpoint: Endpoint) -> tuple[str, ...]:
    """As the system resolves it. Raises ConnectFailed, NameTimeout."""
    try:
        async with asyncio.timeout(SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise NameTimeout("the DNS does not answer in time") from error
    except (OSError, UnicodeError) as error:
        raise ConnectFailed("the host name can't be resolved") from error
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))[:ADDRESSES_MAX]


def whereabouts(reach: Reach) -> Resolves:
    """Checked for an endpoint that is restricted, the system's word for any other."""

    async def resolve(endpoint: Endpoint) -> tuple[str, ...]:
        if endpoint.restricted:
            return await reach.addresses(endpoint.host, endpoint.port)
        return await configured(endpoint)

    return resolve
