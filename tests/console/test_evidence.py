"""The question of the error rate: answered by a source that is sure, asked of the person with the numbers otherwise."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.console.scenes import NOW, Scene, opened, rate, started
from tui.console.drawing import rows
from tui.console.incident_flow import IncidentFlow
from tui.console.pages import evidence
from tui.console.pages.incident_page import IncidentPage
from tui.incident import events as ev
from tui.model.evidence import Rate, RateSource


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path))
    return tmp_path


async def asked_for_errors(scene: Scene, *given: Rate) -> IncidentFlow:
    """Users see errors: what comes next?"""
    scene.engine.evidence.given["api"] = given  # type: ignore[attr-defined]
    flow = await scene.lead(*opened(), ev.Answered(at=NOW, node="healthy", answer=True, evidence="says me"))
    await flow.answer("errors", True, "says me")
    return flow


@pytest.mark.parametrize(("failed", "total", "answer"), [(34, 1190, True), (1, 1190, False)])
async def test_a_source_that_is_sure_answers_with_its_numbers(
    state: Path, failed: int, total: int, answer: bool
) -> None:
    async with started(state, (80, 24)) as scene:
        flow = await asked_for_errors(scene, rate(RateSource.ACCESS_LOG, failed, total, 480))
        assert flow.incident is not None
        found = next(a for a in flow.incident.answers if a.node == "rate")
        assert found.answer is answer and f"access log {failed} of {total}" in found.evidence
        said = await scene.settle()
    assert f"access log {failed} of {total}" in said


async def test_without_enough_requests_the_person_is_asked_and_sees_what_is_missing(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        flow = await asked_for_errors(
            scene, rate(RateSource.ACCESS_LOG, 2, 90, 480), rate(RateSource.PROBES, 96, 96, 480)
        )
        assert flow.incident is not None
        assert [a.node for a in flow.incident.answers] == ["healthy", "errors"]
        said = await scene.settle()
        page = " ".join(" ".join(rows.text(row) for row in IncidentPage(flow).view(66).rows).split())
    assert "more than 1% of requests? not enough data" in said
    assert "the bare rule says over 1%" in page
    assert "More than 1% of requests?         ?" in said


async def test_sources_that_disagree_leave_the_answer_to_the_person(state: Path) -> None:
    async with started(state, (120, 40)) as scene:
        both = (rate(RateSource.ACCESS_LOG, 0, 2000, 480), rate(RateSource.SENTRY, 90, 2000, 480))
        flow = await asked_for_errors(scene, *both)
        assert flow.incident is not None and flow.incident.answers[-1].node == "errors"
        assert "the sources DISAGREE" in await scene.settle()


async def test_a_small_limit_is_asked_about_as_it_is(state: Path) -> None:
    """Half a percent was "More than 0% of requests?"."""
    async with started(state, (120, 40)) as scene:
        fleet = scene.engine.fleet
        scene.engine.fleet = replace(fleet, watch=replace(fleet.watch, error_rate=0.005))
        await asked_for_errors(scene, rate(RateSource.ACCESS_LOG, 2, 90, 480))
        assert "More than 0.5% of requests?" in await scene.settle()


def test_large_counts_touch_no_other_number() -> None:
    """`1234 of 123456` and the share behind it were read as one number."""
    found = rate(RateSource.ACCESS_LOG, 1234, 123456, 480)
    for cells in (60, 80):
        words = rows.text(evidence._source(found, 0.01, cells, worded=True)).split()
        assert {"1234", "123456", "1%"} <= set(words), words
