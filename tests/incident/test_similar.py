"""Earlier incidents that are like a new one: from what is stored alone, and cheap."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import later
from tui.drivers.journal import Journal
from tui.engine.store import LIKE_READ, Records
from tui.incident import events as ev
from tui.incident import similar
from tui.model.history import Commit
from tui.model.incident import Closing, Incident, State
from tui.model.plan import Plan
from tui.model.postmortem import Field
from tui.model.release import Release
from tui.model.taken_back import TakenBack

NOW = later(12 * 86_400 + 3_600)


def before(identity: str = "inc1", cause: str = "the cache kept every page") -> Incident:
    said = [*stories.whole(), ev.PostMortemNoted(at=later(2000), field=Field.ROOT_CAUSE, text=cause)]
    return replace(stories.read(said).incident, id=identity)


def plan(*commits: str) -> Plan:
    taken = tuple(Commit(id=one, parent=None, subject="x", author="x", at=None) for one in commits)
    return replace(stories.made(), leaving=Release(app="cyc", commit="c" * 40), taken=TakenBack(commits=taken))


def words(new: Plan | None, *stored: Incident, now: datetime = NOW) -> list[str]:
    return [one.words(now) for one in similar.resembling("h", "cyc", new, stored)]


def test_what_it_was_and_what_it_came_to_is_one_line() -> None:
    end = "12 days ago: rolled back to release:4, cause: the cache kept every page"
    assert words(plan("b" * 40), before()) == [f"same service, same commit range, {end}"]
    assert words(plan("d" * 40), before()) == [f"same service, {end}"]
    assert words(None, before()) == [f"same service, {end}"]


def test_commits_that_nobody_knows_are_not_taken_for_the_same() -> None:
    unknown = replace(plan(), leaving=Release(app="cyc"))
    stored = replace(before(), plan=replace(stories.made(), leaving=Release(app="cyc")))
    assert words(unknown, stored)[0].startswith("same service, 12 days")


def test_the_most_alike_come_first_then_the_newest() -> None:
    older = replace(before("older"), opened_at=later(-5000))
    newer = replace(before("newer"), plan=replace(stories.made(), leaving=Release(app="cyc", commit="e" * 40)))
    found = similar.resembling("h", "cyc", plan("b" * 40), (newer, older, replace(before("now"), opened_at=later(9))))
    assert [one.incident.id for one in found] == ["now", "older", "newer"]


def test_other_apps_open_ones_itself_and_deploys_that_went_well_teach_nothing() -> None:
    elsewhere = replace(before(), host="other"), replace(before(), app="other")
    still = replace(before(), state=State.WATCHING)
    well = replace(before(), closing=Closing.COMPLETE)
    assert similar.resembling("h", "cyc", None, (*elsewhere, still, well)) == ()
    assert similar.resembling("h", "cyc", None, (before(),), besides="inc1") == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"notes": ()}, "12 days ago: rolled back to release:4, cause: nobody wrote it down"),
        ({"closing": Closing.NOT_RECOVERED}, "12 days ago: rolled back to release:4 (not recovered), cause: "),
        ({"plan": None, "closing": Closing.FALSE_ALARM}, "12 days ago: false alarm, cause: "),
        ({"opened_at": NOW - timedelta(hours=1)}, "1 hour ago: "),
        ({"opened_at": NOW - timedelta(hours=47)}, "47 hours ago: "),
        ({"opened_at": NOW - timedelta(minutes=5)}, "within the last hour: "),
        ({"opened_at": NOW + timedelta(minutes=5)}, "within the last hour: "),
    ],
)
def test_the_end_is_told_as_it_was(change: dict[str, object], said: str) -> None:
    assert similar.lesson(replace(before(), **change), NOW).startswith(said)


def test_a_cause_is_one_harmless_line_without_secrets() -> None:
    hostile = "\x1b[31mred\n\u202egnp.exe password=hunter2hunter2 " + "x" * 500
    said = similar.cause(before(cause=hostile))
    assert "\n" not in said and "\x1b" not in said and "\u202e" not in said and "hunter2hunter2" not in said
    assert len(said) <= 160


class Counted(Journal):
    """Counts what is read of it."""

    read = 0

    async def entries(self, incident: str):  # type: ignore[no-untyped-def]
        self.read += 1
        return await super().entries(incident)


async def test_only_the_newest_of_the_app_are_read_and_each_once(tmp_path: Path) -> None:
    book = Counted(tmp_path / "journal.sqlite")
    for number in range(40):
        name, at = f"inc{number:02}", later(number)
        app = "cyc" if number % 2 else "other"
        opened = ev.Opened(at=at, incident=name, service="api", app=app, host="h", by="me@box", reason="")
        await book.open_incident(name, "api", app, "h", at, "event", ev.encode(opened))
        asked = ev.CloseAsked(at=at, closing=Closing.ABORTED, reason="no")
        await book.append(name, "event", ev.encode(asked), at)
        await book.append(name, "event", ev.encode(ev.Settled(at=at)), at, "closed")
    records = Records(book)
    found = await records.like("h", "cyc", None, "inc39")
    assert [one.incident.id for one in found] == [f"inc{n:02}" for n in range(37, 37 - 2 * LIKE_READ, -2)]
    assert book.read == LIKE_READ
    assert await records.like("h", "nothing", None) == ()
    await records.like("h", "cyc", None, "inc39")
    assert book.read == LIKE_READ, "what is closed is read once"
    await book.close()
