"""The whole comparison: what is started, who takes part, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from bench.imapflow_process import ImapflowProcess, NotHere
from bench.measurement import Contestant, Meter, measure
from bench.per_request import PerRequest
from bench.process import exact_cpu_seconds, resident_octets
from bench.raw_imap import RawImap
from bench.report import Report
from bench.round import Bounds
from bench.round_trips import round_trips
from bench.site import Site, api_of, imapflow_of, site
from bench.work import Subject, Work


def run(bounds: Bounds, concurrencies: Sequence[int], messages: int, say: Callable[[str], None]) -> Report:
    """Start everything, measure everything."""
    most = max(concurrencies)
    with site(most, messages, say) as place, ExitStack() as stack:
        contestants = [Contestant(api_of(place), most, _meter(place))]
        pids = {"gateway": place.gateway.pid}
        left_out = ""
        try:
            flow = stack.enter_context(ImapflowProcess("localhost", place.server.tls_port, place.server.ca_file))
            subject = imapflow_of(place, flow.url)
            contestants.append(Contestant(subject, most, Meter(partial(exact_cpu_seconds, flow.pid))))
            pids[subject.name] = flow.pid
            say("imapflow, in a process of its own")
        except NotHere as why:
            left_out = f"imapflow is left out: {why}."
            say(left_out)
        contestants += [
            Contestant(PerRequest(place), most, in_thread=True),
            Contestant(RawImap(place), most, in_thread=True),
        ]
        found = measure(contestants, Work, concurrencies, bounds, say)
        memory = {name: resident_octets(pid) for name, pid in pids.items()}
        trips = {work.value: count for work, count in round_trips(place, say).items()}
        return Report(tuple(found), memory, trips, left_out)


def _meter(place: Site) -> Meter:
    """Of both gateways, of which only one works at a time."""
    both = (place.gateway, place.forgetful)
    return Meter(
        lambda: sum(exact_cpu_seconds(gateway.pid) for gateway in both),
        lambda: sum(gateway.metric("imapgw_imap_bytes_total") for gateway in both),
    )


def against(
    subject: Subject, bounds: Bounds, concurrencies: Sequence[int], say: Callable[[str], None], *, changes: bool
) -> Report:
    """A service that runs already: no baselines, what its mailbox has, and nothing is changed unless ``changes``."""
    contestant = Contestant(subject, max(concurrencies))
    works = [work for work in Work if work in contestant.can and (changes or work is not Work.FLAG)]
    return Report(tuple(measure([contestant], works, concurrencies, bounds, say)))
