"""The meaning of a name on the command line: a service, an app, or the parts of a service."""

from tui.model.errors import ConfigError
from tui.model.service import Fleet, Service
from tui.text.nearest import suggestion


def one(fleet: Fleet, name: str) -> Service:
    """The service of that name or app. Raises ConfigError with its parts, or with the nearest name there is."""
    if parts := fleet.parts(name):
        names = ", ".join(part.name for part in parts)
        raise ConfigError(f"{name} has {len(parts)} parts, and this is for one of them", f"name one: {names}")
    found = fleet.service(name)
    if found is None:
        if several := of_several(fleet, name):
            raise several
        names = ", ".join(service.name for service in fleet.services)
        titled = by_title(fleet, name)
        known = (n for service in fleet.services for n in (service.name, service.app) if fleet.service(n) is not None)
        meant = f"did you mean {titled!r}?" if titled else suggestion(name, known)
        raise ConfigError(f"there is no service {name!r} in {fleet.path}", f"{meant} services: {names}".strip())
    return found


def of_several(fleet: Fleet, name: str) -> ConfigError | None:
    """The error for an app that several services have, each on a host of its own; None for every other name."""
    found = [service for service in fleet.services if service.app == name]
    if len(found) < 2:
        return None
    where = ", ".join(f"{service.name} on {service.host}" for service in found)
    names = dict.fromkeys(n for service in found for n in (service.part_of, service.name) if n)
    return ConfigError(f"{name} is the app of {len(found)} services: {where}", f"name one: {', '.join(names)}")


def by_title(fleet: Fleet, name: str) -> str | None:
    """The name of the service that has this title; titles are what the console shows."""
    title = name.strip().casefold()
    return next((service.name for service in fleet.services if service.title.casefold() == title), None)


def every(fleet: Fleet, name: str) -> tuple[Service, ...]:
    """The parts of the service of that name, or the one service of that name or app. Raises ConfigError."""
    return fleet.parts(name) or (one(fleet, name),)
