"""Large mail is measured as it says: one run with mail that is not so large, and wrong answers are noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.large import LargeSite, large_site, measure_large
from bench.large_downloads import AT_ONCE
from bench.large_mail import LargeMail, Sizes
from bench.large_report import BEGIN, END, LargeFigures, LargeReport
from bench.large_works import LargeClient
from bench.work import WrongAnswer

SMALL = Sizes(parts=6, page=6, attachment=1, messages=1200, file=2, repeats=2)


@pytest.fixture(scope="module")
def place(needs_dovecot: None) -> Iterator[LargeSite]:
    with large_site(SMALL, lambda _: None) as made:
        yield made


def test_a_whole_run(place: LargeSite) -> None:
    said: list[str] = []
    report = measure_large(place, said.append)
    assert len(report.figures) == len(said) == 12
    assert all(each.times == SMALL.repeats for each in report.figures[:-1])
    assert all(each.imap_octets > 0 < each.cpu_ms for each in report.figures)
    made, theirs = (each for each in report.figures if "previews" in each.work)
    assert theirs.imap_octets < made.imap_octets < 30_000
    stretch, whole, raw, afar, raw_afar, together = report.figures[-6:]
    encoded = LargeMail.of(SMALL).file_octets * 4 / 3
    assert encoded < raw.imap_octets < whole.imap_octets < raw.imap_octets + 10_000
    assert min(afar.median_ms, raw_afar.median_ms) >= 20
    assert encoded < raw_afar.imap_octets < afar.imap_octets < raw.imap_octets + 10_000
    assert together.imap_octets > AT_ONCE * encoded
    assert 65_536 < stretch.imap_octets < 200_000
    assert whole.megabytes_per_second
    assert raw.megabytes_per_second
    assert "times the raw socket's speed" in report.notes()


def test_answers_are_compared_with_what_was_put_there(place: LargeSite) -> None:
    other = LargeMail(replace(SMALL, parts=8, page=7, messages=3000), bytes(len(place.mail.block)))
    client = LargeClient(place.native.url, place.native.headers(place.user), other)
    for do in (client.body, client.page, client.unseen, client.subject, client.text, client.whole, client.stretch):
        with pytest.raises(WrongAnswer):
            do()
    client.close()


def test_the_table_says_whether_previews_are_cheap(tmp_path: Path) -> None:
    cheap = LargeFigures.of("with previews", 1, [0.1, 0.3, 0.2], [0.01, 0.02, 0.06], [149_999.0], 0)
    dear = LargeFigures.of("with previews", 1, [0.1], [0.01], [150_000.0], 0, rated=True)
    assert [cheap.median_ms, *cheap.spread_ms, cheap.cpu_ms] == pytest.approx([200, 100, 300, 20])
    assert dear.megabytes_per_second == pytest.approx(1.5)
    assert ": less than 150 KB" in LargeReport((cheap,)).notes()
    assert "NOT less" in LargeReport((cheap, dear)).notes()
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
    LargeReport((cheap,)).put_into(page)
    text = page.read_text()
    assert text.startswith(f"above\n{BEGIN}\n| work")
    assert text.endswith(f"{END}\nbelow\n")
    assert "old" not in text
