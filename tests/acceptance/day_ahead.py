"""The gateway with its clock a day ahead: ``python -m tests.acceptance.day_ahead serve --config …``."""

from __future__ import annotations

import sys
import time

DAY = 24 * 3600.0


def main() -> int:
    real = time.time
    time.time = lambda: real() + DAY  # before anything of the gateway takes it for its clock

    from gateway.cli import main as gateway

    return gateway(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
