"""A run over several services: what begins when, when it stops, and what its table says."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incident.facts import T0, current, later, plan
from tui.incident import all_services
from tui.incident.all_services import BatchItem, BatchStage
from tui.model.incident import Closing, Group, Incident, Question, State, StepRun
from tui.model.plan import PlanWarning, WarningLevel
from tui.model.service import Host, Service
from tui.model.verification import Verdict

GROUP = Group(id="g", services=("a", "b", "c", "d"))


def service(name: str, order: int, host: str = "h") -> Service:
    return Service(name=name, title=name, host=host, app=f"{name}-app", order=order)


def incident(**values: object) -> Incident:
    made = Incident(id="g-1", service="api", app="cyc", host="h", by="me", opened_at=T0, since=T0, group=GROUP)
    return replace(made, **values)


NOT_STARTED = (
    incident(state=State.PLANNED, asking=Question.CONFIRM, plan=plan()),
    incident(state=State.ASSESSING, asking=Question.TARGET),
    None,
)
UNDER_WAY = (
    *(
        incident(state=state, asking=None, plan=plan())
        for state in (State.EXECUTING, State.STOPPED, State.UNCERTAIN, State.VERIFYING)
    ),
    incident(state=State.VERIFYING, asking=None, settling=Closing.UNWATCHED),
)
STOPPED = (
    incident(state=State.FAILED, asking=Question.WHAT_NEXT, failure="no"),
    incident(state=State.UNCERTAIN, asking=Question.OUTCOME_UNKNOWN),
    incident(state=State.VERIFYING, asking=Question.VERIFY_FAILED),
    incident(state=State.VERIFYING, asking=Question.VERIFY_INCONCLUSIVE),
    incident(state=State.WATCHING, asking=Question.WATCH_BREACHED),
    incident(state=State.WATCHING, asking=Question.WATCH_INCONCLUSIVE),
)
WATCHING = (incident(state=State.WATCHING, asking=None),)
DONE = tuple(incident(state=State.CLOSED, asking=None, closing=closing) for closing in Closing)
EVERY = {
    BatchStage.NOT_STARTED: NOT_STARTED,
    BatchStage.UNDER_WAY: UNDER_WAY,
    BatchStage.STOPPED: STOPPED,
    BatchStage.WATCHING: WATCHING,
    BatchStage.DONE: DONE,
}


@pytest.mark.parametrize("at", BatchStage)
def test_every_state_of_an_incident_has_its_stage(at: BatchStage) -> None:
    for found in EVERY[at]:
        assert all_services.stage(BatchItem(service="a", incident=found)) is at
        assert all_services.stage(BatchItem(service="a", incident=found, refused="moved")) is BatchStage.STOPPED


parts = st.lists(
    st.sampled_from([(stage, found) for stage, every in EVERY.items() for found in every]), min_size=1, max_size=6
)


@given(parts, st.integers(1, 4))
def test_nothing_begins_after_a_stop_nor_out_of_turn_nor_too_many_at_once(
    rows: list[tuple[BatchStage, Incident | None]], parallel: int
) -> None:
    run = [BatchItem(service=f"s{n}", incident=found) for n, (_, found) in enumerate(rows)]
    stages = [stage for stage, _ in rows]
    following = all_services.next_up(run, parallel)
    if BatchStage.STOPPED in stages:
        assert following == ()
    waiting = [p.service for p in run if all_services.stage(p) is BatchStage.NOT_STARTED]
    assert list(following) == waiting[: len(following)]
    assert stages.count(BatchStage.UNDER_WAY) + len(following) <= max(parallel, stages.count(BatchStage.UNDER_WAY))
    if all_services.at_rest(run, parallel):
        assert following == ()
        assert BatchStage.UNDER_WAY not in stages
        assert BatchStage.STOPPED in stages or set(stages) <= {BatchStage.DONE}
    else:
        assert (
            following
            or BatchStage.UNDER_WAY in stages
            or (BatchStage.WATCHING in stages and BatchStage.STOPPED not in stages)
        )
    stopped = all_services.stopped_at(run)
    assert (stopped is None) is (BatchStage.STOPPED not in stages)


def test_lowest_order_first_then_by_name() -> None:
    given_ = (service("gateway", 40), service("b", 10), service("a", 10), service("api", 30))
    assert [s.name for s in all_services.order(given_)] == ["a", "b", "api", "gateway"]


def test_more_at_once_than_a_host_allows_is_refused_and_says_which() -> None:
    services = (service("a", 1), service("b", 2), service("c", 3, "other"))
    hosts = (Host(name="h", ssh="h"), Host(name="other", ssh="o"))
    assert all_services.too_many(services, hosts, 1) == ""
    assert "2 services are on h, which allows 1 at once" in all_services.too_many(services, hosts, 2)
    wide = (replace(hosts[0], max_parallel=2), hosts[1])
    assert all_services.too_many(services, wide, 4) == "", "one host with one service is never too many"
    assert all_services.too_many(services, wide, 0) != ""


def test_a_plan_that_is_blocked_stops_the_run_before_it_begins() -> None:
    block = PlanWarning(severity=WarningLevel.BLOCK, text="a deploy is running")
    every, parts = Group(id="inc1", services=("api",)), Group(id="inc1", services=("api.a", "api.b"), whole="api")
    assert all_services.blocked(plan(), every) == ""
    assert all_services.blocked(replace(plan(), warnings=(block,)), every) == "a deploy is running"
    assert all_services.blocked(replace(plan(), warnings=(block,)), parts) == "a deploy is running"


def test_what_is_well_is_left_alone_unless_it_is_a_part_of_what_is_not() -> None:
    well = replace(plan(), leaves_healthy="it answers")
    assert all_services.blocked(well, Group(id="inc1", services=("api",))) == "it answers"
    assert all_services.blocked(well, Group(id="inc1", services=("api.a", "api.b"), whole="api")) == ""


def test_what_differs_from_what_was_confirmed_is_named() -> None:
    confirmed = plan()
    assert all_services.changed(confirmed, replace(confirmed, made_at=later(60), attempt="inc1.2")) == ()
    other = replace(confirmed, target=replace(confirmed.target, number=2, holder="cyc--r2"))
    assert "the target was release:1, is release:2" in all_services.changed(confirmed, other)
    deployed = replace(confirmed, before=current(metadata="9" * 40, tip="9" * 40))
    assert any("deployed was" in words for words in all_services.changed(confirmed, deployed))
    taken = replace(confirmed, record_of="x1")
    assert "the incident on the host was none, is x1" in all_services.changed(confirmed, taken)
    note = PlanWarning(severity=WarningLevel.NOTE, text="fine")
    grave = PlanWarning(severity=WarningLevel.TYPE, text="migrations lie between")
    assert all_services.changed(confirmed, replace(confirmed, warnings=(note, grave))) == ("migrations lie between",)


def test_the_table_says_what_is_done_what_stopped_and_what_was_not_started() -> None:
    done = incident(
        state=State.CLOSED,
        asking=None,
        plan=plan(),
        closing=Closing.UNWATCHED,
        verdict=Verdict.PASSED,
        runs=(StepRun(step="record", started_at=T0),),
        closed_at=T0 + timedelta(seconds=31),
    )
    lines = all_services.table(
        (
            BatchItem(service="a", incident=done),
            BatchItem(service="b", incident=STOPPED[0]),
            BatchItem(service="c", incident=NOT_STARTED[0]),
            BatchItem(service="d", incident=NOT_STARTED[0], refused="moved"),
        )
    )
    assert [(line.stage, line.words) for line in lines] == [
        (BatchStage.DONE, "verified, not watched, 31 s"),
        (BatchStage.STOPPED, "no"),
        (BatchStage.NOT_STARTED, ""),
        (BatchStage.STOPPED, "nothing of it was sent: moved"),
    ]
    assert all_services.well(done)
    assert not all_services.well(replace(done, verdict=Verdict.INCONCLUSIVE))
    assert not all_services.well(replace(done, closing=Closing.NOT_RECOVERED))


def test_the_parts_of_a_run_have_ids_of_their_own_and_one_name_on_the_hosts() -> None:
    assert [GROUP.part(name) for name in GROUP.services] == ["g-1", "g-2", "g-3", "g-4"]
    assert incident(id="g-3").known_as == "g"
    assert replace(incident(), group=None).known_as == "g-1"
