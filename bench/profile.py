"""Where the gateway's time goes: the same process under Python's own profiler."""

from __future__ import annotations

import pstats
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from bench.round import Bounds, run_round
from bench.site import GATEWAY, api_of, site
from bench.work import Work

CLIENTS = 4


def profile(work: Work, bounds: Bounds, say: Callable[[str], None], out: TextIO, *, top: int = 40) -> None:
    """Print the functions that took the most time by themselves, and with what they called."""
    with tempfile.TemporaryDirectory(prefix="gw-profile.") as folder:
        stats = Path(folder) / "stats"
        watched = (sys.executable, "-m", "cProfile", "-o", str(stats), "-m", "gateway")
        command, forgetful = (GATEWAY, watched) if work is Work.FIRST else (watched, GATEWAY)
        with site(CLIENTS, 200, say, command=command, forgetful=forgetful) as place:
            api = api_of(place)
            clients = [api.client(number) for number in range(CLIENTS)]
            say(f"{work.value}, {CLIENTS} clients, under the profiler")
            done = run_round(clients, work, bounds)
            for client in clients:
                client.close()
            ended = place.forgetful if work is Work.FIRST else place.gateway
            ended.stop()  # in good order: it writes its figures then
        print(f"{len(done.latencies)} requests in {done.seconds:.1f} s", file=out)
        found = pstats.Stats(str(stats), stream=out).strip_dirs()
        found.sort_stats("tottime").print_stats(top)
        found.sort_stats("cumulative").print_stats(top * 2)
