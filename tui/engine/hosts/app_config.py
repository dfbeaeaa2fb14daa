"""The values of an app's own variables, noted in the ledger by keyed hashes: the one read that brings secrets here.

Values live in this module only, from the answer to their hash. They are never put into a journal, a trail, an output
or an error; a host that answers otherwise than expected is quoted nowhere.
"""

from datetime import timedelta

from tui.dokku import app_config, commands
from tui.engine.hosts.connections import HostConnections
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.ports import ClockPort, DigestPort
from tui.model.errors import JournalError, LinkError
from tui.model.ledger import ConfigSeen
from tui.model.observation import RunningState
from tui.model.outcome import describe
from tui.model.service import Service
from tui.model.value import Value

EVERY = timedelta(minutes=1)
"""a look apart from plans is due when something else runs than at the last one, or after this time"""


class Looked(Value):
    """One look; without `seen`, `why` says what stood in its way."""

    seen: ConfigSeen | None = None
    why: str = ""
    tried: str | None = None
    """GIT_REV, which Dokku writes there before each build"""


class ConfigWatch:
    """Looks at variables, seldom."""

    def __init__(
        self, links: HostConnections, ledger: LedgerKeeper, clock: ClockPort, digest: DigestPort | None
    ) -> None:
        self.links = links
        self.ledger = ledger
        self._clock = clock
        self._digest = digest
        self._last: dict[tuple[str, str], tuple[float, object]] = {}

    async def note(self, service: Service, current: RunningState, read: Looked | None = None) -> None:
        """Look if a look is due, or note what was `read` beside `current`; what is in its way keeps nobody from
        anything else."""
        key, now = (service.host, service.app), self._clock.monotonic()
        runs = (current.metadata, frozenset((c.id, c.started_at) for c in current.running.values()))
        last = self._last.get(key)
        if current.locked or (last is not None and last[1] == runs and now - last[0] < EVERY.total_seconds()):
            return
        self._last[key] = (now, runs)
        if read is None:
            await self.look(service)
        elif read.seen is not None:
            await self.ledger.saw_config(service.host, service.app, read.seen)

    async def look(self, service: Service) -> Looked:
        """Look now: one read of 0.2 s."""
        looked = await self.glance(service)
        if looked.seen is not None:
            await self.ledger.saw_config(service.host, service.app, looked.seen)
        return looked

    def read(self, service: Service) -> "ConfigRead":
        """One read for two questions, begun when it is awaited."""
        return ConfigRead(self, service)

    def due(self, service: Service) -> bool:
        """True if a look is due whatever runs."""
        last = self._last.get((service.host, service.app))
        long = last is None or self._clock.monotonic() - last[0] >= EVERY.total_seconds()
        return long and self._digest is not None

    async def glance(self, service: Service) -> Looked:
        """A look of which nothing is noted yet."""
        digest = self._digest
        if digest is None:
            return Looked(why="this console has no key for hashes")
        try:
            answer = await self.links.ask(service.host, commands.config_export(service.app))
        except LinkError as error:
            return Looked(why=error.message)
        if not answer.ok:
            return Looked(why=f"config:export: {describe(answer.outcome)}")
        found = app_config.variables(answer.stdout)
        if found is None:
            return Looked(why="config:export cannot be read")
        at = self._clock.now()
        try:
            keys = tuple(sorted((k, digest.of(service.host, service.app, k, v)) for k, v in found.items()))
            seen = ConfigSeen(keys=keys, key=digest.name, first_seen=at, last_seen=at)
        except JournalError as error:
            return Looked(why=error.message)
        return Looked(seen=seen, tried=app_config.tried(answer.stdout))


class ConfigRead:
    """The commit that was tried last, which Dokku notes among the variables; and the look, where one is due."""

    def __init__(self, configs: ConfigWatch, service: Service) -> None:
        self.looked: Looked | None = None
        """None: no look was due"""
        self._configs, self._service = configs, service

    async def tried(self) -> str | None:
        """As `HostConnections.tried`. Raises LinkError."""
        if self._configs.due(self._service):
            self.looked = await self._configs.glance(self._service)
            if self.looked.seen is not None:
                return self.looked.tried
        return await self._configs.links.tried(self._service.host, self._service.app)
