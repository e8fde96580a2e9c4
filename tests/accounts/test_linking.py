"""What a refused sign-in means to a linked account."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.every_account import EveryAccount
from gateway.accounts.grants import Grants
from gateway.accounts.keyring import Keyring
from gateway.accounts.link import Link, Place, new_id
from gateway.accounts.link_place import Places
from gateway.accounts.link_store import LinkStore
from gateway.accounts.linked_accounts import LinkedAccounts
from gateway.accounts.linking import Departed, Linking
from gateway.accounts.proof import Prove
from gateway.audit import NoAudit
from gateway.errors import SignInRefused, Unavailable
from gateway.imap.credential import Password
from gateway.secret import Secret
from tests.http.doubles import Clock

KEYS = Keyring([("one", b"k" * 32)])


def linking(store: LinkStore) -> Linking:
    """As far as passwords go."""
    return Linking(
        cast("EveryAccount", None), cast("LinkedAccounts", None), cast("Grants", None), store, KEYS,
        cast("Places", None), cast("Prove", None), cast("Departed", None), NoAudit(), most=5,
    )  # fmt: skip


async def linked(store: LinkStore, password: str) -> Link:
    made = new_id()
    sealed = KEYS.seal(Secret(password), made, "password")
    link = Link(
        id=made, issuer="https://one.example", subject="s", address="a@example.org", username="a",
        place=Place(provider="p"), method="password", sealed=sealed, key_id="one",
    )  # fmt: skip
    await store.add(link, most=5)
    return link


async def state(store: LinkStore, link: Link) -> str:
    found = await store.get(link.id)
    assert found is not None
    return found.state


async def test_a_password_that_is_refused_has_to_be_given_anew(engine: AsyncEngine) -> None:
    store = LinkStore(engine, Clock())
    link = await linked(store, "old")
    error = SignInRefused("no")
    assert await linking(store).judged(error, link.id, Password("a", Secret("old"))) is error
    assert error.link == f"/v1/accounts/{link.id}"
    assert await state(store, link) == "reauth-required"


async def test_one_that_was_replaced_meanwhile_says_nothing_of_the_new_one(engine: AsyncEngine) -> None:
    store = LinkStore(engine, Clock())
    link = await linked(store, "old")
    anew = replace(link, sealed=KEYS.seal(Secret("new"), link.id, "password"))
    assert await store.replace_secret(link.id, "password", anew.sealed, "one")
    found = await linking(store).judged(SignInRefused("no"), link.id, Password("a", Secret("old")))
    assert isinstance(found, Unavailable)
    assert await state(store, link) == "ok"


async def test_of_an_account_that_is_not_linked_nothing_is_known(engine: AsyncEngine) -> None:
    error = SignInRefused("no")
    assert await linking(LinkStore(engine, Clock())).judged(error, "another", Password("a", Secret("x"))) is error
