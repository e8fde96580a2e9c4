"""Which template a path fits."""

from __future__ import annotations

import pytest
from starlette.responses import PlainTextResponse

from gateway.http.router import Router
from gateway.http.table import table
from gateway.settings.model import Limits

TEMPLATES = (
    "/v1/accounts",
    "/v1/accounts/{account}",
    "/v1/accounts/link",
    "/v1/accounts/{account}/folders/{folder}",
    "/v1/accounts/link/{slug}/x",
    "/v1/accounts/{account}/messages/{message}/flags",
    "/v1/accounts/{account}/messages/{message}/flags/{flag}",
)


@pytest.mark.parametrize(
    ("path", "template", "given"),
    [
        ("/v1/accounts", 0, {}),
        ("/v1/accounts/me", 1, {"account": "me"}),
        ("/v1/accounts/link", 2, {}),
        ("/v1/accounts/me/folders/inbox", 3, {"account": "me", "folder": "inbox"}),
        ("/v1/accounts/link/folders/inbox", 3, {"account": "link", "folder": "inbox"}),
        ("/v1/accounts/link/folders/x", 4, {"slug": "folders"}),
        ("/v1/accounts/me/messages/m/flags", 5, {"account": "me", "message": "m"}),
        ("/v1/accounts/me/messages/m/flags/a/b/", 6, {"account": "me", "message": "m", "flag": "a/b/"}),
        ("/v1/accounts/me/messages/m/flags/", 6, {"account": "me", "message": "m", "flag": ""}),
    ],
)
def test_a_path_leads_to_its_template(path: str, template: int, given: dict[str, str]) -> None:
    apps = {each: PlainTextResponse(each) for each in TEMPLATES}
    found = Router(apps).find(path)
    assert found == (apps[TEMPLATES[template]], given)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "v1/accounts",
        "/v1/accounts/",
        "/v1",
        "/v1/accounts//folders/x",
        "/v1/accounts/me/folders",
        "/v1/accounts\n",
    ],
)
def test_what_fits_none_leads_nowhere(path: str) -> None:
    apps = {each: PlainTextResponse(each) for each in TEMPLATES}
    assert Router(apps).find(path) is None


def test_every_template_of_the_table_leads_to_itself() -> None:
    """A parameter's own name in braces is a value that it may have here."""
    apps = {each.path: PlainTextResponse(each.path) for each in table(Limits())}
    router = Router(apps)
    for path, app in apps.items():
        found = router.find(path)
        assert found is not None
        assert found[0] is app
