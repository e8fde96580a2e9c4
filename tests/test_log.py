from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
import structlog

from gateway.errors import InvalidRequest, Unavailable
from gateway.log import REDACTED, configure, logger, new_request_id, request_scope
from gateway.secret import Secret
from gateway.settings.model import Log

Configure = Callable[..., io.StringIO]


@pytest.fixture
def log() -> Iterator[Configure]:
    """Configures the process's log onto a buffer, and puts everything back afterwards."""
    root = logging.getLogger()
    names = ["", *logging.root.manager.loggerDict]
    before = {name: (logging.getLogger(name).handlers[:], logging.getLogger(name).propagate) for name in names}
    level = root.level

    def make(level: Literal["debug", "info", "warning", "error"] = "info", *, console: bool = False) -> io.StringIO:
        stream = io.StringIO()
        configure(Log(level=level, format="console" if console else "json"), stream)
        return stream

    yield make
    structlog.reset_defaults()
    root.setLevel(level)
    for name in ["", *logging.root.manager.loggerDict]:
        handlers, propagate = before.get(name, ([], True))
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).propagate = propagate


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(log: Configure) -> None:
    stream = log()
    logger("gateway.pool").info("connection opened", provider="example", seconds=0.25, kept=True, none=None)
    (line,) = lines(stream)
    assert line["event"] == "connection opened"
    assert (line["logger"], line["level"]) == ("gateway.pool", "info")
    assert (line["provider"], line["seconds"], line["kept"], line["none"]) == ("example", 0.25, True, None)
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize("value", ["\u00fcber", "\ud800", "\x7f", "\x1b[2J\n", "\u2028", "a/b", 1 << 80, 0.1, -1])
def test_a_line_is_of_printable_ascii_and_says_what_was_given(log: Configure, value: object) -> None:
    stream = log()
    logger("gateway").info("x", value=value)
    text = stream.getvalue()
    assert text.isascii()
    assert text.removesuffix("\n").isprintable()
    assert lines(stream)[0]["value"] == value


def test_the_console_form_is_for_people(log: Configure) -> None:
    stream = log(console=True)
    logger("gateway").warning("connection lost", provider="example")
    assert "connection lost" in stream.getvalue()
    assert "provider=example" in stream.getvalue()


class Untouchable:
    def __repr__(self) -> str:
        raise AssertionError("formatted")

    __str__ = __repr__


def test_nothing_is_formatted_below_the_level(log: Configure) -> None:
    stream = log("warning")
    logger("gateway").debug("x %s", Untouchable(), value=Untouchable())
    logger("gateway").info("x", value=Untouchable())
    logging.getLogger("foreign").info("x %s", Untouchable())
    assert stream.getvalue() == ""


def test_values_are_never_shown_by_their_repr(log: Configure) -> None:
    stream = log()
    logger("gateway").info("x", thing=Untouchable(), key=Secret("canary"), octets=b"canary", many=[Untouchable()])
    (line,) = lines(stream)
    assert line["thing"] == "<Untouchable>"
    assert line["many"] == ["<Untouchable>"]
    assert "canary" not in stream.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "Authorization", "access_token", "password", "password_file", "client_secret", "subject"),
        *("address", "email", "user", "username", "folder", "mailbox", "search", "query", "body", "text", "cookie"),
        *("claims", "headers", "url", "path", "credential", "filename"),
    ],
)
def test_forbidden_names_are_redacted(log: Configure, name: str) -> None:
    stream = log("debug")
    logger("gateway").info("x", **{name: "canary"})
    logger("gateway").info("x", inner={name: ["canary"]})
    assert "canary" not in stream.getvalue()
    assert REDACTED in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Bearer canary-canary",
            "authorization: basic Y2FuYXJ5",
            "sent eyJhbGciOi.canary.x",
            "for canary@example.org",
        ),
        "<canary@[127.0.0.1] canary@example.org>",
    ],
)
def test_what_looks_like_a_secret_is_redacted_in_any_text(log: Configure, text: str) -> None:
    stream = log()
    logger("gateway").info(text, reason=text)
    logging.getLogger("foreign").warning("%s", text)
    written = stream.getvalue()
    assert "Y2FuYXJ5" not in written
    assert "canary-canary" not in written
    assert "canary@example.org" not in written
    assert ".canary." not in written


def raise_and_log(error: Exception, write: Callable[[], None]) -> None:
    try:
        raise error
    except type(error):
        write()


def test_an_exception_is_shown_by_place_and_kind(log: Configure) -> None:
    stream = log()
    raise_and_log(KeyError("canary folder"), lambda: logger("gateway").error("failed", exc_info=True))
    raise_and_log(
        ValueError("canary"), lambda: logging.getLogger("uvicorn.error").exception("Exception in ASGI\ncanary")
    )
    assert "canary" not in stream.getvalue()
    first, second = lines(stream)
    shown = first["exception"]
    assert isinstance(shown, list)
    assert shown[0] == "KeyError"
    assert "test_log.py" in shown[1]
    assert second["event"] == "Exception in ASGI"


def test_our_own_errors_say_what_happened(log: Configure) -> None:
    stream = log()

    def chained() -> None:
        try:
            raise OSError("canary")
        except OSError as error:
            raise Unavailable("no connection is free") from error

    try:
        chained()
    except Unavailable as error:
        logger("gateway").error("failed", exc_info=error)
    assert "no connection is free" in stream.getvalue()
    assert "OSError" in stream.getvalue()
    assert "canary" not in stream.getvalue()


def test_libraries_that_quote_the_dialogue_are_silent(log: Configure) -> None:
    stream = log("debug")
    for name in ("aioimaplib.aioimaplib", "aioimaplib", "uvicorn.access", "httpx", "httpcore.http11"):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).error("LOGIN alice canary")
    assert stream.getvalue() == ""


def test_every_line_of_a_request_has_its_id(log: Configure) -> None:
    stream = log()
    with request_scope("r-1"):
        logger("gateway").info("inside")
        logging.getLogger("foreign").warning("inside too")
    logger("gateway").info("outside")
    assert [line.get("request_id") for line in lines(stream)] == ["r-1", "r-1", None]


def test_request_ids_do_not_repeat() -> None:
    ids = {new_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(each) == 22 for each in ids)


def test_a_line_break_in_a_value_makes_no_second_line(log: Configure) -> None:
    stream = log()
    logger("gateway").info('x\n{"event": "forged"}', reason='a\r\n{"event": "forged"}')
    assert len(lines(stream)) == 1
    stream = log(console=True)
    logger("gateway").info("x", error=InvalidRequest("a"), reason="a\nforged line")
    assert "\nforged" not in stream.getvalue()
