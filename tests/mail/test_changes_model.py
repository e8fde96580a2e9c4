"""Whatever happens to a mailbox, between answers and between commands: a client that asks to the end has the truth."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FolderStale, StateTooOld
from gateway.mail import deletions, flag_changes
from gateway.mail.again import STALE
from gateway.mail.changes import changes_between
from gateway.mail.resource import Changes
from gateway.mail.snapshot import state_of
from gateway.mail.summary import keywords
from gateway.sync.state import FolderState

from .mailbox_model import ModelMailbox, ModelSession
from .test_changes import INBOX, Client, uid_of


class Story:
    """One client, one mailbox, and how long its answers are."""

    def __init__(
        self, seed: int, mode: str, most: int, *, esearch: bool, busy: float, held: float = 0, late: float = 0
    ) -> None:
        self.chance = Random(seed)
        self.box = ModelMailbox(self.chance)
        self.box.deliver(self.chance.randrange(30))
        self.busy, self.most = busy, most
        self.session = ModelSession(
            self.box,
            mode,
            esearch=esearch,
            meanwhile=self.meanwhile,
            holds_back=lambda: self.chance.random() < held,
            afterwards=lambda: self.chance.random() < late,
        )
        self.client = Client(FolderState(7, 1, 0, 0))
        self.mode = mode

    def meanwhile(self) -> None:
        if self.chance.random() < self.busy:
            self.box.mutate()

    async def answer(self) -> Changes:
        known = self.client.state.uidnext
        told = await self._told()
        passed = [gone for gone in told.destroyed if uid_of(gone) >= known]  # came and went: named beside the rest
        assert len(told.created) + len(told.updated) + len(told.destroyed) - len(passed) <= self.most
        assert len(told.new_state) <= 700
        self.client.apply(told)
        return told

    async def _told(self) -> Changes:
        """Again where all messages went and others came meanwhile, as the verb is tried."""
        for _ in range(STALE):
            opened = self.session.open()
            try:
                return await changes_between(opened, INBOX, self.client.state, await state_of(opened), most=self.most)
            except FolderStale:
                continue
        raise AssertionError("it is emptied and filled all the time")

    async def to_the_end(self) -> None:
        """Nothing happens any more; the client asks until there is nothing more to tell."""
        self.busy = 0
        for _ in range(400):
            if not (await self.answer()).has_more:
                return
        pytest.fail("it does not come to an end")

    def truth(self) -> dict[int, list[str]]:
        return {uid: keywords(flags) for uid, flags in self.box.flags().items()}


async def tell(story: Story, rounds: int) -> None:
    for _ in range(rounds):
        for _ in range(story.chance.randrange(4)):
            story.box.mutate()
        for _ in range(story.chance.randrange(1, 4)):
            await story.answer()
    await story.to_the_end()
    assert story.client.flags == story.truth()
    again = await story.answer()
    assert (again.created, again.destroyed, again.has_more, again.new_state) == ([], [], False, again.old_state)
    if story.mode != "condstore":  # there HIGHESTMODSEQ alone moves on
        assert again.updated == []


@given(
    seed=st.integers(0, 2**32),
    mode=st.sampled_from(["qresync", "condstore", "window"]),
    most=st.integers(1, 9),
    esearch=st.booleans(),
    busy=st.sampled_from([0, 0.05, 0.4]),
    held=st.sampled_from([0, 0.5, 1]),
    late=st.sampled_from([0, 0.5, 1]),
    rounds=st.integers(0, 8),
)
@settings(max_examples=300, deadline=None)
def test_at_the_end_the_client_has_the_truth(
    seed: int, mode: str, most: int, esearch: bool, busy: float, held: float, late: float, rounds: int
) -> None:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(flag_changes, "LOOKED", 3)
        small.setattr(flag_changes, "LOOKS", 2)
        small.setattr(deletions, "LISTED", 3)
        small.setattr(deletions, "LISTINGS", 2)
        asyncio.run(tell(Story(seed, mode, most, esearch=esearch, busy=busy, held=held, late=late), rounds))


@given(seed=st.integers(0, 2**32), mode=st.sampled_from(["condstore", "window"]), most=st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_what_is_told_by_what_is_left_leaves_the_truth(seed: int, mode: str, most: int) -> None:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(deletions, "NAMED", 2)
        asyncio.run(tell(Story(seed, mode, most, esearch=True, busy=0.1), 6))


@given(seed=st.integers(0, 2**32), mode=st.sampled_from(["condstore", "window"]))
@settings(max_examples=50, deadline=None)
def test_where_neither_can_be_the_client_is_told_to_read_again(seed: int, mode: str) -> None:
    async def lose_most() -> None:
        story = Story(seed, mode, 5, esearch=True, busy=0)
        story.box.deliver(20)
        await story.to_the_end()
        for uid in list(story.box.messages)[2:-2]:
            del story.box.messages[uid]
        with pytest.raises(StateTooOld):
            await story.to_the_end()

    with pytest.MonkeyPatch.context() as small:
        small.setattr(deletions, "NAMED", -1)
        small.setattr(deletions, "LONGEST", 1)
        asyncio.run(lose_most())


class TakenAway(ModelSession):
    """Renamed away a moment after it was opened, and back since: who has it open has no messages in it on Cyrus."""

    async def noop(self) -> None:
        self._seqs()

    def _seqs(self) -> dict[int, int]:
        self.mailbox.exists = 0
        self.mailbox.version += 1
        return {}


@pytest.mark.parametrize("mode", ["qresync", "condstore", "window"])
@pytest.mark.parametrize("most", [1, 50])
async def test_what_is_told_of_a_folder_that_was_away_for_a_moment_is_not_believed(mode: str, most: int) -> None:
    story = Story(1, mode, most, esearch=True, busy=0)
    await story.to_the_end()
    story.box.deliver(7)
    state = await state_of(story.session.open())
    away = TakenAway(story.box, mode, esearch=True, meanwhile=lambda: None)
    with pytest.raises(FolderStale):
        await changes_between(away.open(), INBOX, story.client.state, state, most=most)
