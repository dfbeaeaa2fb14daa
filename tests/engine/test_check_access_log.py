"""`check` on an access log: what will be understood in an incident is known in daylight."""

from datetime import UTC, datetime

import pytest

from tui.engine.check_access_log import said, unread
from tui.model.finding import Result
from tui.model.outcome import Answer, Exited
from tui.model.service import Service

STAMP = "203.0.113.9 - - [23/Nov/2026:21:21:06 +0000]"
READ = f'{STAMP} "GET /a HTTP/1.1" 200 7 "-" "curl" 0.012'
STRANGE = "203.0.113.9|GET /private?order=s3cret|pass"
OURS = f'{STAMP} "GET /h?rollback-check=1f HTTP/1.1" 200 7'
API = Service(name="api", title="API", host="h1", app="app")


@pytest.mark.parametrize(
    ("lines", "result", "words"),
    [
        ([], Result.NOTE, "no line: no traffic yet"),
        ([READ] * 3, Result.OK, "last 3 lines of its access log are understood, with response times"),
        (
            [READ] * 19 + [STRANGE],
            Result.NOTE,
            "of its access log are not understood, like 000.0",
        ),
        (["time:x\treq:GET / HTTP/1.1\tstatus:502\tua:a status:200\r"], Result.OK, "are understood, without"),
        ([READ.replace("/a", "/" + "a" * 9000).replace("curl", "c" * 9000)], Result.OK, "last 1 lines"),
        ([STRANGE] * 20, Result.FINDING, "20 of the last 20 lines"),
    ],
)
def test_it_says_what_it_understands(lines: list[str], result: Result, words: str) -> None:
    (found,) = said(API, lines)
    assert found.result is result and words in found.text
    assert "s3cret" not in found.text and (found.result is not Result.FINDING or "access-log-format" in found.fix)


def test_a_format_without_agents_is_said_because_our_own_requests_count_then() -> None:
    _, note = said(API, [READ, OURS])
    assert note.result is Result.NOTE and "no user agent" in note.text
    assert len(said(API, [READ, f'{OURS} "-" "rollback-console"'])) == 1


def test_why_it_was_not_read_is_said_in_the_hosts_words() -> None:
    """Where Traefik or Caddy stands before the apps there is no log of nginx."""

    def answer(stderr: bytes) -> str:
        at = datetime(2026, 11, 23, tzinfo=UTC)
        argv = ("nginx:access-logs", "app")
        return unread(Answer(argv=argv, outcome=Exited(code=1), started_at=at, seconds=0.1, stderr=stderr))

    missing = answer(b"tail: cannot open '/var/log/nginx/app-access.log' for reading: No such file or directory\n")
    assert "No such file" in missing and "not nginx" in missing
    assert answer(b"") == "its access log was not read: exit 1"
