"""Positions of exports as tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.sync.cursor import Cursor, fingerprint
from gateway.sync.export_cursor import AccountExportCursor, ExportCursor

NUMBER = st.integers(0, 2**32 - 1)
PRINT = fingerprint("all")


@given(NUMBER, NUMBER)
def test_a_token_comes_back(uidvalidity: int, above: int) -> None:
    made = ExportCursor(uidvalidity, above, PRINT)
    assert ExportCursor.parse(made.encode(), fingerprint=PRINT) == made


@given(st.text(max_size=40))
def test_nothing_else_is_one(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ExportCursor.parse(text, fingerprint=PRINT)
    assert refused.value.field == "cursor"


def test_of_another_filter_or_kind() -> None:
    made = ExportCursor(1, 2, fingerprint("other")).encode()
    for token in (made, Cursor(1, 2, PRINT).encode(), made + "A", ""):
        with pytest.raises(InvalidRequest):
            ExportCursor.parse(token, fingerprint=PRINT)


@given(st.binary(min_size=8, max_size=8), NUMBER, NUMBER)
def test_that_of_several_folders_comes_back(mark: bytes, uidvalidity: int, above: int) -> None:
    made = AccountExportCursor(mark, uidvalidity, above, PRINT)
    assert AccountExportCursor.parse(made.encode(), fingerprint=PRINT) == made
    with pytest.raises(InvalidRequest):
        AccountExportCursor.parse(made.encode(), fingerprint=fingerprint("other"))
    with pytest.raises(InvalidRequest):
        ExportCursor.parse(made.encode(), fingerprint=PRINT)


@given(st.text(max_size=60))
def test_nothing_else_is_one_of_several_folders(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        AccountExportCursor.parse(text, fingerprint=PRINT)
    assert refused.value.field == "cursor"
