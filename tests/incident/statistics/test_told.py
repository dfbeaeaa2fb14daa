"""How the figures are told: OpenMetrics by the rules of its own parser, Markdown that no text can break."""

import math
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as plain_text

from tests.incident import stories
from tests.incident.facts import T0, later
from tests.incident.statistics.test_fold import APP, folded, guarded, story
from tui.incident.statistics import open_metrics, table
from tui.incident.statistics.fold import Statistics
from tui.model.drill import DrillEnd, DrillResult
from tui.model.incident import Closing

DRILL = DrillResult(at=T0, host="h", app=APP, dokku="0.38.27", end=DrillEnd.PROVEN, back_seconds=31.25)


def some() -> Statistics:
    known, unknown = story(300, 340, 365, 372, deployed=0), story(310, 340, 365, 372)
    return folded(stories.read(known), stories.read(unknown), guarded(Closing.COMPLETE), drills={"h": [DRILL]})


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_the_metrics_pass_the_formats_own_parser() -> None:
    found = samples(open_metrics.text(some()))
    assert found["rollback_recovery_median_seconds", (("part", "whole"), ("service", "api"))] == 372
    assert found["rollback_recoveries_unknown", (("part", "detect"), ("service", "api"))] == 1
    assert found["rollback_rollbacks", (("service", "api"), ("verdict", "passed"))] == 2
    assert found["rollback_change_failure_ratio", (("service", "api"),)] == 0
    assert found["rollback_drill_last_timestamp_seconds", (("host", "h"),)] == T0.timestamp()
    assert found["rollback_drill_back_seconds", (("host", "h"),)] == 31.25
    assert found["rollback_window_seconds", ()] == timedelta(days=2).total_seconds()


def test_a_collector_of_the_older_format_reads_the_same() -> None:
    text = open_metrics.text(some())
    older = {(s.name, tuple(sorted(s.labels.items()))): s.value for f in plain_text(text) for s in f.samples}
    assert older == samples(text)


def test_what_was_not_measured_has_no_sample() -> None:
    found = samples(open_metrics.text(folded(stories.read(story(300, 340, 365, 372)))))
    names = {name for name, _ in found}
    assert "rollback_change_failure_ratio" not in names and "rollback_drills" not in names
    assert ("rollback_recovery_median_seconds", (("part", "whole"), ("service", "api"))) not in found
    assert not any(math.isnan(value) for value in found.values())


@given(st.text(max_size=20), st.floats(min_value=0, max_value=1e7))
def test_no_name_and_no_number_breaks_the_format(name: str, seconds: float) -> None:
    named = replace(some(), services=(replace(some().services[0], service=name),))
    text = open_metrics.text(replace(named, until=named.since + timedelta(seconds=seconds)))
    found = samples(text)
    assert ("rollback_rollbacks", (("service", name), ("verdict", "passed"))) in found
    assert text.startswith(open_metrics.FIRST) and text.endswith("# EOF\n")


def test_a_table_says_what_is_known_of_how_many() -> None:
    told = "\n".join(table.lines(some()))
    row = next(line for line in told.splitlines() if line.startswith("| api"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["api", "2", "6 min 12 s (1 of 2)", "5 min (1 of 2)", "35 s", "25 s", "7 s"]
    assert "0.0% (0 of 1); 1 clean" in told
    assert "drills of h: 1, 1 proven; the last on 2026-11-23T22:00:00Z: proven, back and proven after 31 s" in told


def test_nothing_is_said_to_be_nothing_and_not_zero() -> None:
    told = "\n".join(table.lines(folded()))
    assert "No incident" in told and "0 s" not in told
    unknown = "\n".join(table.lines(folded(stories.read(story(300, 340, 365, 372)))))
    assert "| unknown |" in unknown.replace("  ", " ")
    assert "change failure rate: unknown" in unknown


@pytest.mark.parametrize("reason", ["a|b|c", "![x](http://evil) @here", "# big\n| a |\n|---|", "</td><script>"])
def test_no_reason_draws_anything(reason: str) -> None:
    said = [stories.opened(later(300), reason=reason), *story(300, 340, 365, 372)[1:]]
    told = list(table.lines(folded(stories.read(said))))
    line = next(one for one in told if one.startswith("- reasons"))
    drawn = re.sub(r"`[^`]*`", "", line)
    assert "<script>" not in drawn and "](http" not in drawn and "@here" not in drawn
    tables = [one for one in told if one.startswith("|")]
    assert len({len(one.replace("\\|", "").split("|")) for one in tables}) == 1


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), min_size=1, max_size=5))
def test_every_row_of_a_table_has_its_columns(rows: list[list[str]]) -> None:
    drawn = [line.replace("\\|", "") for line in table.aligned(rows)]
    assert len(drawn) == len(rows) + 1
    assert {line.count("|") for line in drawn} == {4}
    assert re.fullmatch(r"\|-+\|-+:\|-+:\|", drawn[1]), "below its head: to the left, to the right"
