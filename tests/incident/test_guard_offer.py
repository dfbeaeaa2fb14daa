"""Is this deploy one that a guard is offered for? Look by look, and whatever explains it."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, OURS, T0, THEIRS, current, later, plan
from tui.incident import guard_offer
from tui.incident.guard_offer import AppLook, GuardOffer, Holding, OfferState
from tui.model.guard import GuardedDeploy, OnBreach, deploy_of
from tui.model.incident import Closing, Incident, State, StepResult, StepRun
from tui.model.observation import Container, RunningState
from tui.model.outcome import Exited

LONGEST = timedelta(minutes=30)


def web(image: str = "img-1", *, process: str = "web", index: int = 1, **more: object) -> Container:
    made: dict[str, object] = {"id": f"{process}{index}{image}", "created_at": T0, "started_at": T0, **more}
    return Container(process=process, index=index, image=image, **made)  # type: ignore[arg-type]


def look(
    seconds: float,
    metadata: str | None = THEIRS,
    *containers: Container,
    holding: Holding = Holding.NOBODY,
    followed: str | None = None,
    **more: object,
) -> AppLook:
    state = current(at=later(seconds), containers=containers or (web(),))
    return AppLook(current=replace(state, metadata=metadata, **more), holding=holding, followed=followed)


def after(*looks: AppLook) -> OfferState:
    state = OfferState()
    for one in looks:
        state = guard_offer.seen(state, one)
    return state


def offered(*looks: AppLook, now: float | None = None) -> GuardOffer | None:
    """The offer that stands after these looks."""
    offer = after(*looks).offer
    at = looks[-1].current.at if now is None else later(now)
    return offer if offer is not None and guard_offer.stands(offer, looks[-1], at, LONGEST) else None


NEW = web("img-2", created_at=later(50))
BEFORE = look(0)


def test_a_release_that_goes_live_meanwhile_is_offered() -> None:
    offer = offered(BEFORE, look(60, OTHER, NEW))
    assert offer is not None
    assert (offer.left.metadata, offer.deploy, offer.live_at) == (THEIRS, OTHER, later(50))
    assert offered(BEFORE, look(60, OTHER, NEW), look(120, OTHER, NEW)) == offer, "it stays, as it was seen first"


def test_what_ran_at_the_first_look_is_never_offered() -> None:
    assert offered(BEFORE) is None
    assert offered(BEFORE, look(60), look(120)) is None


@pytest.mark.parametrize(
    "now",
    [
        look(60, THEIRS, web(id="restarted", started_at=later(50))),
        look(60, THEIRS, web(), web(index=2)),
        look(60, THEIRS, web(), web("img-2", process="worker")),
        look(60, THEIRS, web("img-2"), web("img-1", process="worker")),
        look(60, OTHER, NEW, locked=True),
        look(60, None, NEW),
        look(60, OTHER, web("img-2", running=False)),
        look(60, THEIRS, web(), git_rev=OTHER, tip=OTHER),
    ],
    ids=["restart", "scaled", "new process", "half of it", "at work", "no name", "nothing runs", "failed deploy"],
)
def test_what_is_no_new_release(now: AppLook) -> None:
    before = look(0, THEIRS, web(), web("img-1", process="worker"))
    assert offered(before if len(now.current.containers) > 1 else BEFORE, now) is None


def test_a_rebuild_is_another_release_and_an_image_nobody_names_is_none() -> None:
    assert offered(BEFORE, look(60, THEIRS, web("img-2"))) is not None
    assert offered(look(0, THEIRS, web("")), look(60, THEIRS, web("", id="other"))) is None
    assert offered(look(0, THEIRS, web(""), pods="true"), look(60, OTHER, web(""), pods="true")) is not None


def test_a_deploy_at_work_is_waited_for_and_compared_with_what_ran_before_it() -> None:
    offer = offered(BEFORE, look(60, THEIRS, NEW, locked=True), look(120, OTHER, NEW))
    assert offer is not None and offer.left.at == T0
    # a lock that a dead deploy has left holds nothing up
    assert offered(BEFORE, look(60, OTHER, NEW, locked=True, stale_lock=True)) is not None


def test_what_was_stopped_and_deployed_is_compared_with_what_ran() -> None:
    stopped = look(60, THEIRS, web(running=False))
    assert offered(BEFORE, stopped, look(120, THEIRS, web())) is None
    assert offered(BEFORE, stopped, look(120, OTHER, NEW)) is not None


@pytest.mark.parametrize("holding", [Holding.INCIDENT, Holding.FREEZE])
def test_a_rollback_on_record_explains_it(holding: Holding) -> None:
    assert offered(BEFORE, look(60, OTHER, NEW, holding=holding)) is None
    assert offered(BEFORE, look(60, OTHER, NEW, holding=holding), look(120, OTHER, NEW)) is None, "nor afterwards"
    assert offered(BEFORE, look(60, OTHER, NEW), look(120, OTHER, NEW, holding=holding)) is None, "it is being undone"


def test_an_incident_that_ended_between_two_looks_explains_it_a_freeze_does_not() -> None:
    assert offered(look(0, holding=Holding.INCIDENT), look(60, OTHER, NEW)) is None
    assert offered(look(0, holding=Holding.FREEZE), look(60, OTHER, NEW)) is not None, "it was unfrozen and deployed"


def test_a_label_of_a_rollback_explains_it() -> None:
    ours = replace(NEW, attempt="inc1.1")
    assert offered(BEFORE, look(60, OURS, ours)) is None
    # images built on ours carry the label on
    assert offered(look(0, OURS, replace(web(), attempt="inc1.1")), look(60, OTHER, ours)) is not None
    assert offered(look(0, OURS, replace(web(), attempt="inc1.1")), look(60, OTHER, NEW)) is not None


def test_a_guard_that_follows_it_explains_it() -> None:
    assert offered(BEFORE, look(60, OTHER, NEW, holding=Holding.GUARD, followed=OTHER)) is None
    # CI claims it only once it is live: the offer is taken back
    claimed = look(120, OTHER, NEW, holding=Holding.GUARD, followed=OTHER)
    assert offered(BEFORE, look(60, OTHER, NEW), claimed) is None
    assert offered(BEFORE, look(60, OTHER, NEW), claimed, look(900, OTHER, NEW)) is None


def test_a_guard_of_an_earlier_deploy_is_waited_for() -> None:
    running = look(60, OTHER, NEW, holding=Holding.GUARD, followed=THEIRS)
    assert offered(look(0, holding=Holding.GUARD, followed=THEIRS), running) is None
    assert offered(look(0, holding=Holding.GUARD, followed=THEIRS), running, look(120, OTHER, NEW)) is not None


def test_an_offer_has_its_time() -> None:
    seen = (BEFORE, look(60, OTHER, NEW), look(1800, OTHER, NEW))
    assert offered(*seen, now=50 + 1800) is not None
    assert offered(*seen, now=50 + 1801) is None


@pytest.mark.parametrize(("made", "live"), [(-500, 0), (5000, 60), (None, 60)], ids=["behind", "ahead", "unknown"])
def test_a_clock_that_is_wrong_makes_it_live_between_the_looks(made: float | None, live: float) -> None:
    at: datetime | None = None if made is None else later(made)
    offer = offered(BEFORE, look(60, OTHER, web("img-2", created_at=at, started_at=at)))
    assert offer is not None and offer.live_at == later(live)


def test_of_two_deploys_the_last_is_offered() -> None:
    offer = offered(BEFORE, look(60, OTHER, NEW), look(120, OURS, web("img-3", created_at=later(110))))
    assert offer is not None and (offer.left.metadata, offer.deploy) == (OTHER, OURS)
    at_work = (BEFORE, look(60, OTHER, NEW), look(120, OTHER, NEW, locked=True))
    assert offered(*at_work) is None, "not while the next one is at work"
    assert offered(*at_work, look(180, OTHER, NEW)) is not None, "which failed"


# ── what the journal knows ───────────────────────────────────────────────────────────────────────────────────────────


def incident(*, since: float, wrote: bool = True, state: State = State.CLOSED, deploy: str | None = None) -> Incident:
    run = StepRun(step="push", started_at=T0, ended_at=T0, outcome=Exited(code=0), result=StepResult.DONE)
    guard = GuardedDeploy(deploy=deploy, on_breach=OnBreach.TELL, length=LONGEST) if deploy else None
    return Incident(
        id="inc1", service="api", app="cyc", host="h", by="me", opened_at=T0, since=later(since), state=state,
        closing=Closing.RECOVERED if state is State.CLOSED else None, plan=plan() if wrote else None,
        runs=(run,) if wrote else (), guard=guard,
    )  # fmt: skip


OFFER = GuardOffer(left=look(0).current, now=look(60, OTHER, NEW).current)


@pytest.mark.parametrize(
    ("one", "so"),
    [
        (incident(since=30), True),
        (incident(since=-1), False),
        (incident(since=-100, state=State.WATCHING), True),
        (incident(since=30, wrote=False), False),
        (incident(since=-100, wrote=False, state=State.ASSESSING), False),
        (incident(since=-100, wrote=False, state=State.WATCHING, deploy=OTHER), True),
        (incident(since=30, wrote=False, deploy=OTHER), True),
        (incident(since=30, wrote=False, deploy=THEIRS), False),
        (incident(since=-1, wrote=False, deploy=OTHER), False),
    ],
    ids=[
        "rollback ended since", "rollback ended before", "rollback under way", "looked only", "looks only",
        "guards it", "guarded it", "guarded another", "guarded one of the same name",
    ],
)  # fmt: skip
def test_what_this_machine_did_explains_it(one: Incident, so: bool) -> None:
    assert guard_offer.explained(OFFER, [one]) is so


def test_what_a_state_is_called() -> None:
    def deploy(metadata: str | None) -> str:
        return deploy_of(RunningState(app="a", at=T0, metadata=metadata))

    assert (deploy("a b\nc"), deploy(None)) == ("a_b_c", "unknown")
