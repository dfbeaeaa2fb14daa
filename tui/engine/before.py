"""What is asked before a plan is shown: the target's files, what has changed since, what the old code would meet."""

from tui.dokku.shape import Shape
from tui.engine import shapes
from tui.engine.configs import ConfigWatch, Looked
from tui.engine.releases import Listing
from tui.engine.together import together
from tui.incident import drift
from tui.model.errors import JournalError
from tui.model.plan import Caution, Checked
from tui.model.release import Release
from tui.model.service import Service
from tui.model.value import Value
from tui.ways import preflight
from tui.ways.way import Way


class Before(Value):
    """What was found."""

    files: tuple[tuple[str, str], ...] = ()
    """the target's own files, path → content; only ways that push them need them"""
    cautions: tuple[Caution, ...] = ()
    checked: tuple[Checked, ...] = ()


async def read(
    configs: ConfigWatch,
    service: Service,
    found: Listing,
    running: Release,
    target: Release,
    of: Shape | None,
    way: Way,
    incident: str,
) -> Before:
    """Ask, all at once. Without a shape only what holds for every way is asked. Raises LinkError, HostSaid."""
    links = configs.links
    files: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] | None = None
    processes: tuple[Caution, ...] | None = None
    if of is None:
        lying, config = await together(shapes.between(links, service, running, target), configs.look(service))
        cautions = preflight.between(lying)
    else:
        seen, config = await together(
            shapes.findings(links, service, found.current, running, target, of), configs.look(service)
        )
        lying, files, names = seen.between, seen.files, preflight.kept_names(seen)
        processes = tuple(preflight.processes(seen, target, found.current))
        cautions = preflight.cautions(seen, target, found.current)
    changed = await _drift(configs, service, target, config, names)
    looked = preflight.looked_at(found.current, found.record, incident, target, way, lying, changed, processes)
    return Before(files=files, cautions=(*cautions, *preflight.config(changed, target)), checked=looked)


async def _drift(
    configs: ConfigWatch, service: Service, target: Release, config: Looked, names: tuple[str, ...] | None
) -> drift.Drift:
    try:
        known = await configs.ledger.known(service.host, service.app)
    except JournalError as error:
        return drift.Drift(unknown=error.message)
    return drift.compare(target, known, config.seen, config.why, names)
