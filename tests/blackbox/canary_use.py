"""Every endpoint, used with canaries wherever a caller can put one."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from . import canary_linking
from .canary import Canaries
from .canary_letters import bounce, invitation, letter
from .events import EventReader

Done = Callable[..., Awaitable[Any]]
MESSAGE = {"Content-Type": "message/rfc822"}


async def a_letter(client: httpx.AsyncClient, c: Canaries) -> tuple[str, str]:
    """A message in the inbox, and a folder."""
    folder = await client.post("/folders", json={"name": c["folder"]})
    assert folder.status_code == 201, folder.text
    stored = await client.post(
        "/folders/inbox/messages", content=letter(c), headers=MESSAGE, params={"flags": c["flag"]}
    )
    assert stored.status_code == 201, stored.text
    return stored.json()["id"], folder.json()["id"]


async def use_everything(client: httpx.AsyncClient, c: Canaries, port: int) -> None:
    """Every endpoint, with success. ``port``: the mail server's."""

    async def done(method: str, path: str, **more: Any) -> Any:
        answer = await client.request(method, path, **more)
        assert answer.status_code < 300, (method, path, answer.text)
        return answer.json() if answer.headers.get("content-type") == "application/json" else answer

    message, folder = await a_letter(client, c)
    root = str(client.base_url).partition("/v1")[0]
    for path in ("/v1/accounts", "/openapi.json", "/docs", "/docs/docs.js", "/problems/not-found",
                 "/.well-known/oauth-protected-resource", "/v1/accounts/me"):  # fmt: skip
        await done("GET", root + path)
    await done("GET", "/folders")
    state = (await done("GET", f"/folders/{folder}"))["state"]
    words = {name: c[f"search{name}"] for name in ("from", "to", "subject", "text")}
    await done("GET", "/folders/inbox/messages", params={**words, "since": "2020-01-01", "limit": 5})
    await done("GET", "/folders/inbox/messages", params={"subject": f"{c['searchutf8']} ü"})
    for tail in ("", "/body", "/raw", "/parts/2", "/flags"):
        await done("GET", f"/messages/{message}{tail}")
    await done("GET", f"/messages/{message}/body", headers={"Accept": "text/html"})
    await done("PUT", f"/messages/{message}/flags/{c['put']}")
    await done("DELETE", f"/messages/{message}/flags/{c['put']}")
    await done("PATCH", f"/messages/{message}/flags", json={"add": [c["added"]]})
    copy = (await done("POST", f"/messages/{message}/copy", json={"folder": folder}))["id"]
    await done("GET", f"/folders/{folder}/changes", params={"since": state})
    await done("POST", f"/folders/{folder}/changes", json={"since": state})
    since = (await done("GET", "/changes"))["newState"]
    await done("POST", "/changes", json={"since": since})
    moved = (await done("POST", f"/messages/{copy}/move", json={"folder": "inbox"}))["id"]
    chosen = {"filter": {"subject": c["subject"], "text": c["text"]}}
    await done("POST", "/folders/inbox/copy", json={**chosen, "folder": folder})
    await done("POST", "/folders/inbox/flags", json={"ids": [message], "add": [c["bulkflag"]]})
    await done("POST", f"/folders/{folder}/move", json={**chosen, "folder": "inbox"})
    await done("DELETE", f"/messages/{moved}")
    async with client.stream("GET", "/events", params={"folders": f"inbox,{folder}"}) as answer:
        events = EventReader(answer.aiter_lines())
        await events.until("hello")
        await done("POST", "/folders/inbox/messages", content=letter(c), headers=MESSAGE)
        await events.until("changes")
    await use_a_ticket_and_a_batch(client, c, folder)
    await done("POST", "/folders/inbox/delete", json={**chosen, "permanent": True})
    await use_what_is_larger(client, c, done)
    await use_rights(folder, c, done)
    await use_servers(root, port, c, done)
    await canary_linking.use(root, c, done)
    renamed = await done("PATCH", f"/folders/{folder}", json={"name": c["renamed"]})
    await done("DELETE", f"/folders/{renamed['id']}")


