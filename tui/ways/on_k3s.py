"""Services on Dokku's Kubernetes scheduler: what a plan says of them, and what it refuses."""

from collections.abc import Iterable

from tui.dokku import k3s
from tui.model.errors import Refused
from tui.model.plan import PlanWarning, WarningLevel
from tui.model.service import Service
from tui.ways.facts import Facts


def stop_first(service: Service) -> Refused:
    """The refusal of a service that stops before it starts: Kubernetes starts first, and a stop may be for good."""
    return Refused(
        f"{service.name} has to stop before it starts, and the scheduler k3s starts first: a ps:stop there cannot be "
        "taken back while a Helm release is pending",
        f"services.yaml: services.{service.name}.rollback.stop_first: false, where two at once do no harm",
    )


def cautions(facts: Facts, probed: bool) -> Iterable[PlanWarning]:
    """The notes of a way back on k3s. `probed`: the release had no probe, and ours is brought."""
    if facts.cluster is None:
        return
    words = (
        "on the scheduler k3s: containers, restarts and the access log are not seen over this login; what runs is "
        "asked of every pod, about 5 s each"
    )
    yield PlanWarning(severity=WarningLevel.NOTE, text=words)
    if probed:
        words = "the release has no probe, and without one a pod that crashes replaces what serves: it gets one of ours"
        yield PlanWarning(severity=WarningLevel.NOTE, text=words + " (does its port listen?)")
    if facts.cluster.rollback_on_failure is not True:
        argv = " ".join(k3s.recommend(facts.service.app))
        words = f"if this deploy fails, what serves loses its config at its next restart; first, to prevent it: {argv}"
        yield PlanWarning(severity=WarningLevel.WARN, text=words)
