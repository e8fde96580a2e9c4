"""What the terminal shows: where the page is, and a token with three commands to copy, or who signs people in."""

from __future__ import annotations

from typing import Protocol


class Shown(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def code(self) -> str | None: ...


def introduction(shown: Shown, *, embedded: bool, every: float) -> str:
    lines = ["", f"  Page      {shown.url}/"]
    if shown.code is not None:
        lines.append(f"  Code      {shown.code}   (the sign-in page asks for it)")
    lines.append(f"  Mailbox   {shown.address}" + ("  (sample mail in an embedded server)" if embedded else ""))
    if embedded and every > 0:
        lines.append(f"  New mail  every {every:g} s")
    lines += ["", "  On the command line, for the next eight hours:", "", f"TOKEN={shown.token}", ""]
    lines += [*curls(shown.url), "", "  Ctrl-C ends it; nothing is kept.", ""]
    return "\n".join(lines)


def own_introduction(url: str, issuer: str, client_id: str) -> str:
    lines = [
        "",
        f"  Page      {url}/",
        f"  Sign-in   {issuer}",
        f"            as its public client {client_id}, which must be allowed to redirect to {url}/",
        "            and to ask for tokens from there (CORS)",
        "",
        "  Ctrl-C ends it; nothing is kept.",
        "",
    ]
    return "\n".join(lines)


def curls(url: str) -> list[str]:
    account = f"{url}/v1/accounts/me"
    header = '-H "Authorization: Bearer $TOKEN"'
    return [
        f"curl {header} {account}/folders",
        f'curl {header} "{account}/folders/inbox/messages?limit=5"',
        f'curl -N {header} "{account}/events?folders=inbox"',
    ]
