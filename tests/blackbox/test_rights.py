"""Who may do what with a folder, over HTTP: granted, seen, kept to, and taken back, on every server that has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from .conftest import Site
from .events import watching
from .mail import ids, plain, stored
from .sharing import Circle, circle

READ = ("mayReadItems",)
ALL_MAIL = ("mayReadItems", "maySetSeen", "maySetKeywords", "mayAddItems", "mayRemoveItems")


@pytest.fixture
async def pair(sharing: Site) -> AsyncIterator[Circle]:
    async with circle(sharing) as made:
        yield made


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_a_folder_that_is_shared_is_seen_with_its_owner_and_rights(pair: Circle) -> None:
    await pair.grant(*READ)
    found = await pair.found()
    assert found is not None
    assert (found["namespace"], found["owner"], found["role"]) == ("other", pair.owner_name, None)
    rights = found["myRights"]
    assert isinstance(rights, dict)
    assert rights == {
        **dict.fromkeys(
            ("mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords", "mayCreateChild", "mayRename"), False
        ),
        **dict.fromkeys(("mayDelete", "maySubmit", "mayAdmin"), False),
        "mayReadItems": True,
        "letters": "lr",
    }
    alone = (await pair.guest.get(f"/folders/{found['id']}")).json()
    assert (alone["myRights"], alone["owner"], alone["totalMessages"]) == (rights, pair.owner_name, 1)
    mine = (await pair.guest.get("/folders/inbox")).json()
    assert (mine["namespace"], mine["owner"]) == ("personal", None)
    assert mine["myRights"]["mayRemoveItems"]
    assert mine["myRights"]["mayAdmin"]


async def test_rights_and_quota_in_a_batch(pair: Circle) -> None:
    """What one operation grants the next one sees; without the right to, it is refused as by itself."""
    rights = pair.path.lstrip("/")
    folder = rights.rpartition("/")[0]
    operations = [
        {"id": "grant", "method": "PUT", "path": rights, "body": {"rights": list(READ)}},
        {"id": "seen", "method": "GET", "path": folder},
        {"id": "grantable", "method": "GET", "path": rights},
        {"id": "quota", "method": "GET", "path": "quota?folder=inbox"},
        {"id": "gone", "method": "DELETE", "path": rights},
        {"id": "after", "method": "GET", "path": folder},
    ]
    answer = await pair.owner.post("/batch", json={"operations": operations})
    results = {result["id"]: result for result in answer.json()["results"]}
    assert [result["status"] for result in results.values()] == [200, 200, 200, 200, 204, 200], answer.text
    entries = {name: {each["who"] for each in results[name]["body"]["entries"]} for name in ("grant", "seen", "after")}
    assert (pair.who in entries["grant"], pair.who in entries["seen"], pair.who in entries["after"]) == (
        True, True, False,
    )  # fmt: skip
    assert results["grantable"]["body"]["who"] == pair.who
    assert results["quota"]["body"] == (await pair.owner.get("/quota")).json()
    await pair.grant(*READ)
    there = await pair.there()
    refused = {"id": "a", "method": "PUT", "path": f"folders/{there}/rights/carol", "body": {"letters": "lr"}}
    answer = await pair.guest.post("/batch", json={"operations": [refused]})
    (result,) = answer.json()["results"]
    assert (result["status"], result["problem"]["type"]) == (403, "/problems/forbidden")


async def test_who_reads_only_is_refused_to_write(pair: Circle) -> None:
    await pair.grant(*READ)
    there = await pair.there()
    (message,) = await ids(pair.guest, there)
    assert (await pair.guest.get(f"/messages/{message}/body")).json()["text"]["value"] == "body of 1\n"
    own = await stored(pair.guest, plain(2))
    refused = [
        await pair.guest.put(f"/messages/{message}/flags/$flagged"),
        await pair.guest.put(f"/messages/{message}/flags/$seen"),
        await pair.guest.delete(f"/messages/{message}", params={"permanent": "true"}),
        await pair.guest.delete(f"/messages/{message}"),
        await pair.guest.post(f"/messages/{message}/move", json={"folder": "archive"}),
        await pair.guest.post(f"/messages/{own}/copy", json={"folder": there}),
        await pair.guest.post(f"/messages/{own}/move", json={"folder": there}),
        await pair.guest.post(f"/folders/{there}/flags", json={"ids": [message], "add": ["$flagged"]}),
        await pair.guest.post(
            f"/folders/{there}/messages", content=plain(3), headers={"Content-Type": "message/rfc822"}
        ),
        await pair.guest.post("/folders", json={"name": "Below", "parentId": there}),
        await pair.guest.delete(f"/folders/{there}", params={"force": "true"}),
        await pair.guest.put(f"/folders/{there}/rights/carol", json={"letters": "lr"}),
        await pair.guest.put(f"/folders/{there}/rights/carol", json={"rights": ["mayReadItems"]}),
        await pair.guest.delete(f"/folders/{there}/rights/carol"),
    ]
    assert [problem(answer) for answer in refused] == [(403, "/problems/forbidden")] * len(refused)
    assert await ids(pair.guest) == [own]
    assert len(await ids(pair.owner, pair.folder)) == 1
    assert (await pair.guest.post(f"/messages/{message}/copy", json={"folder": "inbox"})).status_code == 200
    assert (await pair.guest.patch(f"/folders/{there}", json={"name": "Ours"})).status_code in (403, 422)
    followed = await pair.guest.patch(f"/folders/{there}", json={"isSubscribed": True})
    assert followed.json()["isSubscribed"] is True
    found = await pair.guest.post("/search", json={"filter": {"subject": "message"}, "folders": [there]})
    assert [each["id"] for each in found.json()["messages"]] == [message]
    everywhere = (await pair.guest.post("/search", json={"filter": {"subject": "message 1"}})).json()["messages"]
    assert message not in [each["id"] for each in everywhere]  # of others only what is named


async def test_with_more_rights_more_is_done_and_the_owner_sees_it(pair: Circle) -> None:
    await pair.grant(*ALL_MAIL)
    there = await pair.there()
    (message,) = await ids(pair.guest, there)
    flagged = await pair.guest.put(f"/messages/{message}/flags/$flagged")
    assert flagged.json()["flags"] == ["$flagged"]
    (theirs,) = await ids(pair.owner, pair.folder)
    assert "$flagged" in (await pair.owner.get(f"/messages/{theirs}/flags")).json()["flags"]
    own = await stored(pair.guest, plain(2))
    moved = await pair.guest.post(f"/messages/{own}/move", json={"folder": there})
    assert moved.status_code == 200, moved.text
    assert len(await ids(pair.owner, pair.folder)) == 2
    assert (await pair.guest.delete(f"/messages/{moved.json()['id']}")).status_code == 200
    (trashed,) = await ids(pair.guest, "trash")
    assert (await pair.guest.get(f"/messages/{trashed}")).json()["subject"] == "message 2"
    assert await ids(pair.owner, "trash") == []
    assert (await pair.guest.delete(f"/messages/{message}", params={"permanent": "true"})).status_code == 200
    assert await ids(pair.owner, pair.folder) == []


async def test_what_one_has_seen_the_other_has_not(pair: Circle) -> None:
    await pair.grant("mayReadItems", "maySetSeen")
    there = await pair.there()
    (message,) = await ids(pair.guest, there)
    assert (await pair.guest.put(f"/messages/{message}/flags/$seen")).json()["flags"] == ["$seen"]
    assert (await pair.guest.get(f"/folders/{there}")).json()["unreadMessages"] == 0
    assert (await pair.owner.get(f"/folders/{pair.folder}")).json()["unreadMessages"] == 1
    # of the right to set $seen alone nothing else follows
    assert (await pair.guest.put(f"/messages/{message}/flags/$flagged")).status_code == 403
    bulk = await pair.guest.post(f"/folders/{there}/flags", json={"ids": [message], "add": ["$flagged"]})
    assert 403 in (bulk.status_code, *(each["status"] for each in bulk.json().get("results", [])))
    both = await pair.guest.patch(f"/messages/{message}/flags", json={"add": ["$seen", "$flagged"]})
    assert "$flagged" not in both.json().get("flags", [])
    (theirs,) = await ids(pair.owner, pair.folder)
    assert (await pair.owner.get(f"/messages/{theirs}/flags")).json()["flags"] == []


async def test_unshared_in_between_it_is_gone_and_nothing_breaks(pair: Circle) -> None:
    await pair.grant(*ALL_MAIL)
    there = await pair.there()
    (message,) = await ids(pair.guest, there)
    state = (await pair.guest.get(f"/folders/{there}/messages")).json()["state"]
    own = await stored(pair.guest, plain(2))
    await pair.withdraw()
    after = [
        await pair.guest.get(f"/folders/{there}/messages"),
        await pair.guest.get(f"/folders/{there}"),
        await pair.guest.get(f"/folders/{there}/changes", params={"since": state}),
        await pair.guest.get(f"/folders/{there}/rights"),
        await pair.guest.get(f"/messages/{message}/body"),
        await pair.guest.put(f"/messages/{message}/flags/$flagged"),
        await pair.guest.delete(f"/messages/{message}"),
        await pair.guest.get("/quota", params={"folder": there}),
        await pair.guest.put(f"/folders/{there}/rights/carol", json={"letters": "lr"}),
    ]
    assert {answer.status_code for answer in after} <= {403, 404}, [answer.text for answer in after]
    into = await pair.guest.post(f"/messages/{own}/move", json={"folder": there})
    assert into.status_code in (403, 404, 422), into.text
    assert await ids(pair.guest) == [own]
    assert await pair.found() is None
    await pair.grant(*READ)
    assert await ids(pair.guest, there) == [message]


async def test_a_shared_folder_is_followed_like_any_other(pair: Circle) -> None:
    await pair.grant(*READ)
    there = await pair.there()
    async with watching(pair.guest, folders=there) as events:
        hello = await events.until("hello")
        assert hello.data["watching"][0]["folderId"] == there
        await stored(pair.owner, plain(2), pair.folder)
        (summary,) = (await events.until("changes", 30)).data["created"]
        assert (summary["folderId"], summary["subject"]) == (there, "message 2")


async def test_rights_are_told_in_words_and_letters_to_who_administers(pair: Circle) -> None:
    await pair.grant(*READ)
    told = (await pair.owner.get(f"/folders/{pair.folder}/rights")).json()
    assert told["folderId"] == pair.folder
    assert told["myRights"]["mayAdmin"]
    entries = {entry["who"]: entry for entry in told["entries"]}
    assert entries[pair.who] == {
        "who": pair.who,
        "kind": "user",
        "negative": False,
        "rights": ["mayReadItems"],
        "letters": "lr",
    }
    assert "mayAdmin" in entries[pair.owner_name]["rights"]
    seen = (await pair.guest.get(f"/folders/{await pair.there()}/rights")).json()
    assert (seen["entries"], seen["myRights"]["letters"]) == (None, "lr")
    same = await pair.owner.get(f"/folders/{pair.folder}/rights")
    again = await pair.owner.get(f"/folders/{pair.folder}/rights", headers={"If-None-Match": same.headers["etag"]})
    assert again.status_code == 304


async def test_rights_are_replaced_exactly_by_letters_and_in_part_by_words(pair: Circle) -> None:
    own = {"lrs": "lrs5", "": "5"} if pair.site.name == "cyrus" else {"lrs": "lrs", "": ""}  # Dovecot has no digits
    put = await pair.owner.put(pair.path, json={"letters": own["lrs"] + "i"})
    (entry,) = [entry for entry in put.json()["entries"] if entry["who"] == pair.who]
    assert set(entry["letters"]) == set(own["lrs"] + "i")
    put = await pair.owner.put(pair.path, json={"rights": ["mayReadItems", "maySetSeen"]})
    (entry,) = [entry for entry in put.json()["entries"] if entry["who"] == pair.who]
    assert set(entry["letters"]) == set(own["lrs"])
    assert entry["rights"] == ["mayReadItems", "maySetSeen"]
    put = await pair.owner.put(pair.path, json={"letters": "lr"})
    (entry,) = [entry for entry in put.json()["entries"] if entry["who"] == pair.who]
    assert entry["letters"] == "lr"


async def test_negative_rights_groups_and_odd_identifiers(pair: Circle) -> None:
    await pair.grant(*ALL_MAIL)
    minus = f"/folders/{pair.folder}/rights/-{pair.who}"
    put = await pair.owner.put(minus, json={"rights": ["mayRemoveItems"]})
    (entry,) = [entry for entry in put.json()["entries"] if entry["who"] == f"-{pair.who}"]
    assert (entry["negative"], entry["kind"], entry["rights"]) == (True, "user", ["mayRemoveItems"])
    found = await pair.found()
    assert found is not None
    rights = found["myRights"]
    assert isinstance(rights, dict)
    assert (rights["mayAddItems"], rights["mayRemoveItems"]) == (True, False)
    there = str(found["id"])
    (message,) = await ids(pair.guest, there)
    assert (await pair.guest.delete(f"/messages/{message}", params={"permanent": "true"})).status_code == 403
    assert (await pair.guest.delete(f"/messages/{message}")).status_code == 403
    assert await ids(pair.owner, pair.folder)
    assert (await pair.owner.delete(minus)).status_code == 204
    for who, status in {"b%20c": {200}, "a%2Fb": {200, 422}, "%24team": {200}, "j%C3%B6rg": {200, 422}}.items():
        answer = await pair.owner.put(f"/folders/{pair.folder}/rights/{who}", json={"letters": "l"})
        assert answer.status_code in status, (who, answer.text)
    kinds = {
        entry["who"]: entry["kind"] for entry in answer_entries(await pair.owner.get(f"/folders/{pair.folder}/rights"))
    }
    assert (kinds["b c"], kinds["$team"]) == ("user", "group")
    assert (await pair.owner.get(f"/folders/{pair.folder}")).json()["totalMessages"] == 1  # the folder is well


def answer_entries(answer: httpx.Response) -> list[dict[str, str]]:
    found: list[dict[str, str]] = answer.json()["entries"]
    return found


@pytest.mark.parametrize("who", ["a%22b", "a%5Cb", "a%0Db", "%00", "%FF", "a%09A1%20LOGOUT", "x" * 256, "-"])
async def test_identifiers_that_no_list_can_hold_are_refused(pair: Circle, who: str) -> None:
    """Cyrus keeps a quote or a backslash in a way that it can't read again: the folder would be lost."""
    answer = await pair.owner.put(f"/folders/{pair.folder}/rights/{who}", json={"letters": "lr"})
    assert (answer.status_code, answer.json()["field"]) == (400, "who")
    assert (await pair.owner.get(f"/folders/{pair.folder}")).json()["totalMessages"] == 1


