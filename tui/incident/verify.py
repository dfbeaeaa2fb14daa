"""From single checks to a verdict: measured bad outweighs not measured, which outweighs good."""

from tui.incident import landed
from tui.model.observation import RunningState
from tui.model.plan import Plan
from tui.model.verification import Check, Verdict

RUNNING = "identity: running"


def assess(checks: tuple[Check, ...]) -> Verdict:
    """The verdict over all checks; no check at all is inconclusive."""
    verdicts = {c.verdict for c in checks}
    if Verdict.FAILED in verdicts:
        return Verdict.FAILED
    return Verdict.PASSED if verdicts == {Verdict.PASSED} else Verdict.INCONCLUSIVE


def identity(plan: Plan, current: RunningState) -> tuple[Check, ...]:
    """Two proofs that the target itself serves: what Dokku recorded after success, and what shows that it runs. They
    are the checks that people read; `landed.serves` is the same question as one word, for what to do next.

    A push shows that by its label; another deploy only by containers that were replaced; a way that proves nothing has
    neither, and says so.
    """
    if plan.push is None:
        return _unlabelled(plan, current)
    commit = plan.push.commit
    recorded = Check(
        name="identity: deployed",
        verdict=Verdict.PASSED if current.metadata == commit else Verdict.FAILED,
        evidence=f"deploy-source-metadata is {current.metadata or 'unknown'}, our commit is {commit}",
    )
    if current.silent:
        return (recorded, _silent(plan, current))
    found = ", ".join(f"{c.process}.{c.index} {c.attempt or 'none'}" for c in current.containers if c.running)
    labelled = Check(
        name=RUNNING,
        verdict=Verdict.PASSED if current.attempt == plan.attempt else Verdict.FAILED,
        evidence=f"attempt label of the running containers: {found or 'no container'}; ours is {plan.attempt}",
    )
    return (recorded, labelled)


def _silent(plan: Plan, current: RunningState) -> Check:
    """Pods that did not say what they run prove nothing; one that says something else is a failure all the same."""
    others = [
        f"{c.name} {c.attempt or 'none'}" for c in current.running.values() if c.told and c.attempt != plan.attempt
    ]
    names = ", ".join(c.name for c in current.silent)
    words = f"{names} did not say which attempt brought it (no `env` in the image?); ours is {plan.attempt}"
    if others:
        return Check(name=RUNNING, verdict=Verdict.FAILED, evidence=f"{', '.join(others)}; {words}")
    return Check(name=RUNNING, verdict=Verdict.INCONCLUSIVE, evidence=words)


def by_answer(checks: tuple[Check, ...], answer: Check) -> tuple[Check, ...]:
    """The proofs of a push where pods did not say what they run: what the service says of itself takes their place, if
    it says anything.
    """
    if answer.verdict is not Verdict.PASSED:
        return checks
    return tuple(
        Check(name=c.name, verdict=Verdict.PASSED, evidence=f"{c.evidence}; {answer.evidence}")
        if c.name == RUNNING and c.verdict is Verdict.INCONCLUSIVE
        else c
        for c in checks
    )


def _unlabelled(plan: Plan, current: RunningState) -> tuple[Check, ...]:
    if current.pods is not None and plan.proof is not None:
        as_planned = (current.source, current.metadata) == (plan.proof.source, plan.proof.metadata)
        words = f"deploy source is {current.source} {current.metadata}, planned was {plan.proof.metadata}"
        verdict = Verdict.PASSED if as_planned else Verdict.FAILED
        recorded = Check(name="identity: deployed", verdict=verdict, evidence=words)
        words = "which image the pods run, this login does not tell on the scheduler k3s"
        return (recorded, Check(name=RUNNING, verdict=Verdict.INCONCLUSIVE, evidence=words))
    new = landed.replaced(plan, current)
    ids = ", ".join(f"{c.process}.{c.index} {c.id}" for c in current.containers if c.running) or "no container"
    running = Check(
        name=RUNNING,
        verdict=Verdict.PASSED if new else Verdict.FAILED,
        evidence=f"{'every container is new' if new else 'containers of before still run'}: {ids}",
    )
    if plan.proof is None:
        return (running,)
    told = f"{current.source or 'unknown'} {current.metadata or 'unknown'}"
    deployed = (current.source, current.metadata) == (plan.proof.source, plan.proof.metadata)
    recorded = Check(
        name="identity: deployed",
        verdict=Verdict.PASSED if deployed else Verdict.FAILED,
        evidence=f"deploy source is {told}, planned was {plan.proof.source} {plan.proof.metadata}",
    )
    return (recorded, running)


def unproven(plan: Plan, before: str | None, now: str | None, where: str | None) -> Check:
    """For a way that proves nothing: what the service says of itself is all there is.

    It passes only where the service named something else before the deploy.
    """
    name = "identity: answer"
    if where is None:
        words = f"the way {plan.way} proves nothing, and services.yaml names no identity of the service"
        return Check(name=name, verdict=Verdict.INCONCLUSIVE, evidence=words)
    if now is None or before is None:
        words = f"{where} did not say{'' if now is None else ' what it was before'}"
        return Check(name=name, verdict=Verdict.INCONCLUSIVE, evidence=words)
    return service_identity(before, now, where)


def processes(plan: Plan, current: RunningState) -> Check:
    """Process types and their counts as before the rollback: a worker that vanished is a failure."""
    before, now = dict(plan.before.processes), dict(current.processes)
    worded = ", ".join(f"{name} {count}" for name, count in now.items()) or "none"
    if not now:
        return Check(name="processes", verdict=Verdict.FAILED, evidence="no container runs")
    if current.pods == "mixed":
        words = f"only some of the pods run, and this login does not tell which: {worded} are wanted"
        return Check(name="processes", verdict=Verdict.INCONCLUSIVE, evidence=words)
    missing = [f"{name} {count}→{now.get(name, 0)}" for name, count in before.items() if now.get(name, 0) < count]
    if missing:
        return Check(name="processes", verdict=Verdict.FAILED, evidence=f"fewer than before: {', '.join(missing)}")
    return Check(name="processes", verdict=Verdict.PASSED, evidence=f"as before: {worded}")


def service_identity(before: str | None, now: str | None, where: str, *, again: bool = False) -> Check:
    """The check of the service's own word. It is compared with what it said before: our numbers mean nothing to it.

    `again`: what ran was deployed anew, and has to say the same as before.
    """
    if now is None:
        return Check(name="identity: answer", verdict=Verdict.INCONCLUSIVE, evidence=f"{where} did not say")
    if before is None:
        return Check(name="identity: answer", verdict=Verdict.PASSED, evidence=f"{where} says {now}")
    if again:
        same = Verdict.PASSED if before == now else Verdict.INCONCLUSIVE
        words = f"{where} says {now}, " + ("as before" if before == now else f"said {before}")
        return Check(name="identity: answer", verdict=same, evidence=words)
    if before == now:
        return Check(
            name="identity: answer", verdict=Verdict.INCONCLUSIVE, evidence=f"{where} still says {now}, as before"
        )
    return Check(name="identity: answer", verdict=Verdict.PASSED, evidence=f"{where} says {now}, said {before}")
