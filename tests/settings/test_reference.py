from __future__ import annotations

from pathlib import Path

from gateway.settings.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text() == page(), "python -m gateway.settings.reference > docs/configuration.md"


def test_every_table_and_setting_is_on_it() -> None:
    text = page()
    for heading in ("issuers", "providers.imap", "server", "limits", "live", "log"):
        assert f"## `{heading}`" in text
    for setting in ("`leeway_seconds`", "`password_file`", "`connections_per_account`", "`allow_plaintext`"):
        assert setting in text
