"""The plans of every way are, to the letter, what they were when they were recorded: data in `data/plans.jsonl`."""

import msgspec
import pytest

from tests.ways import cases
from tui.dokku.build_gate import PushGate

PLANS = dict(cases.plans())
RECORDED = cases.recorded()


def test_every_case_is_recorded_and_no_other() -> None:
    assert list(PLANS) == list(RECORDED)


@pytest.mark.parametrize("target", cases.TARGETS)
def test_a_plan_is_to_the_letter_as_it_was(target: str) -> None:
    now = {name: msgspec.json.encode(plan) for name, plan in PLANS.items() if name.partition(" ")[0] == target}
    assert now
    for name, plan in now.items():
        assert plan == RECORDED[name], name


@pytest.mark.parametrize("target", cases.TARGETS)
def test_what_is_put_back_later_is_set_by_ways_that_push_alone(target: str) -> None:
    set_before = (("builder-selected", "pack"),)
    plan = cases.made(target, cases.facts(gate=PushGate(restore=set_before, seen=(("builder selected", "pack"),))))
    assert plan.restore == (set_before if plan.push is not None else ())
    assert bool(plan.gate) == (plan.push is not None)
