"""Health of services without an address: their processes and their log are asked of the host.

Everything else about health goes on to the driver that asks addresses.
"""

import asyncio
import time
from typing import Any

from tui.dokku import commands, reports
from tui.dokku.framing import Framer
from tui.dokku.log_lines import read_line
from tui.engine.hosts.connections import HostConnections
from tui.engine.ports import AddressPort, ClockPort
from tui.incident import healthy_log
from tui.model.errors import ConsoleError
from tui.model.health import Probe, ProbeOutcome
from tui.model.observation import Container
from tui.model.service import Service
from tui.text.clean import clean_line

LINES = 500
"""of each process that are read"""
PATIENCE = 1.0
"""seconds for all lines of one look: a person's regular expression may need for ever"""


class HealthProbes:
    """Asks addresses by a driver, and hosts over their connections."""

    def __init__(self, addresses: AddressPort, links: HostConnections, clock: ClockPort) -> None:
        self.probe, self.tcp, self.websocket = addresses.probe, addresses.tcp, addresses.websocket
        self.identity, self.close = addresses.identity, addresses.close
        self._links, self._clock = links, clock
        self._seen: dict[tuple[str, str, str], frozenset[tuple[str, str]]] = {}
        """the containers, by id and start, whose log matched"""

    async def log(self, service: Service, pattern: str) -> Probe:
        """One look at the processes and the log of a service. It has no time of an answer: nothing is asked of it."""
        at = self._clock.now()
        try:
            outcome, why = await self._judge(service, pattern)
        except (ConsoleError, reports.Unreadable) as error:
            outcome, why = ProbeOutcome.UNREACHABLE, str(error)
        return Probe(
            at=at,
            url=f"log of {service.app}",
            outcome=outcome,
            detail=clean_line(why, 200),
        )

    async def _judge(self, service: Service, pattern: str) -> healthy_log.Said:
        containers = reports.ps_inspect(await self._links.ask_checked(service.host, commands.ps_inspect(service.app)))
        wrong = healthy_log.processes(containers)
        if wrong is not None:
            return wrong
        key, these = (service.host, service.app, pattern), _which(containers)
        if self._seen.get(key) == these:
            return ProbeOutcome.HEALTHY, ""
        raw = await self._links.ask_checked(service.host, commands.logs(service.app, LINES))
        framer = Framer()
        read = [read_line(line.text) for line in (*framer.feed(raw), *framer.flush())]
        lines = [healthy_log.WrittenLine(one.at, one.process, one.text) for one in read]
        said = await asyncio.to_thread(_judged, pattern, containers, lines)
        if said[0] is ProbeOutcome.HEALTHY:
            self._seen[key] = these
        return said


def _judged(pattern: str, containers: tuple[Container, ...], lines: list[healthy_log.WrittenLine]) -> healthy_log.Said:
    """In a thread of its own, because of the regular expression."""
    import regex  # a service without an address needs it, and no other

    compiled: Any = regex.compile(pattern)
    end = time.monotonic() + PATIENCE

    def matches(text: str) -> bool:
        return compiled.search(text, timeout=max(0.001, end - time.monotonic())) is not None

    try:
        return healthy_log.lines(pattern, containers, lines, matches, LINES)
    except TimeoutError:
        return ProbeOutcome.UNREACHABLE, f"the regular expression {pattern!r} takes too long"


def _which(containers: tuple[Container, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((one.id, str(one.started_at)) for one in containers)
