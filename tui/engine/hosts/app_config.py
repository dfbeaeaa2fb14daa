"""The values of an app's own variables, noted in the ledger by keyed hashes: the one read that brings secrets here.

Values live in this module only, from the answer to their hash. They are never put into a journal, a trail, an output
or an error; a host that answers otherwise than expected is quoted nowhere.
"""

import asyncio
from datetime import timedelta

from tui.dokku import app_config, commands
from tui.engine.hosts.connections import HostConnections, tried
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.ports import ClockPort, DigestPort
from tui.model.errors import JournalError, LinkError
from tui.model.ledger import ConfigSeen
from tui.model.observation import RunningState
from tui.model.outcome import Answer, describe
from tui.model.service import Service
from tui.model.value import Value

EVERY = timedelta(minutes=1)
"""a look apart from plans is due when something else runs than at the last one, or after this time"""


class Looked(Value):
    """One look; without `seen`, `why` says what stood in its way."""

    seen: ConfigSeen | None = None
    why: str = ""
    answers: tuple[Answer, ...] = ()
    """what else the same read answers, see `app_config.answers`: names, and Dokku's own notes"""


class ConfigWatch:
    """Looks at variables, seldom."""

    def __init__(
        self, links: HostConnections, ledger: LedgerKeeper, clock: ClockPort, digest: DigestPort | None
    ) -> None:
        self.links = links
        self.ledger = ledger
        self.clock = clock
        self._digest = digest
        self._last: dict[tuple[str, str], tuple[float, object]] = {}

    async def note(self, service: Service, current: RunningState, read: Looked | None = None) -> None:
        """Look if a look is due, or note what was `read` beside `current`; what is in its way keeps nobody from
        anything else."""
        key, now = (service.host, service.app), self.clock.monotonic()
        runs = (current.metadata, frozenset((c.id, c.started_at) for c in current.running.values()))
        last = self._last.get(key)
        if current.locked or (last is not None and last[1] == runs and now - last[0] < EVERY.total_seconds()):
            return
        self._last[key] = (now, runs)
        if read is None:
            await self.look(service)
        elif read.seen is not None:
            await self.ledger.saw_config(service.host, service.app, read.seen)

    async def look(self, service: Service, read: "ConfigRead | None" = None) -> Looked:
        """Look now, or by a `read` for several questions: one command of 0.2 s."""
        looked = await (read or self.read(service, always=True)).look() or Looked()
        if looked.seen is not None:
            await self.ledger.saw_config(service.host, service.app, looked.seen)
        return looked

    def read(self, service: Service, *, always: bool = False) -> "ConfigRead":
        """One read for several questions, begun with the first of them; `always` looks although none is due."""
        return ConfigRead(self, service, always=always)

    def due(self, service: Service) -> bool:
        """True if a look is due whatever runs."""
        last = self._last.get((service.host, service.app))
        long = last is None or self.clock.monotonic() - last[0] >= EVERY.total_seconds()
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
        at = self.clock.now()
        try:
            keys = tuple(sorted((k, digest.of(service.host, service.app, k, v)) for k, v in found.items()))
            seen = ConfigSeen(keys=keys, key=digest.name, first_seen=at, last_seen=at)
        except JournalError as error:
            return Looked(why=error.message)
        return Looked(seen=seen, answers=app_config.answers(answer, service.app))


class ConfigRead:
    """One read of an app's variables for all who ask about them at one moment: the look, where one is due or `always`,
    and what Dokku notes there. Where no look is due each question is asked by itself.
    """

    def __init__(self, configs: ConfigWatch, service: Service, *, always: bool = False) -> None:
        self.looked: Looked | None = None
        """None: no look was due"""
        self._configs, self._service = configs, service
        self._due = always or configs.due(service)
        self._turn = asyncio.Lock()

    async def look(self) -> Looked | None:
        """The look; None where none is due. Raises nothing."""
        async with self._turn:
            if self._due and self.looked is None:
                self.looked = await self._configs.glance(self._service)
        return self.looked

    async def answer(self, argv: tuple[str, ...]) -> Answer:
        """The answer to one question about the variables. Raises LinkError."""
        looked = await self.look()
        found = () if looked is None else looked.answers
        here = next((answer for answer in found if answer.argv == argv), None)
        return here or await self._configs.links.ask(self._service.host, argv)

    async def tried(self) -> str | None:
        """As `HostConnections.tried`. Raises LinkError."""
        return tried(await self.answer(commands.config_get(self._service.app, "GIT_REV")))
