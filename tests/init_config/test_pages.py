"""What an answer is worth, what is expected of the next one, and whether two answers come from one site."""

import pytest

from tui.init_config import pages
from tui.init_config.facts import WebAnswer
from tui.init_config.pages import Worth


def page(body: bytes = b"", status: int | None = 200, kind: str = "application/json") -> WebAnswer:
    return WebAnswer(url="http://a/health", status=status, kind=kind, body=body)


@pytest.mark.parametrize(
    ("seen", "own", "worth"),
    [
        (page(b'{"status":"ok"}'), False, Worth.GOOD),
        (page(b"pong", kind="text/plain"), False, Worth.GOOD),
        (page(b"", status=204, kind=""), False, Worth.GOOD),
        (page(b'{"status":"starting"}'), False, Worth.ILL),
        (page(b'{"ok":false}'), False, Worth.ILL),
        (page(b'{"a":{"status":"DOWN"}}'), False, Worth.ILL),
        (page(b'{"status":"unready"}', status=503), False, Worth.ILL),
        (page(b"<html>bad gateway", status=502, kind="text/html"), False, Worth.NONE),
        (page(b"<html>bad gateway", status=502, kind="text/html"), True, Worth.ILL),
        (page(b"<html>", kind="text/html"), False, Worth.WEB_PAGE),
        (page(b" <!doctype html>", kind=""), False, Worth.WEB_PAGE),
        (page(b"no", status=404), True, Worth.NONE),
        (page(b"", status=301), False, Worth.NONE),
        (page(b"", status=401), True, Worth.NONE),
        (page(status=None), True, Worth.NONE),
    ],
)
def test_worth(seen: WebAnswer, own: bool, worth: Worth) -> None:
    assert pages.worth(seen, own_check=own) is worth


@pytest.mark.parametrize(
    ("first", "second", "json", "text"),
    [
        (b'{"status":"ok","at":1}', b'{"status":"ok","at":2}', {"status": "ok"}, None),
        (b'{"status":"a1","x":1}', b'{"status":"a2","x":1}', {}, None),
        (b'{"db":{"state":"up"},"app":"a"}', b'{"db":{"state":"up"},"app":"a"}', {"db.state": "up", "app": "a"}, None),
        (b'{"ok":true,"ready":1}', b'{"ok":true,"ready":1}', {"ok": "true", "ready": "1"}, None),
        (b'{"status":"${HOME}"}', b'{"status":"${HOME}"}', {}, None),
        (b'{"a.b":{"status":"ok"}}', b'{"a.b":{"status":"ok"}}', {}, None),
        (b'{"status":"x: y # z"}', b'{"status":"x: y # z"}', {}, None),
        (b'["ok"]', b'["ok"]', {}, '["ok"]'),
        (b" pong\n", b"pong", {}, "pong"),
        (b"12:01", b"12:02", {}, None),
        (b"two\nlines", b"two\nlines", {}, None),
        ("gr\u00fcn".encode(), "gr\u00fcn".encode(), {}, None),
        (b"x" * 65, b"x" * 65, {}, None),
        (b"", b"", {}, None),
        (b"token=abcdef0123456789", b"token=abcdef0123456789", {}, None),
    ],
)  # fmt: skip
def test_only_what_is_said_twice_is_expected(
    first: bytes, second: bytes, json: dict[str, str], text: str | None
) -> None:
    found = pages.expected(page(first), page(second))
    assert (dict(found.json), found.text, found.status) == (json, text, 200)
    assert pages.meets(page(first), found) and pages.meets(page(second), found)


def test_one_answer_alone_promises_only_its_status() -> None:
    found = pages.expected(page(b'{"status":"ok"}'), None)
    assert not found.says_something
    assert not pages.expected(page(b"pong"), None).says_something


@pytest.mark.parametrize(
    ("one", "other", "again", "same"),
    [
        (b'{"app":"a","up":5}', b'{"app":"a","up":6}', b'{"app":"a","up":7}', True),
        (b'{"app":"a","up":5}', b'{"app":"b","up":6}', b'{"app":"a","up":7}', False),
        (b'{"app":"a"}', b'{"error":"none"}', b'{"app":"a"}', False),
        (b"pong", b"pong", b"pong", True),
        (b"pong", b"gone", b"pong", False),
        (b"at 1", b"at 2", b"at 3", True),
    ],
)
def test_whether_two_answers_may_come_from_one_site(one: bytes, other: bytes, again: bytes, same: bool) -> None:
    assert pages.alike(page(one), page(other), page(again)) is same


def test_another_status_is_another_site() -> None:
    assert not pages.alike(page(b"pong"), page(b"pong", status=404), page(b"pong"))
    assert not pages.alike(page(b""), page(status=None), page(b""))
