"""When a way back was last proven: only a kept release that was gone back to and verified counts."""

from msgspec.structs import replace

from tests.incident.facts import T0, later, plan
from tui.engine.releases import last_proven
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.incident import Incident, StepRun
from tui.model.outcome import Exited
from tui.model.release import Release
from tui.model.verification import Check, Verdict

OPENED = ev.Opened(at=T0, incident="inc1", service="api", app="cyc", host="h", by="me@box")


def incident(verdict: Verdict = Verdict.PASSED, way: str = "kept", after: float = 0.0) -> Incident:
    made = replace(plan(), way=way)
    run = StepRun(step="push", started_at=later(10), ended_at=later(34), outcome=Exited(code=0))
    check = Check(name="identity", verdict=verdict, evidence="")
    return replace(opened(OPENED), plan=made, runs=(run,), checks=(check,), verdict=verdict, opened_at=later(after))


def test_the_newest_one_that_was_verified_on_that_app_counts() -> None:
    old, new = incident(), incident(after=60)
    others = (incident(Verdict.FAILED, after=90), incident(way="git", after=90))
    assert last_proven.last([old, new, *others], "h", "cyc") == new
    assert last_proven.last([old, new], "h", "other") is None and last_proven.last([old], "elsewhere", "cyc") is None


def test_it_says_what_when_and_how_long_the_host_took() -> None:
    assert last_proven.worded(incident()) == "went back to release:1 in 24 s on 2026-11-23T22:00:00Z (inc1)"
    bare = replace(incident(), runs=())
    assert last_proven.worded(bare) == "went back to release:1 on 2026-11-23T22:00:00Z (inc1)", "nothing was measured"


def test_a_release_that_was_never_seen_to_serve_says_so() -> None:
    release = Release(app="cyc", number=1, kept_at=T0)
    said = last_proven.of_holder(release, None)
    assert said == (
        "release:1: kept 2026-11-23T22:00:00Z, never seen to serve, never gone back to; "
        "no rollback of this service is on record here"
    )
