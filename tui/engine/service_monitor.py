"""The board: what is known of every service now, and how old it is.

Health is polled at a steady rate, each service at its own moment of the period, and a poll that is still under way is
not begun again. What runs is asked of the hosts far more seldom: every question costs a host a fraction of a second of
its processor. Readers pull snapshots; notices carry nothing.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from tui.engine.change_signal import Signal
from tui.engine.engine import Engine
from tui.engine.error_edge import worded
from tui.engine.guard_offers import GuardOffers
from tui.engine.releases.catalog import Listing, with_more
from tui.engine.supervisor import Supervisor
from tui.incident import health_from_probes as status
from tui.incident.guard_offer import GuardOffer
from tui.model.errors import ConsoleError, HostKeyRefused
from tui.model.health import Health, Probe, ProbeOutcome
from tui.model.host import Link
from tui.model.observation import differences
from tui.model.service import Service
from tui.model.value import Value

HEALTH_EVERY = timedelta(seconds=5)
LOG_EVERY = timedelta(seconds=30)
RELEASES_EVERY = timedelta(seconds=60)
REMEMBERED = 180
"""probes kept of each service: 15 minutes"""


class ServiceStatus(Value):
    """One service as it is. Times are those of the measurement, never of the drawing."""

    service: Service
    health: Health = Health.UNKNOWN
    probes: tuple[Probe, ...] = ()
    """oldest first"""
    bad_since: datetime | None = None
    """since when, at least, it has been other than healthy"""
    began_here: bool = False
    """a look before `bad_since` found it well: the trouble began then, and was not only found then"""
    listing: Listing | None = None
    listed_at: datetime | None = None
    """when the host was asked for it: what it says is never older"""
    catalogued_at: datetime | None = None
    """when every other source was asked for what the listing has from them; None: it has nothing of theirs"""
    trouble: str = ""
    """why the host could not be asked the last time, if so"""
    offer: GuardOffer | None = None
    """the deploy that went live meanwhile, where a guard is offered for it"""

    @property
    def last(self) -> Probe | None:
        """The latest look."""
        return self.probes[-1] if self.probes else None


class ServiceMonitor:
    """Polls while it is open."""

    def __init__(
        self, engine: Engine, *, every: timedelta = HEALTH_EVERY, releases_every: timedelta = RELEASES_EVERY
    ) -> None:
        self.engine = engine
        self.every = every
        self.releases_every = releases_every
        self._probes: dict[str, deque[Probe]] = {s.name: deque(maxlen=REMEMBERED) for s in engine.fleet.services}
        self._bad: dict[str, tuple[datetime, bool]] = {}
        """since when a service is not healthy, and whether it was well at the look before; it outlasts the probes"""
        self._listings: dict[str, Listing] = {}
        self._listed_at: dict[str, datetime] = {}
        self._catalogued_at: dict[str, datetime] = {}
        self._trouble: dict[str, str] = {}
        self._listing_now: dict[tuple[str, bool], asyncio.Task[None]] = {}
        self.offers = GuardOffers(engine)
        self._work = Supervisor(self._fault)
        self._news = Signal()
        self.errors: list[str] = []
        """faults of this program, to be shown: a poll that failed comes again at its time, never silent"""

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def status(self, name: str) -> ServiceStatus:
        """One service now."""
        service = self.engine.service(name)
        probes = tuple(self._probes[service.name])
        word = status.classify(probes, self.engine.clock.now(), self._every(service))
        bad_since, began_here = self._bad.get(service.name, (None, False))
        return ServiceStatus(
            service=service,
            health=word,
            probes=probes,
            bad_since=bad_since if word in (Health.DOWN, Health.UNREACHABLE) else None,
            began_here=began_here,
            listing=self._listings.get(service.name),
            listed_at=self._listed_at.get(service.name),
            catalogued_at=self._catalogued_at.get(service.name),
            trouble=self._trouble.get(service.name, ""),
            offer=self.offers.of(service),
        )

    def statuses(self) -> tuple[ServiceStatus, ...]:
        """Every service now, in the order of services.yaml's `order`."""
        ordered = sorted(self.engine.fleet.services, key=lambda s: (s.order, s.name))
        return tuple(self.status(s.name) for s in ordered)

    def healthy_at(self, name: str, at: datetime) -> bool:
        """True if the last look at a service's health up to that moment found it well, and was not long before."""
        probes = [p for p in self._probes[name] if p.at <= at]
        recent = bool(probes) and at - probes[-1].at <= 2 * self._every(self.engine.service(name))
        return recent and probes[-1].outcome is ProbeOutcome.HEALTHY

    def link(self, host: str) -> Link:
        """The connection to a host."""
        return self.engine.links.host(host).link

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change, without payload. Returns what ends the subscription."""
        return self._news.subscribe(listener)

    # ── polling ──────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to poll: health of each service, and what runs on each host, one service after the other."""
        count = len(self.engine.fleet.services)
        for position, service in enumerate(self.engine.fleet.services):
            self._work.begin(self._poll_health(service, self.every.total_seconds() * position / max(1, count)))
        for host in sorted({s.host for s in self.engine.fleet.services}):
            self._work.begin(self._poll_releases(host))

    async def stop(self) -> None:
        """End every poll."""
        await self._work.end()

    async def look(self, name: str) -> Probe | None:
        """One look at a service's health now, outside the rhythm."""
        service = self.engine.service(name)
        probe = await self.engine.probe(service)
        if probe is not None:
            self._note(service.name, probe)
            self._news.tell()
        return probe

    def _note(self, name: str, probe: Probe) -> None:
        if probe.outcome is ProbeOutcome.HEALTHY:
            self._bad.pop(name, None)
        elif name not in self._bad:
            well_before = bool(self._probes[name])  # what came before it was healthy, if anything
            self._bad[name] = (probe.at, well_before)
            listed = self._listed_at.get(name)
            if well_before and listed is not None and self.engine.clock.now() - listed >= self.releases_every / 4:
                self._work.begin(self.refresh(name))  # another release may run since just now
        self._probes[name].append(probe)

    async def refresh(self, name: str, *, every_source: bool = False) -> None:
        """Ask the host now what this service runs and what is kept; one such question at a time for each service.

        `every_source` asks for all releases and every way to them (`Engine.catalogue`), which costs more.
        """
        service = self.engine.service(name)
        key = (service.name, every_source)
        task = self._listing_now.get(key)
        if task is None or task.done():
            task = self._work.begin(self._list(service, every_source=every_source))
            self._listing_now[key] = task
        await asyncio.wait({task})  # an error of this program is among `errors`, and said once

    def _every(self, service: Service) -> timedelta:
        """A log is read over the host's connection, which costs the host more than an answer to a request."""
        reads_log = service.health is not None and service.health.log is not None
        return max(self.every, LOG_EVERY) if reads_log else self.every

    async def _poll_health(self, service: Service, offset: float) -> None:
        if service.health is None:
            return
        await self._work.survived(self.look(service.name))  # the first screen must not wait for its turn
        await self.engine.clock.sleep(offset)
        while True:
            pause = self._every(service).total_seconds()
            began = self.engine.clock.monotonic()
            await self._work.survived(self.look(service.name))
            took = self.engine.clock.monotonic() - began
            jitter = random.uniform(-0.05, 0.05) * pause  # noqa: S311 - spreads polls, guards nothing
            await self.engine.clock.sleep(max(0.2, pause - took + jitter))

    async def _poll_releases(self, host: str) -> None:
        mine = [s for s in self.engine.fleet.services if s.host == host]
        while True:
            for service in mine:
                listed = self._listed_at.get(service.name)
                if listed is None or self.engine.clock.now() - listed >= self.releases_every / 2:
                    await self._work.survived(self.refresh(service.name))
            await self.engine.clock.sleep(self.releases_every.total_seconds())

    async def _list(self, service: Service, *, every_source: bool) -> None:
        began = self.engine.clock.now()
        try:
            listing = await (self.engine.catalogue(service) if every_source else self.engine.listing(service))
        except (ConsoleError, ValueError) as error:
            self._trouble[service.name] = _worded(error)
        else:
            self._store(service.name, listing, began, every_source=every_source)
            await self.offers.saw(service, listing)
        self._news.tell()

    def _store(self, name: str, listing: Listing, began: datetime, *, every_source: bool) -> None:
        """A later question may have been answered earlier: what was asked last stays.

        What every source said stays in the list as long as the same release runs, with an age of its own.
        """
        before, listed_at = self._listings.get(name), self._listed_at.get(name)
        if listed_at is not None and began < listed_at:
            if every_source and before is not None and not differences(listing.current, before.current):
                self._listings[name] = with_more(before, listing)
                self._catalogued_at[name] = began
            return
        self._trouble.pop(name, None)
        self._listed_at[name] = began
        if every_source:
            self._catalogued_at[name] = began
        elif before is not None and name in self._catalogued_at and not differences(before.current, listing.current):
            listing = with_more(listing, before)
        else:
            self._catalogued_at.pop(name, None)
        self._listings[name] = listing

    def _fault(self, error: BaseException) -> None:
        self.errors.append(f"a poll failed: {worded(error)}")
        self._news.tell()


def _worded(error: Exception) -> str:
    if isinstance(error, HostKeyRefused) and error.fingerprint:
        return f"{error.message} {error.fingerprint} ({error.fix})"
    if isinstance(error, ConsoleError):
        return f"{error.message} ({error.fix})" if error.fix else error.message
    return f"{type(error).__name__}: {error}"