async def test_a_line_end_in_an_identifier_leads_nowhere(pair: Circle) -> None:
    answer = await pair.owner.put(f"/folders/{pair.folder}/rights/a%0d%0aA1%20DELETE%20Minutes", json={"letters": "lr"})
    assert answer.status_code == 404
    assert (await pair.owner.get(f"/folders/{pair.folder}")).json()["totalMessages"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"rights": ["mayReadItems"], "letters": "lr"}, 400),
        ({"rights": ["mayFly"]}, 400),
        ({"letters": "LR"}, 400),
        ({"letters": "l r"}, 400),
        ({"letters": "lrq"}, 422),
    ],
)
async def test_rights_that_are_none(pair: Circle, body: dict[str, object], status: int) -> None:
    answer = await pair.owner.put(pair.path, json=body)
    assert answer.status_code == status, answer.text
    entries = answer_entries(await pair.owner.get(f"/folders/{pair.folder}/rights"))
    assert pair.who not in [entry["who"] for entry in entries]


async def test_anyone_means_everyone_where_the_server_permits_it(pair: Circle) -> None:
    answer = await pair.owner.put(f"/folders/{pair.folder}/rights/anyone", json={"rights": ["mayReadItems"]})
    if pair.site.name == "dovecot":  # not unless acl_anyone allows it
        assert problem(answer) == (422, "/problems/unprocessable"), answer.text
        return
    (entry,) = [entry for entry in answer.json()["entries"] if entry["who"] == "anyone"]
    assert entry["kind"] == "anyone"
    assert await pair.found() is not None


