"""Whose an incident is: a host, an app and a services file. Two files may name a service alike, one in staging and one
in production, and what is asked of the one proves nothing of the other.

A file that was moved away is no other file, as long as its service is on the same host and is the same app there.
Where a file writes its host with a variable, the address decides: in another environment it is about another machine.
"""

from tui.model.errors import ConfigError
from tui.model.incident import Incident
from tui.model.service import Fleet, Host, Service


def check(incident: Incident, fleet: Fleet, *, file: str, moved: bool) -> None:
    """Raises ConfigError, naming both, where the incident is not this file's. `file`: the path of `fleet`, as
    `Opened.file` is written; `moved`: the file that the incident was opened with is not there any more."""
    service = fleet.service(incident.service)
    here = "no such service" if service is None else f"app {service.app} on {service.host}"
    same = service is not None and (service.app, service.host) == (incident.app, incident.host)
    other_file = incident.file not in ("", file)
    other_machine = False
    host = next((one for one in fleet.hosts if service is not None and one.name == service.host), None)
    if same and host is not None:
        here += f" ({host.ssh})"
        other_machine = host.varies and incident.address not in ("", host.ssh)
        same = not other_machine and (not other_file or (moved and host.ssh == incident.address))
    if same or (service is None and not other_file):
        return  # a service that its own file names no more is nobody else's; who needs it says so
    at = f" ({incident.address})" if incident.address else ""
    whose = f"{incident.service}: app {incident.app} on {incident.host}{at}"
    whose += f", of {incident.file}" if incident.file else ""
    words = f"incident {incident.id} is of {whose}; {file or 'this services file'} says of {incident.service}: {here}"
    fix = (
        f"--services {incident.file}" if incident.file and not moved else "--services with the file it was opened with"
    )
    if other_machine and not other_file:
        fix = f"set the variables of hosts.{incident.host}.ssh as they were when it was opened"
    raise ConfigError(words, fix)


def concerns(incident: Incident, service: Service, host: Host, *, file: str) -> bool:
    """True if the incident is about this service of the services file `file`, on this host.

    Another file's service of the same name is about it only where it is the same app at the same address.
    """
    if incident.service != service.name:
        return False
    if incident.file in ("", file) and not host.varies:
        return True
    return incident.app == service.app and incident.address in ("", host.ssh)
