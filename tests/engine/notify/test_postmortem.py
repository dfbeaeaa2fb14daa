"""Times that a person types for the post-mortem, and a team's own form of it."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from tests.incident import stories
from tests.incident.facts import later
from tui.engine.notify.postmortem import PostMortems, moment
from tui.engine.ports import JournalPort
from tui.incident.postmortem import template
from tui.model.errors import ConfigError, Refused
from tui.model.finding import Result
from tui.model.postmortem import Field
from tui.model.service import Fleet


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 22:04", "2026-11-23T22:04:00Z", "2026-11-23 22:04 UTC", "2026-11-24T00:04+02:00",
        "2026-11-24 00:04 +02:00", "2026-11-23 20:04:00 -02:00",
    ],
)  # fmt: skip
def test_a_time_is_read_as_utc_unless_it_says_otherwise(text: str) -> None:
    assert moment(text) == datetime(2026, 11, 23, 22, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["soon", "22:04", "2026-11-23", "2026-13-23 22:04", "2026-11-23 25:04", "2026-W48-1T22"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no time"):
        moment(text)


# ── a team's own form ────────────────────────────────────────────────────────────────────────────────────────────

PAGE = Path(__file__).parents[3] / "tui" / "help" / "postmortem.md"


class Entry:
    def __init__(self, kind: str, payload: str) -> None:
        self.kind, self.payload = kind, payload


class Recorded:
    """The journal, with one incident."""

    async def entries(self, incident: str) -> tuple[Entry, ...]:
        return tuple(Entry(kind, payload) for kind, payload in stories.journal(stories.whole()))


class Hand:
    def now(self) -> datetime:
        return later(3000)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None: ...


def kept(file: str) -> PostMortems:
    fleet = Fleet(
        path="services.yaml", environment="production", hosts=(), services=(), ways=(), postmortem_template=file
    )
    return PostMortems(fleet, cast(JournalPort, Recorded()), Hand(), "me@box", {})


def unmoved(at: datetime) -> datetime:
    return at


async def test_the_teams_form_is_used_where_services_yaml_names_one(tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text("# Ours: {{ service }}, {{ severity }}\n")
    assert (await kept(str(own)).document("inc1", unmoved))[1] == "# Ours: api, P1\n"
    assert (await kept(str(own)).checked())[0].result is Result.OK
    assert (await kept("").document("inc1", unmoved))[1].startswith("## Incident: ")
    assert await kept("").checked() == ()


async def test_a_form_that_cannot_be_used_is_an_error_that_names_file_line_and_field(tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text("# Ours\n{{ severty }}\n{{ mood }}\n")
    with pytest.raises(ConfigError, match=re.escape(f"{own}:2: {{{{ severty }}}}")) as error:
        await kept(str(own)).document("inc1", unmoved)
    assert f"{own}:3: {{{{ mood }}}}" in error.value.message and "known fields: " in error.value.fix
    (finding,) = await kept(str(own)).checked()
    assert finding.result is Result.FINDING and f"{own}:2" in finding.text and finding.fix


def absent(path: Path) -> None: ...


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (absent, "No such file"),
        (Path.mkdir, "a folder"),
        (os.mkfifo, "a pipe"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "no UTF-8 text"),
        (lambda path: path.write_bytes(b"x" * (2 << 20)), "larger than"),
    ],
)
async def test_what_is_no_small_text_file_is_said_and_never_waited_for(make: Any, words: str, tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    make(own)
    with pytest.raises(ConfigError, match=words) as error:
        await kept(str(own)).document("inc1", unmoved)
    assert str(own) in error.value.message and "postmortem_template" in error.value.fix


def test_the_page_of_help_names_every_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in template.FIELDS if f"`{name}`" not in text] == []
    assert [field for field in Field if f"`{field.value}`" not in text] == []
