"""An incident is taken up, undone, described and unfrozen only with the services file that it was opened with."""

from pathlib import Path

from tui import regular_file
from tui.incident import whose_incident
from tui.model.incident import Incident
from tui.model.service import Fleet, Service


def path(fleet: Fleet) -> str:
    """The fleet's file as incidents remember it; empty where it is of no file."""
    return str(Path(fleet.path).resolve()) if fleet.path else ""


def written(fleet: Fleet) -> regular_file.Stamp | None:
    """What differs once the file is written anew; None: there is none."""
    return regular_file.stamp(Path(fleet.path))


def check(fleet: Fleet, incident: Incident) -> Incident:
    """Returns the incident. Raises ConfigError, naming both files, where it is another's."""
    moved = bool(incident.file) and not Path(incident.file).exists()
    whose_incident.check(incident, fleet, file=path(fleet), moved=moved)
    return incident


def concerns(fleet: Fleet, service: Service, incident: Incident) -> bool:
    """True if the incident is about this service, not about one of the same name in another services file."""
    if incident.service != service.name:
        return False
    return whose_incident.concerns(incident, service, fleet.host(service.host), file=path(fleet))


def known(fleet: Fleet, incident: Incident) -> bool:
    """True if the incident is about a service of this fleet."""
    service = fleet.service(incident.service)
    return service is not None and concerns(fleet, service, incident)


def elsewhere(fleet: Fleet, incident: Incident) -> str:
    """` (of FILE)` where the incident was opened with another services file, ` (on ADDRESS)` where a variable of this
    one stood for another machine then; else nothing."""
    if incident.file not in ("", path(fleet)):
        return f" (of {incident.file})"
    other = any(one.varies and one.ssh != incident.address for one in fleet.hosts if one.name == incident.host)
    return f" (on {incident.address})" if other and incident.address else ""


def where(fleet: Fleet, host: str) -> tuple[str, str] | None:
    """A host's address, and the services file that says so unless it says it with a variable; None where the file names
    no such host."""
    return next(((one.ssh, "" if one.varies else path(fleet)) for one in fleet.hosts if one.name == host), None)
