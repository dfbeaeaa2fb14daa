"""The promise of a plan about the time in which the service does not answer.

`services.yaml` may name it. Where it does not, `checks:report` decides: with zero-downtime checks disabled Dokku stops
the old containers before it starts the new ones, and nothing answers for 7 to 11 s (measured on 0.35.15 and 0.38.27).
"""

from tui.dokku.reports import Checks
from tui.model.plan import PlanWarning, WarningLevel
from tui.ways.facts import Facts
from tui.ways.stop_first import ALL, NONE

STOPPED = (7.0, 11.0)
"""seconds without an answer, measured with a tiny image"""
WEB = "web"


def of(facts: Facts) -> tuple[float, float] | None:
    """Seconds without an answer, shortest and longest; None where nothing speaks against answering throughout."""
    named = facts.service.rollback.downtime
    if named is not None:
        return (named[0].total_seconds(), named[1].total_seconds())
    return STOPPED if facts.stopping is not None or WEB in stopping(facts) else None


def unknown(facts: Facts) -> bool:
    """True if nothing can be promised: neither services.yaml nor the host says how containers are replaced."""
    return facts.zero_downtime is None and of(facts) is None


def stopping(facts: Facts) -> tuple[str, ...]:
    """The process types that run now and that the host stops before it starts them anew, sorted."""
    return _named(facts, facts.zero_downtime.disabled if facts.zero_downtime is not None else NONE)


def cautions(facts: Facts, *, by_host: bool = True) -> tuple[PlanWarning, ...]:
    """The warnings of that time. `by_host` is whether the host itself replaces the containers."""
    service, said = facts.service, list[PlanWarning]()
    found = of(facts)
    if found is not None:
        words = f"the service does not answer for {found[0]:.0f}-{found[1]:.0f} s"
        if service.rollback.downtime is None and facts.stopping is None:
            words += f": its zero-downtime checks are disabled (checks:report {service.app})"
        said.append(PlanWarning(severity=WarningLevel.TYPE, text=words))
    if facts.stopping is not None or not by_host:
        return tuple(said)
    checks = facts.zero_downtime
    if checks is None:
        words = "the host does not say how its checks are set: whether the service answers throughout is not known"
        return (*said, PlanWarning(severity=WarningLevel.WARN, text=words))
    if others := [name for name in stopping(facts) if name != WEB]:
        words = f"stopped before the new ones start, because their checks are disabled: {', '.join(others)}"
        said.append(PlanWarning(severity=WarningLevel.NOTE, text=words))
    if unchecked := _skipped(facts, checks):
        words = f"checks of {', '.join(unchecked)} are skipped: the new containers take over without being looked at"
        said.append(PlanWarning(severity=WarningLevel.WARN, text=words))
    return tuple(said)


def _skipped(facts: Facts, checks: Checks) -> tuple[str, ...]:
    return _named(facts, checks.skipped)


def _named(facts: Facts, setting: str) -> tuple[str, ...]:
    """The process types that run now and that a setting names."""
    running = [name for name, _ in facts.current.processes] or [WEB]
    if setting == ALL:
        return tuple(running)
    wanted = {word.strip() for word in setting.split(",")} - {NONE, ""}
    return tuple(name for name in running if name in wanted)