async def test_what_can_be_granted_is_told(pair: Circle) -> None:
    told = (await pair.owner.get(pair.path)).json()
    assert told["who"] == pair.who
    assert {"r", "s", "w", "i"} <= set("".join([told["always"], *told["tied"]]))
    assert {"mayReadItems", "mayAdmin"} <= set(told["rights"])


async def test_who_administers_by_grant_may_share_on_and_lock_himself_out(pair: Circle) -> None:
    await pair.grant(*READ, "mayAdmin")
    there = await pair.there()
    put = await pair.guest.put(f"/folders/{there}/rights/carol", json={"rights": ["mayReadItems"]})
    assert put.status_code == 200, put.text
    assert "carol" in [entry["who"] for entry in put.json()["entries"]]
    out = await pair.guest.put(f"/folders/{there}/rights/{pair.who}", json={"rights": []})
    assert out.status_code == 200, out.text
    assert (out.json()["entries"], out.json()["myRights"]["mayReadItems"]) == (None, False)
    assert (await pair.guest.get(f"/folders/{there}/messages")).status_code in (403, 404)


async def test_rights_of_what_is_not_there(pair: Circle) -> None:
    gone = (await pair.owner.post("/folders", json={"name": "Short lived"})).json()["id"]
    await pair.owner.delete(f"/folders/{gone}")
    answers = [
        await pair.owner.get(f"/folders/{gone}/rights"),
        await pair.owner.put(f"/folders/{gone}/rights/bob", json={"letters": "l"}),
        await pair.owner.delete(f"/folders/{gone}/rights/bob"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3, [answer.text for answer in answers]


async def test_scopes_of_rights(sharing: Site) -> None:
    user = sharing.guest()
    headers = sharing.gateway.headers(user, scope="mail.metadata")
    async with httpx.AsyncClient(base_url=f"{sharing.gateway.url}/v1/accounts/me", headers=headers) as client:
        assert (await client.get("/folders/inbox/rights")).status_code == 200
        assert (await client.get("/quota")).status_code == 200
        for answer in (
            await client.put("/folders/inbox/rights/bob", json={"letters": "l"}),
            await client.delete("/folders/inbox/rights/bob"),
        ):
            assert answer.status_code == 403
            assert 'scope="mail.folders"' in answer.headers["www-authenticate"]


async def test_a_server_without_rights_says_so(on_plain: Site) -> None:
    async with on_plain.gateway.client(on_plain.guest()) as client:
        answers = [
            await client.get("/folders/inbox/rights"),
            await client.get("/folders/inbox/rights/bob"),
            await client.put("/folders/inbox/rights/bob", json={"letters": "lr"}),
            await client.delete("/folders/inbox/rights/bob"),
            await client.get("/quota"),
        ]
        assert [problem(answer) for answer in answers] == [(422, "/problems/unsupported")] * 5
        tree = (await client.get("/folders", params={"rights": "true"})).json()["folders"]
        assert tree
        assert not any("myRights" in folder for folder in tree)
        assert "myRights" not in (await client.get("/folders/inbox")).json()


async def test_the_tree_asks_for_rights_by_itself_where_that_costs_nothing(sharing: Site) -> None:
    async with sharing.gateway.client(sharing.guest()) as client:
        for params, expected in (({}, sharing.name == "cyrus"), ({"rights": "true"}, True)):
            folders = (await client.get("/folders", params=params)).json()["folders"]
            assert {"myRights" in folder for folder in folders if folder["maySelect"]} == {expected}


async def test_a_public_folder_and_what_holds_it_are_shared(sharing: Site) -> None:
    if sharing.name != "dovecot":
        pytest.skip("only this server has a public folder")
    async with sharing.gateway.client(sharing.guest()) as client:
        folders = (await client.get("/folders", params={"rights": "true"})).json()["folders"]
        by_path = {"/".join(folder["path"]): folder for folder in folders}
        assert (by_path["Public"]["namespace"], by_path["Public"]["owner"]) == ("shared", None)
        news = by_path["Public/News"]
        assert (news["namespace"], news["owner"], news["myRights"]["letters"]) == ("shared", None, "lrs")
        refused = await client.post(
            f"/folders/{news['id']}/messages", content=plain(1), headers={"Content-Type": "message/rfc822"}
        )
        assert problem(refused) == (403, "/problems/forbidden")


async def test_a_master_user_has_the_rights_of_whom_it_acts_for(on_delegated: Site) -> None:
    """SASL PLAIN with an authorisation identity: not the master's own rights, nor all."""
    async with circle(on_delegated) as pair:
        await pair.grant(*READ)
        found = await pair.found()
        assert found is not None
        rights = found["myRights"]
        assert isinstance(rights, dict)
        assert rights["letters"] == "lr"
        there = str(found["id"])
        refused = await pair.guest.post(
            f"/folders/{there}/messages", content=plain(1), headers={"Content-Type": "message/rfc822"}
        )
        assert problem(refused) == (403, "/problems/forbidden")
        entries = answer_entries(await pair.owner.get(f"/folders/{pair.folder}/rights"))
        assert {entry["who"] for entry in entries} == {pair.owner_name, pair.who}
