"""A target compared with what runs, before a plan to it is made: everything that a person has to know of the way."""

import asyncio

from msgspec.structs import replace

from tui.dokku.build_settings import Shape
from tui.dokku.commit_files import Baked
from tui.engine.hosts.app_config import ConfigWatch, Looked
from tui.engine.releases import build_facts
from tui.engine.releases.catalog import Listing
from tui.incident import config_drift, taken_back
from tui.model.errors import JournalError
from tui.model.holder_look import HolderLook
from tui.model.plan import PlanWarning, PreflightCheck
from tui.model.release import Release
from tui.model.service import Service
from tui.model.taken_back import TakenBack
from tui.model.value import Value
from tui.ways import cron_tasks, plan_warnings
from tui.ways.way import Way


class Compared(Value):
    """The target compared with what runs."""

    shape: Shape | None = None
    """how the app is built now"""
    files: tuple[tuple[str, str], ...] = ()
    """the target's own files, path → content; only for ways that push them"""
    baked: Baked = Baked()
    cautions: tuple[PlanWarning, ...] = ()
    checked: tuple[PreflightCheck, ...] = ()
    taken: TakenBack | None = None


class Comparer:
    """Compares for one console."""

    def __init__(self, configs: ConfigWatch) -> None:
        self._configs = configs
        self._links = configs.links

    async def compared(
        self,
        service: Service,
        found: Listing,
        running: Release,
        target: Release,
        of: Shape | None,
        way: Way,
        incident: str,
        config: asyncio.Task[Looked],
        look: asyncio.Task[HolderLook] | None,
    ) -> Compared:
        """The target compared with what runs. Raises LinkError, UnexpectedReply.

        `config` and `look` are under way already. Without a shape only what holds for every way is compared.
        """
        files: tuple[tuple[str, str], ...] = ()
        names: tuple[str, ...] | None = None
        processes: tuple[PlanWarning, ...] | None = None
        baked = Baked()
        if of is None:
            lying = await build_facts.between(self._links, service, running, target)
            cautions = plan_warnings.between(lying)
        else:
            seen = await build_facts.findings(self._links, service, found.current, running, target, of)
            lying, files, names, baked = seen.between, seen.files, plan_warnings.kept_names(seen), seen.baked
            processes = tuple(plan_warnings.processes(seen, target, found.current))
            cautions = (*plan_warnings.cautions(seen, target, found.current), *cron_tasks.cautions(seen, target))
        if look is not None:
            target = replace(target, looked=await look)
        changed = await self._drift(service, target, await config, names)
        checked = plan_warnings.looked_at(found.current, found.record, incident, target, way, lying, changed, processes)
        cautions = (*cautions, *plan_warnings.config(changed, target))
        taken = taken_back.of(lying, changed)
        return Compared(shape=of, files=files, baked=baked, cautions=cautions, checked=checked, taken=taken)

    async def _drift(
        self, service: Service, target: Release, config: Looked, names: tuple[str, ...] | None
    ) -> config_drift.Drift:
        """How the config differs from that of the target; what could not be read is said in it."""
        try:
            known = await self._configs.ledger.known(service.host, service.app)
        except JournalError as error:
            return config_drift.Drift(unknown=error.message)
        return config_drift.compare(target, known, config.seen, config.why, names)
