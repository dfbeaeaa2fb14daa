"""An incident whose first plan failed on the host: whatever a person does then, the host is put in order at the end."""

from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tui import bootstrap
from tui.incident import events as ev
from tui.model.incident import Closing, Question, State
from tui.model.release import Target, TargetKind
from tui.ways.facts import Options


@pytest.mark.parametrize("drop", [False, True])
async def test_aborting_over_a_second_plan_takes_record_and_freeze_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drop: bool
) -> None:
    with local_sandbox(tmp_path) as box:
        monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
        engine = bootstrap.engine(box.services, clock=box.clock)
        try:
            service = engine.service("api")
            walk = await engine.assess(service, "broken")
            incident = walk.incident
            target = Target(kind=TargetKind.RELEASE, value="4")
            made = await engine.plan(service, target, Options(), incident=incident)
            await walk.submit(ev.PlanMade(at=engine.clock.now(), plan=made))
            box.pull("fault", kind="fail_next_deploy", app="scenextras")
            await walk.submit(ev.Confirmed(at=engine.clock.now(), by="me"))
            failed = await walk.settled()
            assert (failed.state, failed.asking) == (State.FAILED, Question.WHAT_NEXT)
            assert "scenextras--incident" in box.look()["apps"]

            again = await engine.plan(service, target, Options(), incident=failed)
            await walk.submit(ev.PlanMade(at=engine.clock.now(), plan=again))
            if drop:
                await walk.submit(ev.PlanDropped(at=engine.clock.now()))
            await walk.submit(ev.CloseAsked(at=engine.clock.now(), closing=Closing.ABORTED, reason="enough"))
            closed = await walk.settled()

            assert (closed.state, closed.left_over) == (State.CLOSED, ())
            assert "scenextras--incident" not in box.look()["apps"]
            found = await engine.listing(service)
            assert (found.current.branch, found.record) == (made.before.branch, None)
        finally:
            await engine.close()
