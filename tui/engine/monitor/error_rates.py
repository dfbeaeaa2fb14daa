"""The failures of a service by every source, from the moment it is followed on: the evidence for the decision.

Four sources side by side: the access log of the host (`access_log_follower`), our own probes, and those outside
(Sentry, PostHog). Reading costs nothing and waits for nobody: the log and the probes are counted as they come; those
outside are asked only by `measure` and `ask`, each within `PATIENCE`, and what they cannot say is a rate with a note.
Nothing in here ever is in the way of a rollback.

A host frees few channels on one connection (`MaxSessions`), and logs are read over the same one: so of each host at
most `PER_HOST` access logs are followed, those asked for by `must` first. A service that found no room says so.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from tui.dokku import access_log, commands
from tui.engine.error_edge import answered, within, worded
from tui.engine.hosts.connections import HostConnections
from tui.engine.monitor import series
from tui.engine.monitor.access_log_follower import AccessFollower
from tui.engine.ports import ClockPort, Outside, RatePort
from tui.engine.supervisor import Supervisor
from tui.model.evidence import Measurement, NewIssues, Phase, Rate, RateSource, Series
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import Fleet, Service
from tui.text import numbers

PER_HOST = 4
"""access logs of one host at once: of its six channels for streams two stay free for logs"""
PATIENCE = 8.0
"""seconds in which a source outside has to answer"""
PROBES = 2000
"""probes remembered of each service: more than two hours of them"""
BASELINE = timedelta(minutes=15)
"""how far back the time before a rollback counts: as long as the watch after it"""
LOST = 12
"""answered probes in a row that an access log does not show, before they are said to be answered by another site"""
ASTRAY = "our own looks are in it no more: another site answers the health URL"
QUIET = 3
"""probes of this program after which a log that shows none of them is said not to be this app's, or to be off"""


