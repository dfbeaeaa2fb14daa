"""Services that cannot run twice: what is added to a plan so that the old release stops before the new one starts.

Never `ps:stop`: if the deploy after it fails, Dokku has thrown the stopped image away and `ps:start` cannot bring it
back (both versions). With zero-downtime checks disabled Dokku itself builds first, stops the old containers, waits for
their end and starts the new ones: 7-11 s without an answer, and a failed build leaves the old release serving.
What is left is kept first all the same: a start may fail after the stop, and then pushing a kept release is the only
way out. The setting of the checks is restored exactly, by the plan or at the latest when the incident is closed.
"""

from tui.dokku import commands, shell_lines
from tui.dokku.reports import Checks
from tui.model.plan import PlanWarning, Step, StepKind, WarningLevel
from tui.model.release import Release
from tui.model.service import Host, Service
from tui.model.value import Value
from tui.ways import keep_first

ALL = "_all_"
NONE = "none"


class Stopping(Value):
    """The settings and the way out of a service that stops first."""

    before: tuple[str, str] | None
    """the disabled and the skipped list as the team set them; None: the host did not say"""
    now: Checks | None
    unkeepable: str = ""
    """why what runs now cannot be kept; empty: it can be, or it is kept already"""


def opening(service: Service, leaving: Release, found: Stopping) -> tuple[Step, ...]:
    """The step before the comparison: keep what is left, where it is not kept and can be."""
    return keep_first.steps(service, leaving, found.unkeepable)


def stop(service: Service, host: Host, found: Stopping) -> tuple[Step, ...]:
    """The step right before the deploy: make Dokku stop the old release first."""
    if found.now is None or found.now.disabled == ALL:
        return ()
    return (_step(host, "checks-off", "make the host stop before it starts", commands.checks_disable(service.app)),)


def restore(service: Service, host: Host, found: Stopping) -> tuple[Step, ...]:
    """The steps right after the deploy: give the team's own setting back."""
    if found.before is None:
        return ()
    return tuple(
        _step(host, f"checks-on-{number}" if number else "checks-on", "give the setting back", argv)
        for number, argv in enumerate(restoring(service.app, found.before))
    )


def restoring(app: str, before: tuple[str, str]) -> tuple[tuple[str, ...], ...]:
    """The commands after which the checks are set as they were."""
    disabled, skipped = before
    if disabled == ALL:
        return ()
    steps: list[tuple[str, ...]] = [commands.checks_enable(app)]
    if disabled != NONE:
        steps.append(commands.checks_disable(app, disabled))
    if skipped != NONE:
        steps.append(commands.checks_skip(app, skipped))
    return tuple(steps)


def cautions(service: Service, leaving: Release, found: Stopping) -> tuple[PlanWarning, ...]:
    """The warnings of a stop."""
    spec = service.rollback
    if found.before is None:
        words = f"{service.title} has to stop before it starts, and the host does not say how its checks are set"
        return (PlanWarning(severity=WarningLevel.BLOCK, text=words),)
    why = f" ({spec.reason})" if spec.reason else ""
    said = [
        PlanWarning(
            severity=WarningLevel.NOTE,
            text=f"{service.title} stops before it starts{why}; the host builds first: a failed build stops nothing",
        )
    ]
    if found.unkeepable:
        words = f"{leaving.name} cannot be kept, so there is no way out to it if the start fails: {found.unkeepable}"
        said.append(PlanWarning(severity=WarningLevel.TYPE, text=words))
    else:
        kept = "kept" if keep_first.is_kept(leaving) else "kept first"
        words = f"if the start fails nothing serves; the way out is a push of {leaving.name}, which is {kept}"
        said.append(PlanWarning(severity=WarningLevel.NOTE, text=words))
    return tuple(said)


def _step(host: Host, name: str, title: str, argv: tuple[str, ...]) -> Step:
    line = shell_lines.ssh_line(host, argv)
    return Step(id=name, kind=StepKind.CHECKS, title=title, argv=argv, writes=True, timeout=60.0, paste=line)
