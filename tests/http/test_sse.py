"""Frames of server-sent events."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.http.selected import Wanted
from gateway.http.sse import HEARTBEAT, KEPT, Frames, frame
from gateway.live.event import Bye, Hello, Resync, WatchedFolder
from gateway.mail.resource import FolderChanges

from .doubles import changes


def fields(octets: bytes) -> list[tuple[str, str]]:
    """The frame as a client reads it (WHATWG HTML section 9.2.6)."""
    text = octets.decode()
    assert text.endswith("\n\n")
    assert "\n\n" not in text[:-2]
    lines = text[:-2].split("\n")
    return [(name, value.removeprefix(" ")) for name, _, value in (line.partition(":") for line in lines)]


def test_changes_carry_their_state_as_id() -> None:
    id_, event, data = fields(frame(changes("s2"), "s2"))
    assert id_ == ("id", "s2")
    assert event == ("event", "changes")
    assert json.loads(data[1])["newState"] == "s2"


def test_hello_and_folders_carry_the_state_that_they_are_given() -> None:
    watched = WatchedFolder(folder_id="f1", mode="idle", state="s1")
    hello = Hello(watching=[watched], heartbeat_seconds=15)
    assert fields(frame(hello, "s1"))[0] == ("id", "s1")
    assert fields(frame(hello))[0] == ("event", "hello")
    folders = fields(frame(FolderChanges(destroyed=["f1"]), "s3"))
    assert folders[:2] == [("id", "s3"), ("event", "folders")]
    assert json.loads(folders[2][1])["destroyed"] == ["f1"]


def test_a_resync_has_no_state_of_its_own() -> None:
    """Who is cut off before the folder was read again is told once more."""
    assert fields(frame(Resync(folder_id="f1", since=None, reason="overflow"), "s1"))[0] == ("event", "resync")


def test_resync_and_bye() -> None:
    assert fields(frame(Resync(folder_id="f1", since=None, reason="overflow")))[0] == ("event", "resync")
    bye = fields(frame(Bye(reason="drain", retry=1500)))
    assert bye[:2] == [("retry", "1500"), ("event", "bye")]


def test_a_heartbeat_is_a_comment() -> None:
    assert fields(HEARTBEAT) == [("", "")]


@given(st.text(), st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_breaks_out_of_a_field(state: str, folder: str) -> None:
    found = fields(frame(changes(state), state))
    assert [name for name, _ in found] in (["id", "event", "data"], ["event", "data"])
    resync = fields(frame(Resync(folder_id=folder, since=folder, reason="gone")))
    assert json.loads(resync[1][1])["folderId"] == folder


def test_streams_in_step_share_a_frame_and_no_other_does() -> None:
    frames, event, all_of_it = Frames(), changes("s2"), Wanted()
    made = frames.of(event, all_of_it, "s2")
    assert made == frame(event, "s2")
    assert frames.of(event, Wanted(), "s2") is made
    assert frames.of(event, all_of_it, "s3") == frame(event, "s3")
    bare = frames.of(event, Wanted(bodies=False), "s2")
    assert b"the body begins" in (made or b"")
    assert b"the body begins" not in (bare or b"the body begins")
    assert frames.of(event, Wanted(frozenset({"destroyed"})), "s2") is None
    for number in range(KEPT):
        frames.of(changes(f"s{number}"), all_of_it, None)
    assert frames.of(event, all_of_it, "s2") == made
    assert len(frames._made) == KEPT
