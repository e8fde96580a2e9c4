"""The demo as a newcomer meets it: what it prints works, literally."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.demo.issuer.grants import CLIENT_ID

from .conftest import Demo, start_demo

README = Path(__file__).parents[2] / "README.md"


def test_it_prints_where_the_page_is_a_token_and_three_commands(demo: Demo) -> None:
    lines = demo.printed.splitlines()

    assert f"{demo.url}/" in demo.printed
    assert f"TOKEN={demo.token}" in lines
    assert sum(line.startswith("curl ") for line in lines) == 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_three_printed_commands_run_as_they_are(demo: Demo) -> None:
    folders, messages, events = (line for line in demo.printed.splitlines() if line.startswith("curl "))

    assert "inbox" in [folder["role"] for folder in json.loads(shell(demo, folders))["folders"]]
    assert len(json.loads(shell(demo, messages))["messages"]) == 5
    seen = shell(demo, f"{events} -sS --max-time 5", ends_by_itself=False)
    assert "event: hello" in seen
    assert "event: changes" in seen


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_tour_of_the_readme_runs_as_it_is(demo: Demo) -> None:
    tour = re.search(r"```sh\n(TOKEN=.*?)```", README.read_text(), re.DOTALL)
    assert tour is not None
    script = tour[1].replace("http://127.0.0.1:8080", demo.url)
    assert script != tour[1]
    script = re.sub(r"^TOKEN=.*", "", script)

    output = shell(demo, f"set -eu\n{script}", ends_by_itself=False)

    for expected in ('"unreadMessages"', '"nextCursor"', '"text"', "event: changes", '"flags":["$flagged"'):
        assert expected in output


def test_an_event_stream_tells_a_message_that_arrives_and_resumes_where_it_was_cut(demo: Demo) -> None:
    with demo.client() as client:
        first, state = next_created(client, "")
        second, _ = next_created(client, f"&since={state}")
        shown = client.get(f"/v1/accounts/me/messages/{first}").json()

    assert first != second
    assert shown["id"] == first


def test_signing_in_as_the_page_does(demo: Demo) -> None:
    verifier = "v" * 43
    config = httpx.get(f"{demo.url}/page/config.json").json()
    resource = httpx.get(f"{demo.url}/.well-known/oauth-protected-resource").json()
    assert config["issuer"] in resource["authorization_servers"]
    metadata = httpx.get(f"{config['issuer']}/.well-known/oauth-authorization-server").json()
    query = {
        "response_type": "code",
        "client_id": config["clientId"],
        "redirect_uri": f"{demo.url}/",
        "scope": config["scope"],
        "resource": resource["resource"],
        "state": "a state",
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    agreed = httpx.post(metadata["authorization_endpoint"], params=query, content=b"")
    answer = parse_qs(urlsplit(agreed.headers["location"]).query)
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{demo.url}/",
        "code": answer["code"][0],
        "code_verifier": verifier,
    }
    got = httpx.post(metadata["token_endpoint"], data=form, headers={"Origin": demo.url})

    assert answer["state"] == ["a state"]
    assert answer["iss"] == [demo.issuer]
    assert got.headers["access-control-allow-origin"] == demo.url
    token = got.json()["access_token"]
    account = httpx.get(f"{demo.url}/v1/accounts/me", headers={"Authorization": f"Bearer {token}"})
    assert account.json()["address"] == "demo@example.org"


def test_without_the_issuers_token_the_mail_stays_shut(demo: Demo) -> None:
    assert httpx.get(f"{demo.url}/v1/accounts/me/folders").status_code == 401


def test_a_message_can_be_opened_flagged_and_archived(demo: Demo) -> None:
    with demo.client() as client:
        page = client.get("/v1/accounts/me/folders/inbox/messages", params={"subject": "parcel waits"}).json()
        message = page["messages"][0]["id"]
        body = client.get(f"/v1/accounts/me/messages/{message}/body").json()
        flags = client.patch(f"/v1/accounts/me/messages/{message}/flags", json={"add": ["$flagged"]}).json()
        moved = client.post(f"/v1/accounts/me/messages/{message}/move", json={"folder": "archive"}).json()
        archived = client.get(f"/v1/accounts/me/messages/{moved['id']}").json()

    assert "ticks a little" in body["text"]["value"]
    assert "$flagged" in flags["flags"]
    assert archived["subject"] == "A parcel waits for you"
    assert "$flagged" in archived["flags"]


def test_the_samples_hostile_html_comes_out_harmless(demo: Demo) -> None:
    with demo.client() as client:
        page = client.get("/v1/accounts/me/folders/junk/messages", params={"subject": "CONGRATULATIONS"}).json()
        html = client.get(f"/v1/accounts/me/messages/{page['messages'][0]['id']}/body").json()["html"]["value"]

    assert "YOU HAVE WON" in html
    for trace in ("script", "onclick", "javascript:", "track.example.com"):
        assert trace not in html


def test_attachments_and_inline_images_come_out_whole(demo: Demo) -> None:
    with demo.client() as client:
        assert part(client, "Invoice 2210", "application/pdf").startswith(b"%PDF-1.4")
        assert part(client, "Six quiet novels", "image/png").startswith(b"\x89PNG")
        assert part(client, "rehearsal, room 4", "text/calendar").startswith(b"BEGIN:VCALENDAR\r\n")
        assert b"September,431,19.4" in part(client, "Figures for the quarter", "text/csv")


def test_it_ends_at_a_signal_and_leaves_nothing(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    running = start_demo(tmp_path, "--deliver-every", "0", environ={"TMPDIR": str(temporary)})
    assert len(list(temporary.iterdir())) == 1
    with running.client() as client, client.stream("GET", "/v1/accounts/me/events?folders=inbox") as stream:
        lines = stream.iter_lines()
        assert "event: hello" in (line for line in lines)
        assert running.stop() == 0
        assert "event: bye" in list(lines)
    assert list(temporary.iterdir()) == []


def shell(demo: Demo, script: str, *, ends_by_itself: bool = True) -> str:
    ran = subprocess.run(
        ["/bin/sh", "-c", script],
        env={"TOKEN": demo.token, "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        timeout=60,
        check=ends_by_itself,
    )
    return ran.stdout.decode()


def next_created(client: httpx.Client, query: str) -> tuple[str, str]:
    """The next message that a stream tells of, and the state after it."""
    deadline = time.monotonic() + 20
    with client.stream("GET", f"/v1/accounts/me/events?folders=inbox{query}") as stream:
        for line in stream.iter_lines():
            assert time.monotonic() < deadline
            if line.startswith("data:"):
                created = json.loads(line[5:]).get("created")
                if created:
                    return created[0]["id"], json.loads(line[5:])["newState"]
    raise AssertionError("the stream has ended")


def part(client: httpx.Client, subject: str, kind: str) -> bytes:
    """The first part of that type in the message with that subject."""
    page = client.get("/v1/accounts/me/folders/inbox/messages", params={"subject": subject}).json()
    message = client.get(f"/v1/accounts/me/messages/{page['messages'][-1]['id']}").json()
    waiting = [message["bodyStructure"]]
    while waiting:
        leaf = waiting.pop()
        if leaf["type"] == kind:
            answer = client.get(leaf["href"])
            assert answer.status_code == 200
            return answer.content
        waiting += leaf["subParts"]
    raise AssertionError(f"no {kind}")
