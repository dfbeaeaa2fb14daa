"""Judges by two looks at a host how a push, or another deploy, ended whose end nobody told us.

Only fields that Dokku writes after success count: the deploy source metadata, and the label of this attempt on the
containers that run. GIT_REV, git-sha and source-image are written before the build and name what was attempted.
A deploy that is no push carries no label: for it the metadata counts, and that every container was replaced. What runs
is known by image, attempt label and metadata: a restart of the host leaves all three, and may leave the container ids.

The deploy lock's file says "still at it", with a time limit, because a stale file stays for ever. It is known to be
stale only where the host restarted after the deploy began (measured on both versions: every container starts anew, the
lock stays). 0.38 says so itself (`RunningState.stale_lock`, asked in `engine/hosts/connections`). On 0.35 the sign
is that all running containers, of more than one app, started after that moment; where there is no second app to ask,
that what ran before was started anew and nothing changes any more for a minute.
"""

from datetime import datetime, timedelta

from tui.model.observation import Container, Landed, RunningState, differences, same_release, started_anew
from tui.model.plan import ANYWHERE, Plan

APART = timedelta(seconds=10)
"""two equal looks must be at least this far apart"""
UNCHANGED_FOR = timedelta(seconds=60)
"""how long equal looks must go on where a lock is only likely to be stale"""
RESTART_GRACE = timedelta(seconds=90)
"""how long a host that restarted may take until its apps run again; 53 s for 15 apps were measured"""


def serves(plan: Plan, current: RunningState) -> bool:
    """True if the target of this plan serves: our commit succeeded, and every running container is of our attempt. The
    checks that people read are `verify.identity`.

    A plan that proves nothing can only say that something else runs than before: that is all this answers then.
    """
    if not current.serving:
        return False
    if plan.push is not None:
        return current.metadata == plan.push.commit and not _others(plan, current)
    if plan.proof is not None:
        deployed = (current.source, current.metadata) == (plan.proof.source, plan.proof.metadata)
        return deployed and (current.pods is not None or replaced(plan, current))
    return not plan.proves and replaced(plan, current)


def _others(plan: Plan, current: RunningState) -> bool:
    """True if anything that runs is known to be of another attempt; a pod that does not say is not."""
    return any(c.attempt != plan.attempt for c in current.running.values() if c.told)


def deployed_but_down(plan: Plan, current: RunningState) -> bool:
    """True if nothing runs, and the target of this plan is what was deployed last: a host that restarts looks so."""
    if current.serving:
        return False
    if plan.push is not None:
        return current.metadata == plan.push.commit
    return plan.proof is not None and (current.source, current.metadata) == (plan.proof.source, plan.proof.metadata)


def replaced(plan: Plan, current: RunningState) -> bool:
    """True if containers run, and none of them ran when the plan was made.

    A restart may change ids: where nothing else proves the deploy, another image has to run as well.
    """
    before = plan.before.running.values()
    images = {c.image for c in before}
    known = all(images) and all(c.image for c in current.running.values())
    ids = {c.id for c in before}
    if plan.proof is None and known:
        return current.serving and not any(c.image in images for c in current.running.values())
    return current.serving and not any(c.id in ids for c in current.running.values())


def untouched(plan: Plan, current: RunningState) -> bool:
    """True if the host is as it was when the plan was made, the freeze and branches that a failure moves aside."""
    if current.metadata != plan.before.metadata or not same_release(plan.before, current):
        return False
    if current.pods is not None and not _old_pods(plan, current):
        return False
    if ANYWHERE in plan.moves:
        return True
    ours = plan.frozen_branch
    moved = dict(plan.moves)
    before = {name: tip for name, tip in plan.before.refs if name != ours}
    now = {name: tip for name, tip in current.refs if name != ours}
    now = {name: before[name] if moved.get(name) == tip and name in before else tip for name, tip in now.items()}
    return before == now


def _old_pods(plan: Plan, current: RunningState) -> bool:
    """True if every pod says that it is not of this plan: pods may have gone over while the metadata stayed.

    Of another deploy than a push no pod can say it.
    """
    mine = any(c.attempt == plan.attempt for c in current.running.values())
    return plan.push is not None and not current.silent and not mine


def doubt(plan: Plan, current: RunningState, began: datetime | None = None) -> str:
    """Why this look does not say how it ended, for the person who has to decide."""
    if current.locked and not deploy_died(current, began):
        return "the deploy lock is still there: a deploy is at work, or one that died has left it"
    if current.pods is not None and (words := _pods_doubt(plan, current)):
        return words
    if current.locked is None:
        return "the host does not say whether a deploy is at work"
    if current.metadata == plan.before.metadata and not same_release(plan.before, current):
        return _half_way(plan, current, began)
    if current.metadata != plan.before.metadata:
        return f"Dokku names {current.metadata or 'nothing'}, which is neither what ran nor what was sent"
    return "a branch was moved by somebody else, or the host was not seen twice the same"


def _pods_doubt(plan: Plan, current: RunningState) -> str:
    """The doubt that pods leave."""
    mine = [c.name for c in current.running.values() if c.attempt == plan.attempt]
    if mine and current.metadata == plan.before.metadata:
        return (
            f"{', '.join(sorted(mine))} {_are(mine)} {plan.target.name}, and Dokku names the old release still: Helm "
            "died in the middle, and the cluster goes over by itself"
        )
    if current.silent:
        return f"{', '.join(sorted(c.name for c in current.silent))} did not say what it runs"
    return ""


