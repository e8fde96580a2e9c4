"""Circuits: after a failure, the same thing is not tried again until a jittered back-off has passed.

Three are asked before a connection is opened: the credential's, the server user's and the host's. All pure: time and
chance are parameters. When a back-off has passed, one attempt is let through and the rest wait for what becomes of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from msgspec import Struct

from gateway.errors import GatewayError
from gateway.pool.failure import Failure, answer, failure
from gateway.pool.key import AccountKey


class Policy(Struct, frozen=True):
    """Seconds of the first back-off and of the longest; how many failures in a row open the circuit."""

    first: float
    longest: float
    threshold: int = 1


CREDENTIAL: Final = Policy(30.0, 900.0)
USER: Final = Policy(0.5, 60.0)
HOST: Final = Policy(0.5, 60.0, threshold=3)
MAX_CIRCUITS: Final = 20_000
"""Failures remembered at once; the oldest are forgotten first. A few hundred octets each."""


class Circuit(Struct):
    """One memory of failures. Times are of one monotonic clock, in seconds."""

    policy: Policy
    streak: int = 0
    level: int = 0
    failed_at: float = float("-inf")
    until: float = float("-inf")
    error: GatewayError | None = None

    def wait(self, now: float) -> float:
        """Seconds until an attempt may be made; 0 when it may now."""
        return max(0.0, self.until - now)

    def attempt(self, now: float) -> None:
        """An attempt is made: until its outcome is known, no other one is for as long as the last back-off."""
        if self.level and not self.wait(now):
            self.until = now + self._back_off()

    def failed(self, error: GatewayError, *, started: float, now: float, chance: float) -> None:
        """An attempt that began at ``started`` failed; those of one outage that ran side by side count as one."""
        self.streak += 1
        self.error = error
        if self.streak < self.policy.threshold or started < self.failed_at:
            return
        self.level += 1
        self.failed_at = now
        self.until = now + self._back_off() * (0.8 + 0.4 * chance)

    def _back_off(self) -> float:
        return min(self.policy.longest, self.policy.first * 2.0 ** min(self.level - 1, 30))


class Circuits:
    """All circuits of a pool. ``random`` gives numbers in [0, 1)."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._circuits: OrderedDict[Hashable, Circuit] = OrderedDict()

    def refusal(self, key: AccountKey, now: float) -> GatewayError | None:
        """Why no connection may be opened now; None when one may."""
        for name in (key, key.owner, key.endpoint):
            circuit = self._circuits.get(name)
            if circuit is not None and circuit.error is not None and (wait := circuit.wait(now)):
                return answer(circuit.error, wait)
        return None

    def failed_since(self, since: float, key: AccountKey, now: float) -> GatewayError | None:
        """Why the host is not to be tried now, for who was to try it from ``since`` on."""
        circuit = self._circuits.get(key.endpoint)
        if circuit is None or circuit.error is None or circuit.failed_at <= since or not (wait := circuit.wait(now)):
            return None
        return answer(circuit.error, wait)

    def attempt(self, key: AccountKey, now: float) -> None:
        for name in (key, key.owner, key.endpoint):
            circuit = self._circuits.get(name)
            if circuit is not None:
                circuit.attempt(now)

    def succeeded(self, key: AccountKey) -> None:
        for name in (key, key.owner, key.endpoint):
            self._circuits.pop(name, None)

    def failed(self, key: AccountKey, error: GatewayError, *, started: float, now: float) -> None:
        """Remember a failure where it belongs; a host that answers at all is not dead."""
        kind = failure(error)
        if kind is Failure.CREDENTIAL:
            self._failed(key, CREDENTIAL, error, started, now)
        else:
            self._failed(key.owner, USER, error, started, now)
        if kind is Failure.HOST:
            self._failed(key.endpoint, HOST, error, started, now)
        else:
            self._circuits.pop(key.endpoint, None)

    def forget(self, key: AccountKey) -> None:
        """The credential may be tried again at once."""
        self._circuits.pop(key, None)

    def _failed(self, name: Hashable, policy: Policy, error: GatewayError, started: float, now: float) -> None:
        circuit = self._circuits.setdefault(name, Circuit(policy))
        self._circuits.move_to_end(name)
        circuit.failed(error, started=started, now=now, chance=self._random())
        if len(self._circuits) > MAX_CIRCUITS:
            self._circuits.popitem(last=False)

    def __len__(self) -> int:
        return len(self._circuits)
