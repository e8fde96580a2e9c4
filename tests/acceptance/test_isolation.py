"""Nobody ever gets another's mail: fifty users at once, whatever is cancelled and whatever is cut.

``make soak`` makes ten thousand requests; the test command a fifth of them, by the same seed.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

from tests.servers.faultproxy import FaultProxy

from .caller import Caller
from .conftest import StartDovecot, StartGateway
from .figures import settled, show
from .load import Load, Mailbox
from .owners import SPARE, settle_in

USERS = 50
REQUESTS = int(os.environ.get("ACCEPTANCE_REQUESTS", "2000"))
WORKERS = 32
SEED = 20261123


async def test_fifty_users_with_cancellations_and_cuts(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server = start_dovecot()
    with ThreadPoolExecutor(8) as threads:
        owners = list(threads.map(lambda _: settle_in(server), range(USERS)))
    async with FaultProxy(server.host, server.tls_port) as proxy:
        gateway = await asyncio.to_thread(start_gateway, server, port=proxy.port)
        boxes = [Mailbox(owner, gateway.headers(owner.name, ttl=3000)) for owner in owners]
        load = Load(gateway.port, boxes, proxy, SEED, spare=await spare_id(gateway.port, boxes[0]))
        began = time.monotonic()
        cut = await load.run(REQUESTS, workers=WORKERS, cutting=True)
        seconds = time.monotonic() - began
        show(
            f"{USERS} users", requests=REQUESTS, seconds=seconds, per_second=REQUESTS / seconds, proven=cut.proven,
            clients_left=cut.left, connections_cut=cut.strikes, answers_cut=cut.cut_answers, failed=cut.failed,
            mismatches=len(cut.mismatches),
        )  # fmt: skip
        show("answers", statuses=dict(cut.statuses), problems=dict(cut.problems), kinds=dict(cut.kinds))
        assert not cut.mismatches
        assert not cut.unexpected
        assert cut.strikes > REQUESTS // 50
        assert cut.proven > REQUESTS // 5
        assert cut.failed + cut.cut_answers < REQUESTS // 6

        assert await asyncio.to_thread(settled, lambda: gateway.metric("imapgw_leases_in_use") == 0)
        calm = await load.run(USERS * 10, workers=WORKERS, cutting=False)
        show("afterwards", statuses=dict(calm.statuses), problems=dict(calm.problems))
        assert not calm.mismatches
        assert not calm.unexpected
        assert not calm.cut_answers

        def quiet() -> bool:
            return gateway.metric("imapgw_leases_in_use") == 0 and server.who() == open_now()

        def open_now() -> int:
            return int(gateway.metric("imapgw_imap_connections"))

        assert await asyncio.to_thread(settled, quiet), (server.who(), open_now(), proxy.connections)
        show("connections", server=server.who(), gateway=open_now(), way=proxy.connections, ever=proxy.total)
        assert 0 < open_now() <= USERS * 3
        assert await asyncio.to_thread(gateway.stop) == 0
        assert await asyncio.to_thread(settled, lambda: server.who() == 0)


async def spare_id(port: int, box: Mailbox) -> str:
    """The id of SPARE, the same for every user."""
    async with Caller(port, box.headers) as caller:
        folders = (await caller.ask("GET", "/folders")).json()["folders"]
    (found,) = [str(folder["id"]) for folder in folders if folder["name"] == SPARE]
    return found