class Evidence:
    """Counts failures of services."""

    def __init__(self, fleet: Fleet, links: HostConnections, clock: ClockPort, outside: Outside) -> None:
        self._fleet = fleet
        self._links = links
        self._clock = clock
        self._outside = outside
        self._followers: dict[str, AccessFollower] = {}
        self._since: dict[str, datetime] = {}
        self._must: set[str] = set()
        self._probes: dict[str, deque[Probe]] = {}
        self._asked: dict[str, Measurement] = {}
        self.errors: list[str] = []
        """faults of this program, to be shown"""
        self._work = Supervisor(self._fault)

    # ── following ────────────────────────────────────────────────────────────────────────────────────────────────

    def follow(self, services: Iterable[Service], *, must: bool = False) -> None:
        """Count these services' failures from now on. `must`: another service of the host makes room, if need be."""
        for service in services:
            if must:
                self._must.add(service.name)
            self._since.setdefault(service.name, self._clock.now())
            if service.name in self._followers:
                continue
            mine = [n for n in self._followers if (s := self._fleet.service(n)) is not None and s.host == service.host]
            if len(mine) >= PER_HOST:
                spare = next((n for n in reversed(mine) if n not in self._must), None)
                if not must or spare is None:
                    continue
                self._work.begin(self._followers.pop(spare).stop())
            follower = self._follower(service)
            self._followers[service.name] = follower
            follower.start()

    def _follower(self, service: Service) -> AccessFollower:
        argv = commands.access_logs(service.app, tail=True)
        host = self._links.host(service.host)
        return AccessFollower(lambda: host.stream(argv), self._clock)

    def saw(self, service: str, probe: Probe) -> None:
        """A probe of this program came back."""
        self._probes.setdefault(service, deque(maxlen=PROBES)).append(probe)
        follower = self._followers.get(service)
        if follower is not None and probe.status is not None:
            self._work.begin(follower.probed())

    def recent(self, service: str, since: datetime) -> tuple[Probe, ...]:
        """Our own probes of a service from that moment on, oldest first."""
        return tuple(probe for probe in self._probes.get(service, ()) if probe.at >= since)

    def since(self, service: str) -> datetime | None:
        """From when on the service's failures are counted; None: not at all."""
        return self._since.get(service)

    async def close(self) -> None:
        """End every stream, and what is being asked outside."""
        await self._work.end()
        await asyncio.gather(*(follower.stop() for follower in self._followers.values()))

    def _fault(self, error: BaseException) -> None:
        self.errors.append(f"counting failures: {worded(error)}")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def now(self, service: Service, phase: Phase, since: datetime, until: datetime | None = None) -> Measurement:
        """The rates that are known without asking anybody; of those outside, what they said last in this window."""
        at = self._clock.now()
        until = until or at
        counted = self._log(service, since, until)
        follower = self._followers.get(service.name)
        found = follower.tally.counted(since, until) if follower is not None else access_log.Counted()
        own = self._own(service, since, until)
        rates = [counted, own]
        asked = self._asked.get(service.name)
        if asked is not None and asked.at >= since:
            rates.extend(r for r in asked.rates if r.source not in (RateSource.ACCESS_LOG, RateSource.PROBES))
        p50, p95, timed_by = found.p50, found.p95, RateSource.ACCESS_LOG
        classes = found.times
        if p50 is None:
            times = sorted(p.seconds for p in self._healthy(service, since, until) if p.seconds is not None)
            p50, p95, timed_by = _share(times, 0.5), _share(times, 0.95), RateSource.PROBES
            classes = tuple(sorted(Counter(round(seconds, 3) for seconds in times).items()))
        return Measurement(
            at=at,
            phase=phase,
            rates=tuple(rates),
            p50=p50,
            p95=p95,
            timed_by=timed_by if p50 is not None else None,
            limit=self._fleet.watch_of(service.name).error_rate,
            issues=asked.issues if asked is not None and asked.at >= since else None,
            times=classes,
        )

    async def measure(
        self, service: Service, phase: Phase, since: datetime, until: datetime | None = None
    ) -> Measurement:
        """The word of all sources on a window; those outside are asked, in no more than `PATIENCE` seconds."""
        end = until or self._clock.now()
        outside, issues = await asyncio.gather(
            asyncio.gather(*(self._ask(port, service, since, end) for port in self._ports(service))),
            self._issues(service, since, end),
        )
        known = self.now(service, phase, since, end)
        inside = tuple(r for r in known.rates if r.source in (RateSource.ACCESS_LOG, RateSource.PROBES))
        found = replace(known, rates=(*inside, *outside), issues=issues)
        self._asked[service.name] = found
        return found

    def series(self, service: Service, since: datetime, until: datetime, count: int) -> Series:
        """The window in `count` slices, for a chart. Raises ValueError for a window without length."""
        return series.of(
            self._followers.get(service.name), tuple(self._probes.get(service.name, ())), since, until, count
        )

    def baseline(self, service: Service, now: datetime, started: datetime | None) -> datetime:
        """The beginning of the time before: when it was first looked at, when what runs was started, or `BASELINE`
        ago."""
        times = [now - BASELINE, self._since.get(service.name, now)]
        if started is not None and started <= now:
            times.append(started)
        return max(times)

    # ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _log(self, service: Service, since: datetime, until: datetime) -> Rate:
        follower = self._followers.get(service.name)
        empty = Rate(source=RateSource.ACCESS_LOG, since=since, until=until, failed=None, total=None)
        if follower is None:
            followed = service.name in self._since
            why = f"the host has no room for more than {PER_HOST} access logs" if followed else "not followed"
            return replace(empty, covered=0.0, note=why)
        found = follower.tally.counted(since, until)
        covered = follower.covered(since, until)
        probes = sum(p.status is not None and since <= p.at < until for p in self._probes.get(service.name, ()))
        notes: list[str] = []
        if not follower.streaming:
            notes.append(follower.why or "no line has come yet: no traffic, or access_log off")
        elif covered < 0.995:
            notes.append(f"{numbers.seen(covered)} of the window seen")
        if found.total + found.apart + found.unparsed == 0 and probes >= QUIET:
            notes.append("not even our probes are in it: access_log off, or another site answers")
        astray = self._astray(service, follower, until)
        if astray:
            notes.append(ASTRAY)
        if found.unparsed:
            lines = found.total + found.apart + found.unparsed
            notes.append(f"{found.unparsed} of its {lines} lines not understood, like {follower.unread[:40]}")
        silent = found.total + found.apart + found.unparsed == 0 and covered == 0
        return replace(
            empty,
            failed=None if silent else found.failed,
            total=None if silent else found.total,
            lag=follower.lag,
            unparsed=found.unparsed,
            excluded=found.apart,
            refused=found.refused,
            closed=found.closed,
            covered=covered,
            astray=astray,
            note="; ".join(notes),
        )

    def _astray(self, service: Service, follower: AccessFollower, until: datetime) -> bool:
        """True if the log showed our probes, and shows those of the last while no more, though it goes on."""
        own, last = follower.own_at, follower.last_at
        if own is None or last is None or not follower.streaming:
            return False
        since = [p.at for p in self._probes.get(service.name, ()) if p.status is not None and own < p.at < until]
        return len(since) >= LOST and last > since[LOST // 2]

    def _own(self, service: Service, since: datetime, until: datetime) -> Rate:
        looks = [p for p in self._probes.get(service.name, ()) if since <= p.at < until]
        answered = [p for p in looks if p.outcome is not ProbeOutcome.UNREACHABLE]
        note = "" if len(answered) == len(looks) else f"{len(looks) - len(answered)} found no way there"
        if service.health is None:
            note = "services.yaml names no health URL"
        return Rate(
            source=RateSource.PROBES,
            since=since,
            until=until,
            failed=sum(p.outcome is ProbeOutcome.UNHEALTHY for p in answered) if looks else None,
            total=len(answered) if looks else None,
            lag=0.0,
            note=note,
        )

    def _healthy(self, service: Service, since: datetime, until: datetime) -> list[Probe]:
        probes = self._probes.get(service.name, ())
        return [p for p in probes if since <= p.at < until and p.outcome is ProbeOutcome.HEALTHY]

    def _ports(self, service: Service) -> list[RatePort]:
        return [port for port in self._outside.rates if port.covers(service)]

    async def _ask(self, port: RatePort, service: Service, since: datetime, until: datetime) -> Rate:
        """One source; a fault of its own is its note, and takes nothing away from the others."""
        return await answered(
            within(PATIENCE, port.rate(service, since, until)),
            lambda error: Rate(
                source=port.source, since=since, until=until, failed=None, total=None, note=worded(error)
            ),
        )

    async def _issues(self, service: Service, since: datetime, until: datetime) -> NewIssues | None:
        tracker = self._outside.issues
        if tracker is None or not tracker.covers(service):
            return None
        return await answered(
            within(PATIENCE, tracker.new_issues(service, since, until)),
            lambda error: NewIssues(since=since, until=until, total=None, note=worded(error)),
        )


def _share(times: list[float], share: float) -> float | None:
    return times[min(len(times) - 1, int(share * len(times)))] if times else None
