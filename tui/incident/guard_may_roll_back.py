"""May a guard roll back by itself? Everything that has to be known beforehand; what is not known forbids it."""

from tui.incident.guard_judge import DeployVerdict
from tui.model.guard import GuardedDeploy
from tui.model.incident import Incident
from tui.model.observation import RunningState, same_release
from tui.model.plan import CheckResult, Plan


def why_a_person_decides(incident: Incident, plan: Plan, went_live: RunningState, worse: DeployVerdict) -> str:
    """Why this plan needs a person, in words; empty: it may be carried out. `went_live`: what is guarded, as it ran
    when the guard began."""
    guard = incident.guard
    if guard is None:
        return "nothing is guarded"
    if worse is not DeployVerdict.FAILING:
        return "it is slower and fails no more than before: whether to leave it is a person's matter"
    if plan.blocked:
        return plan.blocked[0].text
    if plan.before.metadata != guard.deploy or not same_release(went_live, plan.before):
        return "what runs is not the deploy that was guarded any more"
    if plan.record_of != incident.known_as:
        return "the guard's claim on the host is not its own any more"
    if plan.leaves_healthy:
        return plan.leaves_healthy
    if not plan.proves or not plan.outlives:
        return f"the way {plan.way} cannot be proven, or ends with this machine"
    if plan.typed:
        return "this plan wants the service's name typed: it has downtime, or a warning that a person has to read"
    for name in ("migrations", "no deploy"):
        look = next((one for one in plan.checked if one.name == name), None)
        if look is None or look.standing is not CheckResult.OK:
            return f"{name}: {look.text if look is not None else 'nobody looked'}"
    return "" if _seen_healthy(guard, plan) else f"{plan.target.name} was never seen healthy from here"


def _seen_healthy(guard: GuardedDeploy, plan: Plan) -> bool:
    if plan.target.last_healthy is not None:
        return True
    return guard.healthy_before and guard.left is not None and plan.target.is_commit(guard.left)
