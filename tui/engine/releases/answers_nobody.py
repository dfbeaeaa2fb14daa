"""Does a service answer anybody at all? Looked at while a plan is made; anything not seen for certain is no silence.

Our own looks alone would take ten seconds to say so. The host's access log covers the time before them: its last lines
show what became of everybody's requests, and a look of this program among them proves that it is this app's and that it
is written. A log without one (another proxy, another address, a format without agents) says nothing.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tui.dokku import access_log, commands, own_checks
from tui.dokku.app_reports import domains
from tui.dokku.reports import text_report
from tui.engine.hosts.connections import HostConnections
from tui.engine.ports import ClockPort
from tui.incident import own_site
from tui.model.errors import LinkError
from tui.model.health import Probe, ProbeOutcome
from tui.model.release import Release
from tui.model.service import Service
from tui.ways.facts import Silence

LOOKS = 3
"""looks of this program, at least, before anything is said of its silence"""
BETWEEN = 0.5
"""seconds between them"""
WINDOW = timedelta(seconds=own_checks.USUAL)
"""how long nothing may have answered: as long as the check that is done without"""
Look = Callable[[Service], Awaitable[Probe | None]]
Recent = Callable[[str, datetime], tuple[Probe, ...]]


class Silences:
    """Looks at services for one console."""

    def __init__(self, links: HostConnections, clock: ClockPort, look: Look, recent: Recent) -> None:
        self._links = links
        self._clock = clock
        self._look = look
        self._recent = recent

    async def of(self, service: Service) -> Silence:
        """Finds out whether it answers nobody; nothing is raised. An answer to the first look ends it."""
        if service.health is None or not service.health.answers:
            return Silence(silent=False, words="services.yaml names nothing that answers for its health")
        if await self.answers(service):
            return Silence(silent=False, words="the service still answers")
        now = self._clock.now()
        looks = self._recent(service.name, now - WINDOW)
        if any(one.outcome is ProbeOutcome.HEALTHY for one in looks):
            return Silence(silent=False, words=f"the service answered within the last {WINDOW.seconds} s")
        logged = await self._logged(service)
        if logged:
            return Silence(silent=False, words="the service still answers some requests, by the host's access log")
        span = f"in the last {WINDOW.seconds} s"
        if logged is False:
            return Silence(
                silent=True, words=f"no good answer {span}, to {len(looks)} looks and by the host's access log"
            )
        covered = now - min((one.at for one in looks), default=now)
        if covered >= WINDOW - timedelta(seconds=1) and all(one.outcome is ProbeOutcome.UNHEALTHY for one in looks):
            return Silence(silent=True, words=f"no good answer {span}, to {len(looks)} looks")
        words = f"it answered none of {len(looks)} looks in {covered.total_seconds():.0f} s; before that is not known"
        return Silence(silent=False, words=words)

    async def answers(self, service: Service) -> bool:
        """True if one of a few looks finds it healthy: one that fails says little. The first that does ends them."""
        for number in range(LOOKS):
            if number:
                await self._clock.sleep(BETWEEN)
            seen = await self._look(service)
            if seen is None:
                return False
            if seen.outcome is ProbeOutcome.HEALTHY:
                return True
        return False

    async def _logged(self, service: Service) -> bool | None:
        """True if the access log shows answers to anybody else; None where it does not say."""
        try:
            answer = await self._links.ask(service.host, commands.access_logs(service.app))
        except LinkError:
            return None
        return access_log.answered_others(answer.stdout, WINDOW) if answer.ok else None

    async def answered_path(self, service: Service, target: Release) -> str:
        """The path of its health that answered through the app's own site while the target served; empty: none known.

        Raises LinkError, JournalError.
        """
        asked = own_site.address(service)
        if asked is None:
            return ""
        site, path = asked
        known = await self._links.ledger.known(service.host, service.app)
        if not any(
            seen.certain and seen.commit is not None and target.is_commit(seen.commit) and site + path in seen.answered
            for seen in known.sightings
        ):
            return ""
        answer = await self._links.ask(service.host, commands.report("domains", service.app))
        return path if answer.ok and site in domains(text_report(answer.stdout)) else ""
