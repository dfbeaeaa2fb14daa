"""The signature of an incident on its record, and of a rollback on the target's holder."""

from tui.dokku import holders
from tui.dokku.config_values import restore_word, stamp
from tui.model.plan import Plan
from tui.model.release import Arrival, Came, parse_target
from tui.ways.facts import Facts

SIGN = "sign"
"""the id of a plan's step that signs the record"""
NOWHERE = "-"
"""the record's target where what runs is not left for another release by a rollback"""


def pairs(facts: Facts, frozen: str | None) -> tuple[tuple[str, str], ...]:
    """The record's config as key and value: who, since when, to what, and what has to be put back.

    `frozen` is the incident's own deploy branch; None: deploys are not held back.
    """
    target, options = facts.target, facts.options
    back = not options.forward and not options.again and parse_target(target.name) is not None
    signed = [
        *holders.record_pairs(facts.incident, facts.by, facts.at, "executing"),
        ("ROLLBACK_TO", target.name if back else NOWHERE),
    ]
    if facts.record is not None and facts.record.guarding and facts.record.incident != facts.incident:
        signed.append((holders.DEPLOY, NOWHERE))  # the guard has given way: nobody can abort it any more
    if facts.record is not None and facts.record.watch_until is not None:
        # a guard's claim was fresh for longer than an incident's without a watch
        until = facts.at + holders.STALE_AFTER_OPENING - holders.STALE_AFTER_WATCH
        signed.append((holders.WATCH_UNTIL, stamp(until)))
    if frozen is not None and facts.team_branch:
        signed.append(("ROLLBACK_DEPLOY_BRANCH", facts.team_branch))
    if facts.stopping is not None and facts.stopping.before is not None:
        signed.append(("ROLLBACK_CHECKS", ":".join(facts.stopping.before)))
    if facts.gate.restore:
        signed.append((holders.RESTORE, restore_word(facts.gate.restore)))
    if frozen is not None and facts.unheld is not None:
        signed.append((holders.UNHELD, facts.unheld))
    return tuple(signed)


def signed(plan: Plan) -> dict[str, str]:
    """What a plan writes onto the record, key to value, of a plan of the journal as well; empty where it signs none."""
    record = holders.incident_record(plan.app)
    argv = next((step.argv for step in plan.steps if step.id == SIGN), (record,))
    return dict(word.split("=", 1) for word in argv[argv.index(record) + 1 :])


def arrival(facts: Facts) -> Arrival:
    """The arrival of the target, for its holder: a later `previous` asks for it (`further`)."""
    options = facts.options
    kind = Came.AGAIN if options.again else Came.FORWARD if options.forward else Came.BACK
    return Arrival(kind=kind, attempt=facts.attempt, at=facts.at, by=facts.by)
