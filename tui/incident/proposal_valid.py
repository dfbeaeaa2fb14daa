"""May a proposed plan be carried out now? Only while it is fresh, unused, and exactly what would be planned now."""

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from tui.incident.all_services import changed
from tui.model.plan import CheckResult, Plan
from tui.model.proposal import VALID_FOR, Proposal
from tui.text.redact import redacted

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_AHEAD = timedelta(seconds=5)
"""how far two clocks of one machine may differ: it was set back"""


def stale(proposal: Proposal, now: datetime) -> str:
    """Why it is too old; empty: it is not. A clock that was set back makes nothing young again."""
    age = now - proposal.made_at
    if age < -_AHEAD:
        return (
            f"{proposal.id} was made at {proposal.made_at:%H:%M:%S}Z, which is in the future: was the clock set back?"
        )
    if age > VALID_FOR:
        minutes = VALID_FOR.total_seconds() / 60
        made = math.ceil(age.total_seconds() / 60)
        return f"{proposal.id} was made {made} minutes ago; it is valid for {minutes:.0f}"
    return ""


def differences(proposed: Plan, fresh: Plan) -> tuple[str, ...]:
    """The differences between the plan of now and the proposed one, in words; empty where both are the same.

    `fresh` was planned under the same incident id."""
    fresh = _stored(fresh)
    found = list(changed(proposed, fresh))
    if (proposed.host, proposed.app) != (fresh.host, fresh.app):
        found.append(f"it was {proposed.app} on {proposed.host}, is {fresh.app} on {fresh.host}")
    if _release(proposed) != _release(fresh):
        found.append(f"what runs was {proposed.leaving.name}, is {fresh.leaving.name}")
    if _pushed(proposed) != _pushed(fresh):
        found.append("what would be pushed is not what was proposed")
    found.extend(_warned(proposed, fresh))
    before, now = _commands(proposed), _commands(fresh)
    found.extend(f"this was not proposed: {line}" for line in now if line not in before)
    found.extend(f"this would not be done any more: {line}" for line in before if line not in now)
    if not found and before != now:
        found.append("the commands are in another order")
    return tuple(found)


def _stored(plan: Plan) -> Plan:
    """A plan as a proposal keeps it: without secrets."""
    return msgspec.convert(redacted(msgspec.to_builtins(plan)), Plan)


def _release(plan: Plan) -> tuple[str | None, ...]:
    return (plan.leaving.name, plan.leaving.commit, plan.leaving.image)


def _warned(proposed: Plan, fresh: Plan) -> Iterator[str]:
    """What a person would be warned of now, and was not when it was proposed."""
    config = sorted(_config(proposed) ^ _config(fresh))
    if config:
        yield f"config keys were set or removed since: {', '.join(config)}"
    known = {one.name: one.standing for one in proposed.checked}
    for one in fresh.checked:
        if (
            one.standing is not CheckResult.OK
            and known.get(one.name) is not one.standing
            and not (config and one.name == "config")
        ):
            yield f"{one.name}: {one.text}"


def _config(plan: Plan) -> frozenset[str]:
    taken = plan.taken
    return (
        frozenset() if taken is None else frozenset((*taken.config_added, *taken.config_removed, *taken.config_changed))
    )


def _pushed(plan: Plan) -> tuple[object, ...]:
    return () if plan.push is None else (plan.push.app, plan.push.branch, plan.push.parent, plan.push.files)


def _commands(plan: Plan) -> tuple[str, ...]:
    """Each command that writes, without what says only when it was planned: moments, and the id of the commit that is
    pushed, which holds one."""
    pushed = plan.push.commit if plan.push is not None else None
    found = []
    for step in plan.steps:
        if step.writes:
            words = _MOMENT.sub("TIME", f"{step.title}: {step.where.value}: {' '.join(step.argv)}")
            found.append(words.replace(pushed, "PUSHED") if pushed else words)
    return tuple(found)
