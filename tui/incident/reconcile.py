"""What two looks at a host say about a push, or another deploy, whose end nobody told us.

Only fields that Dokku writes after success count: the deploy source metadata, and the label of this attempt on the
containers that run. GIT_REV, git-sha and source-image are written before the build and name what was attempted.
A deploy that is no push carries no label: for it the metadata counts, and that every container was replaced. The deploy
lock's file says "still at it", with a time limit, because a stale file stays for ever.
"""

from datetime import timedelta

from tui.model.observation import Current, Landed
from tui.model.plan import ANYWHERE, Plan

APART = timedelta(seconds=10)
"""two equal looks must be at least this far apart"""


def serves(plan: Plan, current: Current) -> bool:
    """Whether the target of this plan serves: our commit succeeded, and every running container is of our attempt.

    A plan that proves nothing can only say that something else runs than before: that is all this answers then.
    """
    if not current.serving:
        return False
    if plan.push is not None:
        return current.metadata == plan.push.commit and current.attempt == plan.attempt
    if plan.proof is not None:
        deployed = (current.source, current.metadata) == (plan.proof.source, plan.proof.metadata)
        return deployed and replaced(plan, current)
    return not plan.proves and replaced(plan, current)


def replaced(plan: Plan, current: Current) -> bool:
    """Whether containers run, and none of them ran when the plan was made. A restart in place keeps the id."""
    ids = {c.id for c in current.containers if c.running}
    return bool(ids) and not ids & {c.id for c in plan.before.containers if c.running}


def untouched(plan: Plan, current: Current) -> bool:
    """Whether the host is as it was when the plan was made, the freeze and branches that a failure moves aside."""
    if (current.metadata, current.serving) != (plan.before.metadata, plan.before.serving):
        return False
    if ANYWHERE in plan.moves:
        return True
    ours = plan.frozen_branch
    moved = dict(plan.moves)
    before = {name: tip for name, tip in plan.before.refs if name != ours}
    now = {name: tip for name, tip in current.refs if name != ours}
    now = {name: before[name] if moved.get(name) == tip and name in before else tip for name, tip in now.items()}
    return before == now


def doubt(plan: Plan, current: Current) -> str:
    """Why this look does not say how it ended, for the person who has to decide."""
    if current.locked:
        return "the deploy lock is still there: a deploy is at work, or one that died has left it"
    if current.locked is None:
        return "the host does not say whether a deploy is at work"
    if current.metadata == plan.before.metadata and current.serving != plan.before.serving:
        return (
            "Dokku names the old release, but other containers run: a deploy died half-way, and which of the two "
            "answers only the service itself can say"
        )
    if current.metadata != plan.before.metadata:
        return f"Dokku names {current.metadata or 'nothing'}, which is neither what ran nor what was sent"
    return "a branch was moved by somebody else, or the host was not seen twice the same"


def alike(plan: Plan, first: Current, last: Current) -> bool:
    """Whether two looks, the second some time after the first, together would settle how it ended."""
    return (untouched(plan, first) and untouched(plan, last)) or (fell(plan, first) and fell(plan, last))


def fell(plan: Plan, current: Current) -> bool:
    """No container runs any more, and the host is not at it."""
    return current.locked is False and not current.serving and not untouched(plan, current)


def landed(plan: Plan, looks: tuple[Current, ...], reported: bool) -> Landed:
    """What the looks since the loss (oldest first) say; `reported`: the host itself had answered that it declined."""
    if not looks:
        return Landed.UNKNOWN
    last = looks[-1]
    if last.locked:
        return Landed.RUNNING
    if serves(plan, last):
        return Landed.YES
    if fell(plan, last):
        return Landed.FELL if fell(plan, looks[0]) and last.at - looks[0].at >= APART else Landed.UNKNOWN
    if last.locked is None or not untouched(plan, last):
        return Landed.UNKNOWN
    if reported:
        return Landed.NO
    first = looks[0]
    if last.at - first.at >= APART and not first.locked and untouched(plan, first):
        return Landed.NO
    return Landed.UNKNOWN
