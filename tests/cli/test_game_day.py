"""A game day: the same seed is the same trouble, and at the end it is told what was quick and what was missed."""

import pytest
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import T0, later
from tests.incident.statistics.test_fold import story
from tui.cli import options
from tui.cli.commands import game_day, sandbox
from tui.incident import events as ev
from tui.incident.postmortem.record import Record
from tui.model.errors import ConfigError
from tui.model.incident import Closing, State
from tui.sandbox.scenario import SCENARIOS


def played(*, severity: bool = True, closing: Closing = Closing.RECOVERED, frozen: bool = False) -> Record:
    said = story(30, 70, 95, 102)
    if severity:
        said.insert(1, ev.SeverityChosen(at=later(31), level="P1"))
    made = stories.read(said)
    return made._replace(incident=replace(made.incident, closing=closing, closed_at=later(103), left_frozen=frozen))


def test_a_seed_is_a_scenario_that_the_sandbox_has() -> None:
    assert set(game_day.TROUBLE) <= set(SCENARIOS)
    seeds = [f"{number:04x}" for number in range(200)]
    assert {game_day.drawn(seed) for seed in seeds} == set(game_day.TROUBLE)
    assert [game_day.drawn(seed) for seed in seeds] == [game_day.drawn(seed) for seed in seeds]
    assert game_day.new_seed() != game_day.new_seed()


def test_what_was_quick_is_told_by_its_parts() -> None:
    told = game_day.lines([played()], "bad-release", "1a2b", T0)
    assert told[0] == "game day 1a2b: api's newest release failed its health check"
    assert told[1:3] == ["  detect: 30 s after it was opened", "  api: decide: 40 s, act: 25 s, prove: 7 s"]
    assert told[-1].endswith("rollback sandbox --game-day 1a2b")


def test_what_was_found_before_the_game_was_opened_by_its_clock_took_no_0_seconds() -> None:
    told = game_day.lines([played()], "bad-release", "1a2b", later(40))
    assert not [line for line in told if "after it was opened" in line]


def closed(of: Record) -> Record:
    return of._replace(incident=replace(of.incident, state=State.CLOSED))


def test_a_good_night_misses_nothing() -> None:
    assert game_day.missed([closed(played())], "bad-release") == []
    assert game_day.missed([], "traffic") == ["no incident was opened"]
    assert any("open still" in one for one in game_day.missed([played()], "bad-release"))


@pytest.mark.parametrize(
    ("record", "word"),
    [
        (played(severity=False), "no severity"),
        (played(closing=Closing.UNWATCHED), "nobody watched"),
        (played(frozen=True), "rollback unfreeze api"),
        (stories.read([stories.opened()]), "api was not rolled back"),
    ],
)
def test_what_was_left_out_is_missed(record: Record, word: str) -> None:
    assert any(word in one for one in game_day.missed([record], "bad-release"))


@pytest.mark.parametrize("scenario", sorted(game_day.NO_ROLLBACK))
def test_a_rollback_that_nothing_needed_is_missed_too(scenario: str) -> None:
    assert game_day.missed([], scenario) == []
    (said,) = game_day.missed([played()], scenario)
    assert "nothing was wrong with its release" in said


@pytest.mark.parametrize("words", [["--scenario", "healthy"], ["--serve"]])
def test_what_contradicts_it_is_refused_before_anything_starts(words: list[str]) -> None:
    wanted = options.parse(["sandbox", "--game-day", *words])
    with pytest.raises(ConfigError):
        if wanted.serve:
            sandbox.sandbox(wanted, None)  # type: ignore[arg-type]
        else:
            sandbox._drawn(wanted)
