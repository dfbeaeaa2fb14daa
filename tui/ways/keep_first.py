"""Keeping what runs before it is left: a must where the service stops first, a wish everywhere else.

By default nothing is kept on the way out: seconds count, and what is left is bad. Somebody who wants to be able to come
back, or to look at the bad release later, asks for it and is shown what it costs.
"""

from tui.model.plan import PlanWarning, Step, StepKind, WarningLevel
from tui.model.release import Release
from tui.model.service import Service
from tui.model.value import Value

TAKES = 7.0
"""seconds; on 0.38 about 10"""


class Keeping(Value):
    """The look whether what runs can be kept, because somebody asked for it."""

    why_not: str = ""
    """why it cannot be kept; empty: it can be, or it is kept already"""


def is_kept(leaving: Release) -> bool:
    """True if there is a way back to what is left already."""
    return leaving.holder is not None and leaving.sealed is True


def steps(service: Service, leaving: Release, why_not: str) -> tuple[Step, ...]:
    """The step that keeps what runs, where it is not kept and can be."""
    if why_not or is_kept(leaving):
        return ()
    return (
        Step(
            id="keep",
            kind=StepKind.KEEP,
            title=f"keep {leaving.name}, the way out",
            argv=("keep", service.app),
            writes=True,
            timeout=300.0,
            paste=f"rollback keep {service.name}",
            expected=TAKES,
        ),
    )


def cautions(leaving: Release, keeping: Keeping | None) -> tuple[PlanWarning, ...]:
    """The warning of what comes of keeping first; empty where nobody asked for it."""
    if keeping is None:
        return ()
    if is_kept(leaving):
        words = f"{leaving.name} is kept already as {leaving.holder}: nothing is kept first"
        return (PlanWarning(severity=WarningLevel.NOTE, text=words),)
    if keeping.why_not:
        words = f"{leaving.name} cannot be kept first: {keeping.why_not}; plan without keeping it, or mend that"
        return (PlanWarning(severity=WarningLevel.BLOCK, text=words),)
    words = f"{leaving.name} is kept first: 4-7 s more on Dokku 0.35, about 10 s on 0.38; if that fails nothing is left"
    return (PlanWarning(severity=WarningLevel.NOTE, text=words),)


def longer(steps: tuple[Step, ...]) -> float:
    """Seconds that keeping adds to the way back."""
    return sum(step.expected or 0.0 for step in steps if step.kind is StepKind.KEEP)
