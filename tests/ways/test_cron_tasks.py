"""The cron tasks that come back with a release, or go."""

import json

import pytest

from tui.dokku import build_settings
from tui.model.commit_range import CommitRange
from tui.model.plan import WarningLevel
from tui.model.release import Release
from tui.ways import cron_tasks
from tui.ways.plan_warnings import Findings

TARGET = Release(app="api", number=3)
DAILY, HOURLY = "@daily ./mails", "@hourly ./sync"


def app_json(*tasks: str) -> str:
    found = [dict(zip(("schedule", "command"), task.split(" ", 1), strict=True)) for task in tasks]
    return json.dumps({"healthchecks": {}, "cron": found})


def said(
    text: str | None, now: tuple[str, ...] | None, *, scheduler: str = "docker-local", path: str = "app.json"
) -> str:
    shape = build_settings.Shape(app="api", scheduler=scheduler, appjson="ops/app.json", build_dir="api")
    files = () if text is None else ((path, text),)
    found = Findings(shape=shape, kept=None, files=files, between=CommitRange(cron=now))
    warnings = cron_tasks.cautions(found, TARGET)
    assert all(one.severity is WarningLevel.WARN for one in warnings)
    return " ".join(one.text for one in warnings)


@pytest.mark.parametrize("path", ["ops/app.json", "api/ops/app.json"])
def test_tasks_that_come_and_go_are_named_in_one_line(path: str) -> None:
    after = "cron tasks change; "
    assert said(app_json(DAILY), (), path=path) == f"{after}back: {DAILY}"
    assert said(app_json(DAILY), (HOURLY,), path=path) == f"{after}back: {DAILY}; gone: {HOURLY}"
    assert said(app_json(), (HOURLY,), path=path) == said(None, (HOURLY,)) == f"{after}gone: {HOURLY}"
    assert said(app_json("@weekly ./mails"), (DAILY,), path=path) == f"{after}back: @weekly ./mails; gone: {DAILY}"


@pytest.mark.parametrize("now", [(), None])
def test_where_no_task_comes_or_goes_nothing_is_said(now: tuple[str, ...] | None) -> None:
    assert said(None, now) == said('{"healthchecks": {}}', now, path="ops/app.json") == said("{", now) == ""
    assert said(app_json(DAILY, HOURLY), (HOURLY, DAILY), path="ops/app.json") == ""


def test_unknown_is_not_none() -> None:
    words = f"release:3 has cron tasks, and which run now is not known: {DAILY}"
    assert said(app_json(DAILY), None, path="ops/app.json") == words
    assert said('{"cron": 7}', (DAILY,), path="ops/app.json") == ""
    assert said(app_json(DAILY), (), path="ops/app.json", scheduler="k3s") == "", "nobody recorded what it does there"


def test_what_a_task_says_is_made_harmless_before_it_is_shown() -> None:
    assert not any(c in said(app_json("@daily a\x1b]0;b\x07"), (), path="ops/app.json") for c in "\x1b\x07")
