"""A client of a whole account that was away: what it has, folder by folder, kept in step by changes alone."""

from __future__ import annotations

from typing import Any

import httpx


class AccountClient:
    """``folders`` and ``messages`` by id; messages with their folder and flags."""

    def __init__(self, http: httpx.AsyncClient, *, most: int = 256, post: bool = False) -> None:
        self._http, self._most, self._post = http, most, post
        self.state: str | None = None
        self.folders: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.answers: list[dict[str, Any]] = []

    async def start(self) -> None:
        """The folders, a state, and then a page of each folder."""
        told = await self._ask()
        assert (told["oldState"], told["changes"], told["hasMore"]) == (None, [], False)
        self.state = told["newState"]
        self.folders = {folder["id"]: folder for folder in told["folders"]["created"]}
        for id_, folder in self.folders.items():
            if folder["maySelect"]:
                answer = await self._http.get(f"/folders/{id_}/messages", params={"limit": 100})
                assert answer.status_code == 200, answer.text
                self.messages |= {message["id"]: message for message in answer.json()["messages"]}

    async def sync(self) -> None:
        """Until there is nothing more to tell."""
        self.answers = []
        while True:
            told = await self._ask()
            self.answers.append(told)
            assert told["oldState"] == self.state
            self._folders(told["folders"])
            for changes in told["changes"]:
                self._changes(changes)
            self.state = told["newState"]
            if not told["hasMore"]:
                return
            assert len(self.answers) < 100, "it does not come to an end"

    async def _ask(self) -> dict[str, Any]:
        asked = {} if self.state is None else {"since": self.state}
        if self._post:
            answer = await self._http.post("/changes", json={**asked, "maxChanges": self._most})
        else:
            answer = await self._http.get("/changes", params={**asked, "maxChanges": str(self._most)})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def _folders(self, told: dict[str, Any]) -> None:
        for id_ in told["destroyed"]:
            del self.folders[id_]
            self._forget(id_)
        for renamed in told["renamed"]:
            del self.folders[renamed["id"]]
            folder = renamed["folder"]
            self.folders[folder["id"]] = folder
            for message in self.messages.values():
                if message["folderId"] == renamed["id"]:
                    message["folderId"] = folder["id"]
        for folder in (*told["created"], *told["updated"]):
            self.folders[folder["id"]] = folder

    def _changes(self, told: dict[str, Any]) -> None:
        assert told["folderId"] in self.folders
        if "moved" in told:
            new = {pair["id"]: pair["newId"] for pair in told["moved"]}
            kept = {new[id_]: {**message, "id": new[id_]} for id_, message in self.messages.items() if id_ in new}
            self._forget(told["folderId"])
            self.messages |= kept
        for message in told["created"]:
            self.messages[message["id"]] = message
        for update in told["updated"]:
            if update["id"] in self.messages:
                self.messages[update["id"]]["flags"] = update["flags"]
        for id_ in told["destroyed"]:
            self.messages.pop(id_, None)

    def _forget(self, folder: str) -> None:
        self.messages = {id_: message for id_, message in self.messages.items() if message["folderId"] != folder}


async def truth(http: httpx.AsyncClient) -> tuple[dict[str, tuple[bool, bool]], dict[str, list[str]]]:
    """Folders (subscribed, selectable) and messages' flags, as they are now."""
    folders = (await http.get("/folders")).json()["folders"]
    flags: dict[str, list[str]] = {}
    for folder in folders:
        if folder["maySelect"]:
            page = (await http.get(f"/folders/{folder['id']}/messages", params={"limit": 100})).json()
            assert page["nextCursor"] is None
            flags |= {message["id"]: message["flags"] for message in page["messages"]}
    return {folder["id"]: (folder["isSubscribed"], folder["maySelect"]) for folder in folders}, flags


async def assert_in_step(client: AccountClient, http: httpx.AsyncClient) -> None:
    await client.sync()
    folders, flags = await truth(http)
    assert {i: (f["isSubscribed"], f["maySelect"]) for i, f in client.folders.items()} == folders
    assert {i: m["flags"] for i, m in client.messages.items()} == flags
