"""An incident is taken up, undone, described and unfrozen only with the services file that it was opened with."""

from pathlib import Path

from tui.incident import bound
from tui.model.incident import Incident
from tui.model.service import Fleet


def path(fleet: Fleet) -> str:
    """The fleet's file as incidents remember it; empty where it is of no file."""
    return str(Path(fleet.path).resolve()) if fleet.path else ""


def check(fleet: Fleet, incident: Incident) -> Incident:
    """Returns the incident. Raises ConfigError, naming both files, where it is another's."""
    moved = bool(incident.file) and not Path(incident.file).exists()
    bound.check(incident, fleet, file=path(fleet), moved=moved)
    return incident
