"""The words for times, health and marks. Ages move in steps: a second in which nothing happens shows nothing new."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.incident.deploy_or_not import ahead
from tui.model.guard import OnBreach
from tui.model.health import Health, Probe, ProbeOutcome
from tui.model.host import Link, LinkState
from tui.model.incident import Incident, Question, State
from tui.releases import restart_risk, what_runs
from tui.text import numbers
from tui.text.clean import clean_line

if TYPE_CHECKING:
    from tui.engine.service_monitor import ServiceStatus

LOOKS: dict[Health, tuple[str, str]] = {
    Health.OK: ("ok", "OK"),
    Health.DEGRADED: ("warn", "WARN"),
    Health.DOWN: ("down", "DOWN"),
    Health.UNREACHABLE: ("down", "UNREACH"),
    Health.STALE: ("unknown", "STALE"),
    Health.UNKNOWN: ("unknown", "UNKNOWN"),
}
"""look (also the name of its sign) and word"""

STATES: dict[State, str] = {
    State.ASSESSING: "assessing",
    State.PLANNED: "planned, nothing sent",
    State.EXECUTING: "rolling back",
    State.STOPPED: "stopped, being started",
    State.UNCERTAIN: "uncertain: asking the host",
    State.VERIFYING: "verifying",
    State.WATCHING: "watching",
    State.FAILED: "failed",
    State.CLOSED: "closed",
}
BRIEF: dict[State, str] = {
    State.ASSESSING: "assessing",
    State.PLANNED: "planned",
    State.EXECUTING: "ROLLING BACK",
    State.STOPPED: "STOPPED",
    State.UNCERTAIN: "UNCERTAIN",
    State.VERIFYING: "verifying",
    State.WATCHING: "watching",
    State.FAILED: "FAILED",
    State.CLOSED: "closed",
}
QUESTIONS: dict[Question, str] = {
    Question.TARGET: "which release?",
    Question.CONFIRM: "your word is needed",
    Question.OUTCOME_UNKNOWN: "nobody knows how it ended: your word is needed",
    Question.VERIFY_FAILED: "verification failed: your word is needed",
    Question.VERIFY_INCONCLUSIVE: "not proven: your word is needed",
    Question.WATCH_BREACHED: "ALARM: your word is needed",
    Question.WATCH_INCONCLUSIVE: "not watched enough: your word is needed",
    Question.WHAT_NEXT: "failed: what next?",
    Question.NOT_IN_ORDER: "something is left on the host: your word is needed",
}


def age(length: timedelta) -> str:
    """An age in words: `<5s`, then in steps of 5 s, minutes, hours, days."""
    seconds = int(length.total_seconds())
    if seconds < 5:
        return "<5s"
    if seconds < 60:
        return f"{seconds // 5 * 5}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 86400:
        return f"{seconds // 3600}h"
    return f"{seconds // 86400}d"


def countdown(length: timedelta) -> str:
    """Time left as `12:03`; `0:00` when it is over."""
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds // 60}:{seconds % 60:02d}"


def clock(at: datetime | None) -> str:
    """A moment of today for people: UTC, to the second."""
    return f"{at:%H:%M:%S}Z" if at else "unknown"


def response(probe: Probe | None) -> str:
    """Response time of a look."""
    if probe is None or probe.seconds is None:
        return "-"
    return took(probe.seconds)


def took(seconds: float) -> str:
    """The length of an answer, in few cells."""
    return numbers.milliseconds(seconds, "ms") if round(seconds * 1000) < 10_000 else f"{seconds:.0f}s"


def http(probe: Probe | None) -> str:
    """Status of a look; `-` where a good answer has none: a port or a log."""
    if probe is None or (probe.status is None and probe.outcome is ProbeOutcome.HEALTHY):
        return "-"
    return str(probe.status) if probe.status is not None else "none"


_BARE = {
    ProbeOutcome.HEALTHY: "well",
    ProbeOutcome.UNHEALTHY: "not well",
    ProbeOutcome.UNREACHABLE: "no answer",
}


def answered(probe: Probe | None, *, brief: bool = False) -> str:
    """A look in words, `HTTP 200 in 4ms`: its time only where one was measured. `brief`: without its reason."""
    if probe is None:
        return "not looked at yet"
    status = "" if probe.status is None else f"HTTP {probe.status}"
    said = ("" if brief else clean_line(probe.detail, 200)) or status
    said = said or _BARE[probe.outcome]
    if probe.seconds is None:
        return said
    return f"{said}{' ' if brief else ' in '}{took(probe.seconds)}"


_SHORT_COMMIT = len("sha:") + 7
"""cells of a commit's name with the fewest digits that Git shows itself"""
INCIDENT = "INC"
"""the mark of an incident that is led here, where there is little room; the header says more of it"""


def release(status: "ServiceStatus") -> str:
    """The name of the release that runs, as it is spoken of."""
    if status.listing is None:
        return "unknown"
    running = next((r for r in status.listing.releases if r.running), None)
    return running.name if running else "nothing"


