"""Production: two ports in one process, and an end that cuts no answer.

On SIGTERM or SIGINT: not ready; a moment in which clients are still served, and told by each answer to go elsewhere;
event streams get their ``bye``; requests finish within ``drain_seconds``; the IMAP connections log out. A second
signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
from typing import Protocol

from starlette.types import ASGIApp

from gateway.listener import Leaving, Listener, listen
from gateway.log import configure, logger
from gateway.settings.bind import parse_bind
from gateway.settings.model import Settings

LINGER_SECONDS = 1.0  # in which a load balancer sees that we are not ready, and kept connections get their last answer
START_FAILED = 1
GARBAGE = 20_000  # new objects before cycles are looked for: a page of 50 makes thousands, of which none is in one
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = logger("gateway.serve")


class Application(Protocol):
    """What the composition builds. The lifespan of ``public`` opens everything and closes it, IMAP LOGOUT included."""

    @property
    def public(self) -> ASGIApp: ...

    @property
    def management(self) -> ASGIApp: ...

    def unready(self) -> None:
        """From now on ``/readyz`` says no."""
        ...

    async def drain(self) -> None:
        """End the event streams with a bye and refuse new ones."""
        ...


def serve(settings: Settings) -> int:
    """Run until a signal; the exit status. Raises ConfigurationError."""
    import uvloop

    from gateway.app import build

    configure(settings.log)
    _allow_many_connections()
    public = listen(parse_bind(settings.server.bind), "server.bind")
    with contextlib.closing(public):
        management = listen(parse_bind(settings.server.management_bind), "server.management_bind")
        with contextlib.closing(management), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            application = build(settings)
            gc.set_threshold(GARBAGE)
            gc.freeze()  # what lives as long as the process need not be looked through while the loop waits
            return runner.run(run(application, settings.server.drain_seconds, public, management))


def _allow_many_connections() -> None:
    """As many files as the system lets a process have, and not the few that it gives one unasked."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems call that unlimited and refuse it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def run(application: Application, drain_seconds: float, public: socket.socket, management: socket.socket) -> int:
    """Serve on both sockets until a signal; 0 after an orderly end, 1 where the start failed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _stop, stop)
    leaving = Leaving(application.public)
    outer = Listener(leaving, lifespan=True, finish_seconds=drain_seconds)
    inner = Listener(application.management, lifespan=False, finish_seconds=1)
    serving = asyncio.create_task(outer.serve([public]))
    watching = asyncio.create_task(inner.serve([management]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        _log.info("draining", seconds=drain_seconds)
        await _end(application, leaving, outer, public, drain_seconds)
    await serving
    inner.should_exit = True
    await watching
    stopping.cancel()
    _log.info("stopped")
    return 0 if stop.is_set() else START_FAILED


async def _end(
    application: Application, leaving: Leaving, outer: Listener, public: socket.socket, drain_seconds: float
) -> None:
    application.unready()
    leaving.leave()
    await asyncio.sleep(min(LINGER_SECONDS, drain_seconds / 4))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(drain_seconds):
            await asyncio.gather(application.drain(), outer.stop_listening(public))
    outer.should_exit = True


def _stop(stop: asyncio.Event) -> None:
    if stop.is_set():
        os._exit(130)
    stop.set()
