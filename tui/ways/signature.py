"""What an incident writes of itself onto its record, and what a rollback notes of itself on the target's holder."""

from tui.dokku import kept
from tui.model.release import Arrival, Came, Release, parse_target
from tui.ways.facts import Facts, Options, old_branch

NOWHERE = "-"
"""the record's target where what runs is not left for another release by a rollback"""


def pairs(facts: Facts, target: Release, options: Options, frozen: str | None) -> tuple[tuple[str, str], ...]:
    """The record's config: who, since when, to what, and what has to be put back."""
    back = not options.forward and not options.again and parse_target(target.name) is not None
    signed = [
        ("ROLLBACK_SCHEMA", "1"),
        ("ROLLBACK_INCIDENT", facts.incident),
        ("ROLLBACK_BY", facts.by),
        ("ROLLBACK_SINCE", kept.stamp(facts.at)),
        ("ROLLBACK_STATE", "executing"),
        ("ROLLBACK_TO", target.name if back else NOWHERE),
    ]
    if frozen is not None and (branch := old_branch(facts)):
        signed.append(("ROLLBACK_DEPLOY_BRANCH", branch))
    if facts.stopping is not None and facts.stopping.before is not None:
        signed.append(("ROLLBACK_CHECKS", ":".join(facts.stopping.before)))
    return tuple(signed)


def arrival(facts: Facts, options: Options) -> Arrival:
    """How the target comes, for its holder: a later `previous` asks for it (`further`)."""
    kind = Came.AGAIN if options.again else Came.FORWARD if options.forward else Came.BACK
    return Arrival(kind=kind, attempt=f"{facts.incident}.{facts.number}", at=facts.at, by=facts.by)
