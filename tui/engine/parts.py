"""What an engine consists of.

A command that only looks needs none of what plans, keeps and tells people: those parts are imported and made when they
are first asked for, which spares a `status` a tenth of its start.
"""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from tui.engine import ports, same_services_file
from tui.engine.hosts.app_config import ConfigWatch
from tui.engine.hosts.connections import HostConnections
from tui.engine.hosts.gate import Gate
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.monitor import health_probing
from tui.engine.monitor.error_rates import Evidence
from tui.engine.monitor.log_health import HealthProbes
from tui.engine.notify.on_call import OnCallReader
from tui.engine.store import Records
from tui.incident import events as ev
from tui.incident import own_site
from tui.model.health import Probe, ProbeOutcome
from tui.model.incident import Incident
from tui.model.service import Fleet, Service

if TYPE_CHECKING:
    from tui.engine.incident.onlooker import Onlooker
    from tui.engine.incident.runner import IncidentRunner
    from tui.engine.notify.outbox import Notifier
    from tui.engine.notify.postmortem import PostMortems
    from tui.engine.recent_changes import Nearby
    from tui.engine.releases.freeze import Freezer
    from tui.engine.releases.keeper import Keeper
    from tui.engine.releases.planner import Planner


class EngineParts:
    """The parts of one console's engine over one fleet."""

    def __init__(self, fleet: Fleet, drivers: ports.Drivers, *, by: str, read_only: bool = False) -> None:
        self.fleet = fleet
        self.by = by
        self.outside = drivers.outside
        self.processes = drivers.processes
        self.registries = drivers.registries
        self.clock = clock = drivers.clock
        self.journal = journal = drivers.journal
        self.git = drivers.git
        self.gate = Gate(journal, clock, read_only=read_only)
        self.records = Records(journal)
        self.ledger = LedgerKeeper(journal, partial(same_services_file.where, fleet))
        self.links = HostConnections(fleet, self.gate, self.git, clock, drivers.make_host, self.ledger)
        self.probes: ports.ProbePort = HealthProbes(drivers.probes, self.links, clock)
        self.configs = ConfigWatch(self.links, self.ledger, clock, drivers.digest)
        self.evidence = Evidence(fleet, self.links, clock, self.outside)
        self.walks: dict[str, IncidentRunner] = {}
        self.onlookers: dict[str, Onlooker] = {}
        """incidents that other consoles on this machine lead, followed here"""
        self.duty = OnCallReader(fleet, clock, self.outside.on_call, drivers.on_call_store)
        self._channels = () if read_only else self.outside.channels

    @cached_property
    def keeper(self) -> "Keeper":
        """Keeps releases."""
        from tui.engine.releases.keep_turns import Turns
        from tui.engine.releases.keeper import Keeper

        turns = Turns(lambda host: self.fleet.host(host).max_parallel)
        return Keeper(self.links, self.clock, self.by, self.fleet.retention, turns=turns)

    @cached_property
    def freezer(self) -> "Freezer":
        """Freezes deploys and lets them through again."""
        from tui.engine.releases.freeze import Freezer

        return Freezer(self.links, self.clock, self.journal)

    @cached_property
    def planner(self) -> "Planner":
        """Gathers facts and makes plans."""
        from tui.engine.releases.answers_nobody import Silences
        from tui.engine.releases.planner import Planner

        silences = Silences(self.links, self.clock, self.probe, self.evidence.recent)
        return Planner(
            self.fleet, self.configs, self.records, self.freezer, self.by, silences=silences, registries=self.registries
        )

    @cached_property
    def nearby(self) -> "Nearby":
        """Finds what else changed."""
        from tui.engine.recent_changes import Nearby

        return Nearby(self.fleet, self.ledger, self.records, self.clock, self.outside.flags)

    @cached_property
    def notices(self) -> "Notifier":
        """Tells people and channels."""
        from tui.engine.notify.outbox import Notifier

        return Notifier(
            self.journal,
            self.clock,
            self._channels,
            environment=self.fleet.environment,
            read=self.read,
            tell=self.tell,
        )

    @cached_property
    def postmortems(self) -> "PostMortems":
        """Makes and keeps post-mortems."""
        from tui.engine.notify.postmortem import PostMortems

        return PostMortems(self.fleet, self.journal, self.clock, self.by, self.walks)

    def complete(self) -> None:
        """Import and make every part now."""
        import tui.engine.incident.handler
        import tui.engine.incident.onlooker
        import tui.engine.incident.runner  # noqa: F401

        assert all((self.keeper, self.freezer, self.planner, self.nearby, self.notices, self.postmortems))

    async def close(self) -> None:
        """End this process's part: a push goes on at its host, every other deploy is aborted with us."""
        for walk in self.walks.values():
            await walk.stop()
        for onlooker in self.onlookers.values():
            await onlooker.stop()
        if "notices" in self.__dict__:  # somebody was to be told
            await self.notices.stop()
        await self.duty.stop()
        await self.evidence.close()
        await self.links.close()
        await self.probes.close()
        await self.outside.close()
        if self.registries is not None:
            await self.registries.close()
        await self.ledger.flush()
        await self.journal.close()

    async def probe(self, service: Service) -> Probe | None:
        """One look at its health."""
        seen = await health_probing.probe(self.probes, service)
        if seen is not None:
            self.evidence.saw(service.name, seen)
            if seen.outcome is ProbeOutcome.HEALTHY:
                await self.ledger.healthy(service.host, service.app, seen.at, own_site.address(service))
        return seen

    async def read(self, incident: str) -> Incident:
        """The incident as its journal tells it. Raises Refused where there is none, Unreadable."""
        return await self.records.read(incident)

    async def tell(self, incident: str, told: ev.DeliveryRecorded) -> None:
        """Put on record what came of telling people; the incident may be closed, or another console's."""
        walk = self.walks.get(incident)
        if walk is not None:
            await walk.submit(told)
        else:
            await self.journal.append(incident, "event", ev.encode(told), told.at)
