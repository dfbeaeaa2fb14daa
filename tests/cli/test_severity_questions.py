"""How long a rollback is watched: what was said, else what services.yaml says of the service."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests import stage
from tests.incident.facts import plan as made
from tui.cli import severity_questions
from tui.cli.narrate import Narrator
from tui.cli.options import parse
from tui.model.runbook_numbers import WatchSpec


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("", None),
        ("--watch", timedelta(minutes=20)),
        ("--watch 5m", timedelta(minutes=5)),
        ("--watch 0s", timedelta(0)),
    ],
)
def test_a_watch_without_a_length_is_as_long_as_services_yaml_says(words: str, length: timedelta | None) -> None:
    watched = replace(stage.service("api"), watch=WatchSpec(after_rollback=timedelta(minutes=20)))
    engine = stage.StageEngine(stage.fleet(watched), stage.HandClock())
    plan = replace(made(), service="api")
    options = parse(["api", "previous", "--yes", *words.split()])
    found = asyncio.run(severity_questions.level_and_watch(engine, plan, None, options, Narrator(color=False)))
    assert found.watch == length
