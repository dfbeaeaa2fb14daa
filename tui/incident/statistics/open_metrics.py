"""The figures as OpenMetrics text, for a collector that reads files.

Every figure is a gauge: it is of the stretch of time that was asked for, and falls when an incident leaves it. What was
not measured has no sample. The text is Prometheus' own format as well, to which `# UNIT` and `# EOF` are remarks.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from tui.incident.statistics.fold import Lengths, ServiceFigures, Statistics
from tui.model.drill import DrillEnd

FIRST = "# TYPE rollback_"
"""the beginning of every text of these"""


def text(found: Statistics) -> str:
    """The whole exposition, with its end."""
    return "".join(f"{line}\n" for line in (*_lines(found), "# EOF"))


def _lines(found: Statistics) -> Iterator[str]:
    services = found.services
    yield from _family(
        "rollback_window_seconds", "seconds", "Length of the time that these figures are of.",
        [({}, (found.until - found.since).total_seconds())],
    )  # fmt: skip
    yield from _family(
        "rollback_window_end_timestamp_seconds", "seconds", "End of that time, as a Unix time.",
        [({}, _epoch(found.until))],
    )  # fmt: skip
    yield from _family(
        "rollback_incidents", "", "Incidents opened, guards included, by how they ended.",
        [({"service": one.service, "end": end}, count) for one in services for end, count in one.ends],
    )  # fmt: skip
    yield from _family("rollback_illegible_incidents", "", "Incidents that nobody can read.", [({}, found.illegible)])
    yield from _family(
        "rollback_rollbacks", "", "Rollbacks begun, by the verdict of their checks.",
        [({"service": one.service, "verdict": word}, count) for one in services for word, count in one.verdicts],
    )  # fmt: skip
    spans = [(one.service, part, measured) for one in services for part, measured in parts(one)]
    yield from _family(
        "rollback_recovery_median_seconds", "seconds", "Recovery time and its parts: the median of what was measured.",
        [({"service": s, "part": part}, m.median) for s, part, m in spans if m.median is not None],
    )  # fmt: skip
    yield from _family(
        "rollback_recovery_slowest_seconds", "seconds", "Recovery time and its parts: the longest that was measured.",
        [({"service": s, "part": part}, m.slowest) for s, part, m in spans if m.slowest is not None],
    )  # fmt: skip
    yield from _family(
        "rollback_recoveries_measured", "", "Recoveries of which this part was measured.",
        [({"service": s, "part": part}, m.count) for s, part, m in spans],
    )  # fmt: skip
    yield from _family(
        "rollback_recoveries_unknown", "", "Recoveries of which this part is not known.",
        [({"service": s, "part": part}, m.unknown) for s, part, m in spans],
    )  # fmt: skip
    yield from _guards(services)
    yield from _drills(found)


def _guards(services: Iterable[ServiceFigures]) -> Iterator[str]:
    seen = [(one.service, one.guarded) for one in services if one.guarded.seen]
    counts = [
        ({"service": service, "verdict": word}, getattr(guarded, word))
        for service, guarded in seen
        for word in ("clean", "failed", "unclear")
    ]
    yield from _family("rollback_guarded_deploys", "", "Deploys that a guard saw, by its verdict.", counts)
    shares = [({"service": s}, g.failure_share) for s, g in seen if g.failure_share is not None]
    yield from _family(
        "rollback_change_failure_ratio", "ratio", "Failed out of the guarded deploys with a verdict, 0 to 1.", shares
    )


def _drills(found: Statistics) -> Iterator[str]:
    counts = [
        ({"host": one.host, "end": end}, count)
        for one in found.drills
        for end, count in ((DrillEnd.PROVEN.value, one.proven), ("not proven", one.count - one.proven))
    ]
    yield from _family("rollback_drills", "", "Drills, by what they came to.", counts)
    last = [({"host": one.host}, _epoch(one.last.at)) for one in found.drills]
    yield from _family("rollback_drill_last_timestamp_seconds", "seconds", "The last drill, as a Unix time.", last)
    back = [({"host": d.host}, d.last.back_seconds) for d in found.drills if d.last.back_seconds is not None]
    yield from _family("rollback_drill_back_seconds", "seconds", "From the word to the proof, of the last drill.", back)


def parts(figures: ServiceFigures) -> Iterator[tuple[str, Lengths]]:
    """The whole recovery and its parts, by the names that they have in every output."""
    yield "whole", figures.whole
    yield "since-found", figures.since_found
    for span, measured in figures.spans:
        yield span.value, measured


def _family(name: str, unit: str, what: str, samples: Iterable[tuple[dict[str, str], float | int]]) -> Iterator[str]:
    """A metric; without a sample it is left out."""
    found = list(samples)
    if not found:
        return
    yield f"# TYPE {name} gauge"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {what}"
    for labels, value in found:
        worded = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{{{worded}}} {_number(value)}" if worded else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(round(value, 3)) if isinstance(value, float) else str(value)


def _epoch(at: datetime) -> float:
    return round(at.timestamp(), 3)
