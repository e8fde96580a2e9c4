"""What arrives while one watches: a new message every so often, without end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count, cycle

from gateway.demo.mail.compose import Sample, Who

WEATHER_FOLDER = "Archive/Weather log"
_LOG_DAYS = 181
_ROUND: tuple[tuple[Who, str, str], ...] = (
    (("Weather Desk", "weather@coast.example.org"), "Gale warning, number {n}", "West 8, rising 9. Tie things down."),
    (
        ("Harbour Cycles", "hello@harbour-cycles.example.com"),
        "Your bicycle is ready",
        "Bell tightened. It rings true now.",
    ),
    (
        ("Build Server", "builds@ci.example.org"),
        "[lighthouse] build {n} passed",
        "4112 passed, 0 failed, in 6 minutes.",
    ),
    (("みなと観光案内所", "annai@minato.example.org"), "船の時刻表（第{n}号）", "明日の船は一本増えます。"),
    (
        ("Front Desk", "desk@example.org"),
        "Somebody left an umbrella",
        "Blue, large, a little proud. It is at the desk.",
    ),
    (("مكتبة الميناء", "books@maktaba.example.org"), "كتاب جديد رقم {n}", "وصل كتاب جديد قد يعجبك."),
    (
        ("Operations", "operations@example.org"),
        "Lamp check {n}: bright",
        "The lamp turned all night. So did the keeper.",
    ),
)


_SKIES = ("fog until noon", "rain, then less rain", "clear, cold", "showers and a rainbow", "a gale", "still and grey")


def weather_log() -> list[Sample]:
    """A long folder: one short report a day."""
    return [
        Sample(
            WEATHER_FOLDER,
            ("Weather Desk", "weather@coast.example.org"),
            f"Weather, day {_LOG_DAYS - day}: {_SKIES[day * 5 % 6]}",
            timedelta(days=day, hours=6),
            f"{_SKIES[day * 5 % 6].capitalize()}. Wind {day * 7 % 9}, sea {day * 5 % 6}, {day * 11 % 23} degrees.",
        )
        for day in range(1, _LOG_DAYS)
    ]


def arrivals() -> Iterator[Sample]:
    for number, (sender, subject, text) in zip(count(1), cycle(_ROUND), strict=False):
        yield Sample("INBOX", sender, subject.format(n=number), timedelta(), text, flags=())