async def use_a_ticket_and_a_batch(client: httpx.AsyncClient, c: Canaries, folder: str) -> None:
    """A ticket is a secret in a URL; a batch has paths, bodies and what they refer to in its own body."""
    taken = await client.post("/events/tickets", json={"folders": ["inbox"]})
    c.know("ticket", taken.json()["ticket"])
    async with httpx.AsyncClient(base_url=client.base_url, trust_env=False, verify=False, timeout=30) as bare:
        async with bare.stream("GET", "/events", params={"ticket": c["ticket"]}) as answer:
            await EventReader(answer.aiter_lines()).until("hello")
        assert (await bare.get("/events", params={"ticket": c["ticket"]})).status_code == 401
    first = f"{{{c['operation']}:/messages/0/id}}"
    operations = [
        {"id": c["operation"], "method": "GET", "path": f"folders/inbox/messages?subject={c['subject']}"},
        {
            "id": "b",
            "method": "PUT",
            "path": f"messages/{first}/flags/{c['batchflag']}",
        },
        {"id": "c", "method": "PATCH", "path": f"folders/{folder}", "body": {"name": c["batchname"], "x": c["member"]}},
        {"id": "d", "method": "GET", "path": f"messages/{{{c['operation']}:/{c['pointer']}}}"},
    ]
    results = (await client.post("/batch", json={"operations": operations})).json()["results"]
    assert [result["status"] for result in results] == [200, 200, 400, 422], results


async def use_what_is_larger(client: httpx.AsyncClient, c: Canaries, done: Done) -> None:
    """What is inside messages, what goes over several folders, and what is told as it goes."""
    post = {"content": invitation(c), "headers": MESSAGE}
    outer = (await done("POST", "/folders/inbox/messages", **post, params={"receivedAt": "2020-01-01T12:00:00Z"}))["id"]
    for tail in ("/calendar", "/thread", "/attachments.zip", "/parts/2/message", "/parts/2/body"):
        await done("GET", f"/messages/{outer}{tail}")
    returned = (await done("POST", "/folders/inbox/messages", content=bounce(c), headers=MESSAGE))["id"]
    await done("GET", f"/messages/{returned}/report")
    words = {name: c[f"search{name}"] for name in ("from", "to", "cc", "bcc", "subject", "body", "text")}
    await done("POST", "/search", json={"filter": words, "snippets": True})
    await done("POST", "/search", json={"filter": {"text": c["invited"]}, "snippets": True, "fuzzy": True})
    chosen = {"subject": c["invited"]}
    await done("GET", "/folders/inbox/export/manifest", params=chosen)
    exported = (await done("GET", "/folders/inbox/export", params={**chosen, "format": "zip"})).content
    proof = {"ids": [outer], "count": 1, "sha256": hashlib.sha256(invitation_of(exported)).hexdigest()}
    await done("POST", "/folders/inbox/export/confirm", json=proof)
    await done("POST", "/exports/manifest", json={"filter": chosen})
    await done("POST", "/exports", json={"filter": chosen}, params={"format": "zip"})
    await done("POST", "/exports/confirm", json=proof)
    await done("POST", "/archive-runs/export", json={"folder": "inbox", "before": "2020-02-01"})
    await done("POST", "/archive-runs", json={"folder": "inbox", "before": "2020-02-01"})


async def use_rights(folder: str, c: Canaries, done: Done) -> None:
    """Who may do what, and how full it is."""
    rights = f"/folders/{folder}/rights"
    await done("PUT", f"{rights}/{c['identifier']}", json={"rights": ["mayReadItems"]})
    for path in (rights, f"{rights}/{c['identifier']}", "/folders?rights=true", "/quota", f"/quota?folder={folder}"):
        await done("GET", path)
    await done("DELETE", f"{rights}/{c['identifier']}")


async def use_servers(root: str, port: int, c: Canaries, done: Done) -> None:
    """Finding and trying mail servers: addresses, hosts, names and secrets of accounts that are not linked yet."""
    await done("POST", "/verify")
    await done("POST", f"{root}/v1/accounts/discover", json={"address": f"{c['found']}@{c['domain']}.example"})
    foreign = {"host": f"{c['host']}.example", "port": 993}
    who = {"address": f"{c['whose']}@example.org", "username": c["username"], "smtp": foreign}
    for server in (foreign, {"host": "localhost", "port": port}):
        for secret in ({"password": c["mailpassword"]}, {"token": c["mailtoken"]}):
            await done("POST", f"{root}/v1/accounts/verify", json={**who, "imap": server, **secret})


def invitation_of(archive: bytes) -> bytes:
    """The one message in an export."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith(".eml"))
        return opened.read(name)