def release_aged(status: "ServiceStatus", now: datetime, cells: int) -> str:
    """The release that runs and how long ago it was deployed, `release:4 2d`, in so many cells.

    The host says when it made each container; where it does not, or its clock is ahead, the age is left out. Of a
    commit fewer digits are shown where there is no room for both. The age moves once a minute at most: a table of many
    services is at rest."""
    name, since = release(status), deployed_at(status)
    if since is None or ahead(since, now):
        return name
    passed = deploy_age(now - since)
    room = cells - cell_len(passed) - 1
    if cell_len(name) > room and name.startswith("sha:"):
        name = name[: max(room, _SHORT_COMMIT)]
    return f"{name} {passed}" if cell_len(name) <= room else name


def deployed_at(status: "ServiceStatus") -> datetime | None:
    """When what runs was deployed: the first of its containers to be made, or made before a restart that made them
    anew, where this machine saw that. None where the host did not say when: when a container was started says nothing,
    a restart changes it."""
    if status.listing is None:
        return None
    made = [c.created_at for c in status.listing.current.running.values() if c.created_at is not None]
    return min((*made, status.listing.since or made[0]), default=None) if made else None


def deploy_age(length: timedelta) -> str:
    """An age in whole minutes, hours or days: `<1m`, `12m`, `5h`, `2d`."""
    return "<1m" if length < timedelta(minutes=1) else age(length)


ON_BREACH = {
    OnBreach.TELL: "on a breach you are told, and nothing is changed",
    OnBreach.ASK: "on a breach you are asked",
    OnBreach.ROLL_BACK: "on a breach it ROLLS BACK by itself, where all is known",
}


def deploy(name: str) -> str:
    """A deploy by what the host calls it, short enough for a line: of a commit its first digits."""
    return name[:10] if len(name) == 40 and not name.strip("0123456789abcdef") else clean_line(name, 40)


def marks(
    status: "ServiceStatus", incident: Incident | None, *, brief: bool = False, now: datetime | None = None
) -> list[tuple[str, str]]:
    """Marks of what else is to be known of a service, as pairs of word and look; `brief` where there is little room."""
    found: list[tuple[str, str]] = []
    if incident is not None and incident.open and incident.guarding:
        left = incident.watch.deadline - now if incident.watch is not None and now is not None else None
        yet = f" {age(left)} left" if left is not None and left > timedelta(0) and not brief else ""
        asks = incident.asking is Question.WATCH_BREACHED
        found.append(("BREACHED", "down") if asks else (f"GUARDED{yet}", "run"))
    elif incident is not None and incident.open:
        found.append((INCIDENT if brief else f"INCIDENT {BRIEF[incident.state]}", "warn"))
    record = status.listing.record if status.listing else None
    if status.listing is not None and what_runs.rebuilt(status.listing.releases, status.listing.current):
        found.append(("REBUILT", "down"))
    elif status.listing is not None and status.listing.current.half_way:
        found.append(("HALF-WAY", "down"))
    elif record is None and status.listing is not None:
        running = what_runs.running(status.listing.releases, status.listing.current)
        if what_runs.settled(status.listing.current, running) is False:
            found.append(("UNSETTLED", "warn"))
    if record is not None and record.frozen:
        found.append(("FROZEN", "run"))
    elif record is not None and record.guarding and (incident is None or record.incident != incident.known_as):
        found.append(("GUARDED" if brief else f"GUARDED by {clean_line(record.by or 'unknown', 40)}", "run"))
    elif record is not None and (incident is None or record.incident != incident.known_as):
        found.append(("TAKEN" if brief else f"INCIDENT of {clean_line(record.by or 'unknown', 40)}", "warn"))
    if status.listing is not None and status.listing.current.restarting:
        found.append(("RESTARTING" if brief else "RESTARTING AGAIN AND AGAIN", "down"))
    if status.listing is not None and status.listing.current.locked:
        found.append(("DEPLOY" if brief else "DEPLOY RUNNING", "warn"))
    if status.listing is not None and restart_risk.tried(status.listing.current):
        what = "NO RESTART" if status.listing.current.pods is None else "DEPLOY A GOOD RELEASE"
        found.append((what if brief else f"LAST DEPLOY FAILED: {what}", "warn"))
    if status.offer is not None:
        found.append(("NEW" if brief else "NEW RELEASE", "run"))
    if status.trouble:
        found.append(("HOST?", "unknown"))
    return found


def shares(probes: tuple[Probe, ...], now: datetime, cells: int, span: timedelta) -> list[float | None]:
    """The last `span` in `cells` buckets, oldest first: share of healthy looks, None where nobody looked.

    Buckets lie on the clock, not on `now`: the row moves once a bucket, not with every look.
    """
    size = (span / cells).total_seconds()
    first = int(now.timestamp() // size) - cells + 1
    looks, healthy = [0] * cells, [0] * cells
    for probe in probes:
        position = int(probe.at.timestamp() // size) - first
        if 0 <= position < cells:
            looks[position] += 1
            healthy[position] += probe.outcome is ProbeOutcome.HEALTHY
    return [well / count if count else None for well, count in zip(healthy, looks, strict=True)]


def link(link: Link, now: datetime) -> tuple[str, str, str]:
    """Look, word and age of a connection."""
    heard = f" {age(now - link.heard)}" if link.heard else ""
    match link.state:
        case LinkState.LIVE:
            return "ok", "LIVE", heard
        case LinkState.IDLE:
            return "unknown", "IDLE", heard
        case LinkState.CONNECTING:
            return "run", "CONNECTING", heard
        case LinkState.LOST:
            return "down", "OFFLINE", heard
        case LinkState.REFUSED:
            return "down", "REFUSED", ""