def _is_sent(plan: Plan, current: RunningState, one: Container) -> bool:
    """True if this container is of the deploy that was sent: by its label; where a deploy gives none, by an image that
    did not run before, while what Dokku tried last is what was sent.

    Dokku shows the container that has the process's name, and gives that name after the traffic has gone over.
    """
    if plan.push is not None or plan.proof is None:
        return one.attempt is not None and one.attempt == plan.attempt
    tried = plan.proof.metadata.rpartition("#")[2] == current.git_rev or plan.proof.metadata == current.source_image
    before = {c.image for c in plan.before.running.values()}
    return tried and bool(one.image) and all(before) and one.image not in before


def _half_way(plan: Plan, current: RunningState, began: datetime | None) -> str:
    """A deploy that died after the switch: which process runs what, and what it may have left behind."""
    why = " when the host restarted" if restarted(current, began) else ""
    sent = [c.name for c in current.running.values() if _is_sent(plan, current, c)]
    then = plan.before.running
    old = [c.name for k, c in current.running.items() if k in then and c.is_same_release(then[k])]
    if sent and not old and len(sent) == len(current.running):
        return (
            f"{', '.join(sorted(sent))} {_are(sent)} {plan.target.name}, and Dokku names the old release still: the "
            f"deploy died{why}, after the switch and before its end"
        )
    if not sent or not old:
        return (
            f"Dokku names the old release, but other containers run: a deploy died half-way{why}, and which of the two "
            "answers only the service itself can say"
        )
    left = ", ".join(f"{plan.app}.{name}.upcoming-…" for name in sorted(old))
    return (
        f"a deploy died half-way{why}: {', '.join(sorted(sent))} {_are(sent)} {plan.target.name}, "
        f"{', '.join(sorted(old))} {_are(old)} {plan.leaving.name}. A container {left} may run beside it, where "
        "Dokku shows it to nobody: root sees it with `docker ps` and removes it"
    )


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def restarted(current: RunningState, began: datetime | None) -> bool:
    """True if the host is known to have restarted since: all that runs there, of several apps, started after it."""
    starts = [at for _, at in current.neighbours]
    own = [c.started_at for c in current.running.values()]
    if began is None or not starts or None in own:
        return False
    both = [*starts, *(at for at in own if at is not None)]
    return len(starts) + bool(own) > 1 and all(at > began for at in both)


def deploy_died(current: RunningState, began: datetime | None) -> bool:
    """True if a deploy that left its lock is known to have died."""
    return current.stale_lock or (current.locked is True and restarted(current, began))


def worth_asking_neighbours(current: RunningState, began: datetime | None) -> bool:
    """True if it is worth asking the other apps of the host: nothing of this one has run since before the deploy."""
    starts = [c.started_at for c in current.running.values()]
    there = current.locked is True or current.stale_lock
    return there and began is not None and all(at is not None and at > began for at in starts)


def likely_died(plan: Plan, current: RunningState, began: datetime | None) -> bool:
    """True if a lock is likely to be stale where no second app can say so: what ran before was started anew."""
    if not current.locked or current.neighbours or not worth_asking_neighbours(current, began):
        return False
    return untouched(plan, current) and len(started_anew(plan.before, current)) == len(current.running) > 0


def would_settle(plan: Plan, first: RunningState, last: RunningState, began: datetime | None = None) -> bool:
    """True if two looks, the second some time after the first, together would settle how it ended."""
    fallen = nothing_runs(plan, first, began) and nothing_runs(plan, last, began)
    return fallen or (untouched(plan, first) and untouched(plan, last))


def died_unchanged(first: RunningState, last: RunningState, began: datetime | None) -> bool:
    """True if a deploy is known to have died, and two looks show the same."""
    return deploy_died(first, began) and deploy_died(last, began) and not differences(first, last)


def settled_for_good(first: RunningState, last: RunningState, began: datetime | None) -> bool:
    """True if two such looks are far enough apart: nothing will change any more."""
    return died_unchanged(first, last, began) and last.at - first.at >= APART


def nothing_runs(plan: Plan, current: RunningState, began: datetime | None = None) -> bool:
    """No container runs any more, and the host is not at it."""
    at_it = current.locked is not False and not deploy_died(current, began)
    return not at_it and not current.serving and not untouched(plan, current)


def landed(plan: Plan, looks: tuple[RunningState, ...], reported: bool, began: datetime | None = None) -> Landed:
    """The word of the looks since the loss (oldest first).

    `reported`: the host itself had answered that it declined; `began`: when the deploy was sent.
    """
    if not looks:
        return Landed.UNKNOWN
    first, last = looks[0], looks[-1]
    stale = deploy_died(last, began)
    if last.locked and not stale:
        died = likely_died(plan, first, began) and likely_died(plan, last, began)
        return Landed.NO if died and last.at - first.at >= UNCHANGED_FOR else Landed.RUNNING
    if serves(plan, last):
        return Landed.YES
    if nothing_runs(plan, last, began):
        twice = nothing_runs(plan, first, began) and last.at - first.at >= (RESTART_GRACE if stale else APART)
        return Landed.NOTHING_RUNS if twice else Landed.UNKNOWN
    if last.locked is None or not untouched(plan, last):
        return Landed.UNKNOWN
    if reported:
        return Landed.NO
    free = not first.locked or deploy_died(first, began)
    if last.at - first.at >= APART and free and untouched(plan, first):
        return Landed.NO
    return Landed.UNKNOWN


def why_restart_ended_it(plan: Plan, current: RunningState, began: datetime | None) -> str:
    """Why a deploy did not land, where a restart ended it; empty where none is known."""
    if restarted(current, began):
        return "the host restarted in the middle of it"
    if current.stale_lock or current.locked:
        anew: tuple[Container, ...] = started_anew(plan.before, current)
        names = ", ".join(c.name for c in anew)
        return f"{names} {'was' if len(anew) == 1 else 'were'} restarted in the middle of it" if anew else ""
    return ""
