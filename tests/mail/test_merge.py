"""Pages over several folders, against all their messages in one list."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from gateway.imap.name import MailboxName
from gateway.mail.merge import Hit, Lead, merge, start
from gateway.sync.cursor import fingerprint
from gateway.sync.search_cursor import Place, SearchCursor

PRINT = fingerprint("x")


@dataclass
class Folder:
    """UIDs with the moment of arrival of each; ``pace``: how many UIDs a request looks at."""

    name: MailboxName
    moments: dict[int, int]
    pace: int

    def lead(self, place: Place, limit: int) -> Lead:
        """As a search of the folder answers: so many hits under the place, or a pause."""
        under = sorted((uid for uid in self.moments if uid < place.below), reverse=True)
        looked = under[: self.pace]
        hits = [uid for uid in looked if uid % 2]
        below: int | None = looked[-1] if len(looked) < len(under) else None
        if len(hits) > limit:
            hits, below = hits[:limit], hits[limit - 1]
        ranks = {uid: (float(-self.moments[uid]),) for uid in looked}
        rest = ranks[below] if below is not None else None
        return Lead(self.name, place, tuple(Hit(uid, ranks[uid]) for uid in hits), below, rest)


@st.composite
def folders(draw: st.DrawFn) -> list[Folder]:
    made = []
    for number in range(draw(st.integers(1, 4))):
        uids = sorted(draw(st.sets(st.integers(1, 60), max_size=25)))
        moments = sorted(draw(st.lists(st.integers(0, 100), min_size=len(uids), max_size=len(uids))))
        made.append(
            Folder(MailboxName(b"F%d" % number), dict(zip(uids, moments, strict=True)), draw(st.integers(1, 30)))
        )
    return made


@given(folders(), st.integers(1, 7))
def test_no_message_is_shown_twice_or_hidden_and_all_are_in_order(made: list[Folder], limit: int) -> None:
    seen: list[tuple[int, bytes, int]] = []
    cursor = None
    for _ in range(500):
        leads = []
        for folder in made:
            place = start(folder.name, 1, 100) if cursor is None else cursor.of(folder.name.wire)
            if place is not None:
                leads.append((folder, folder.lead(place, limit)))
        chosen = merge([lead for _, lead in leads], limit)
        assert len(chosen.picked) <= limit
        for number, hit in chosen.picked:
            folder = leads[number][0]
            seen.append((folder.moments[hit.uid], folder.name.wire, hit.uid))
        if not chosen.places:
            break
        cursor = SearchCursor.parse(SearchCursor(PRINT, chosen.places).encode(), fingerprint=PRINT)
    else:
        raise AssertionError("it does not end")
    whole = {(folder.moments[uid], folder.name.wire, uid) for folder in made for uid in folder.moments if uid % 2}
    assert len(seen) == len(set(seen))
    assert set(seen) == whole
    moments = [moment for moment, _, _ in seen]
    assert moments == sorted(moments, reverse=True)


def test_a_folder_whose_rest_is_unknown_holds_the_others_back_and_gets_on() -> None:
    near, far = MailboxName(b"near"), MailboxName(b"far")
    paused = Lead(near, start(near, 1, 100), below=40)
    ready = Lead(far, start(far, 1, 100), (Hit(7, (-1.0,)),))
    chosen = merge([paused, ready], 5)
    assert chosen.picked == ()
    assert {place.below for place in chosen.places} == {40, 8}


def test_a_sorted_folder_remembers_the_last_that_were_shown() -> None:
    name = MailboxName(b"a")
    place = Place(start(name, 1, 100).mark, 1, 100, 3, (9, 8, 7))
    hits = tuple(Hit(uid) for uid in (50, 3, 70))
    chosen = merge([Lead(name, place, hits, sorted=True)], 2)
    assert chosen.places == (Place(place.mark, 1, 100, 5, (8, 7, 50, 3)),)
    assert merge([Lead(name, place, hits, sorted=True)], 3).places == ()
    assert merge([Lead(name, place, hits, more=True, sorted=True)], 3).places[0].given == 6
