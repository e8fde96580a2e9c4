from __future__ import annotations

from gateway.imap.capability import Capabilities


def test_names_are_without_case() -> None:
    offered = Capabilities.of(["IMAP4rev1", "Literal+", "auth=plain", "THREAD=REFS", "AppendLimit=1000"])
    assert offered.has("literal+")
    assert "LITERAL+" in offered
    assert offered.mechanisms == {"PLAIN"}
    assert offered.thread_algorithms == {"REFS"}
    assert offered.append_limit == 1000
    assert not offered.has("IDLE")


def test_rev2_brings_what_it_includes_once_it_is_on() -> None:
    both = Capabilities.of(["IMAP4rev1", "IMAP4rev2"])
    assert not both.has("UIDPLUS")
    assert both.with_enabled(["imap4rev2"]).has("UIDPLUS")
    alone = Capabilities.of(["IMAP4rev2"])
    assert alone.has("MOVE")
    assert alone.utf8_names
    assert not alone.without(["move"]).has("MOVE")
    assert alone.without(["move"]).has("UIDPLUS")


def test_names_in_utf8_only_once_enabled() -> None:
    offered = Capabilities.of(["IMAP4rev1", "UTF8=ACCEPT"])
    assert not offered.utf8_names
    assert offered.with_enabled(["UTF8=ACCEPT"]).utf8_names


def test_sync_mode() -> None:
    assert Capabilities.of(["QRESYNC", "CONDSTORE"]).sync_mode() == "qresync"
    assert Capabilities.of(["CONDSTORE"]).sync_mode() == "condstore"
    assert Capabilities.of(["QRESYNC", "CONDSTORE"]).without(["QRESYNC"]).sync_mode() == "condstore"
    assert Capabilities().sync_mode() == "window"


def test_a_junk_append_limit_is_none() -> None:
    assert Capabilities.of(["APPENDLIMIT", "APPENDLIMIT=x"]).append_limit is None
